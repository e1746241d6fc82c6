"""A drop is one batch from one source: what the source said, byte for byte, and the revisions that we read from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.domain.identities import Digest, DomainName, DropId, SourceName, digest_bytes, digest_value
from pipelines.domain.revisions import Revision


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a source was left off. The position is the source's own affair; to everybody else it is opaque."""

    position: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RawResponse:
    """One response as received. ``url`` carries no secret: keys are sent as headers or cut out."""

    url: str
    media_type: str
    body: bytes

    @property
    def digest(self) -> Digest:
        """The content address of the body."""
        return digest_bytes(self.body)


@dataclass(frozen=True, slots=True, kw_only=True)
class Detection:
    """What one look at a source found: possibly nothing, and always where to go on from."""

    revisions: tuple[Revision, ...]
    responses: tuple[RawResponse, ...]
    cursor: Cursor


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """A detection that holds something new, bound to a domain."""

    domain: DomainName
    source: SourceName
    revisions: tuple[Revision, ...]
    responses: tuple[RawResponse, ...]
    cursor: Cursor

    @property
    def drop_id(self) -> DropId:
        """The content address: domain, source and the revisions' digests in order, so the same find is the same drop."""
        return identify_drop(self.domain, self.source, [revision.digest for revision in self.revisions])


def identify_drop(domain: DomainName, source: SourceName, digests: Sequence[Digest]) -> DropId:
    """Return the id of the drop that brought the revisions of ``digests``, in order."""
    return DropId(digest_value({"domain": domain, "source": source, "revisions": list(digests)}))
