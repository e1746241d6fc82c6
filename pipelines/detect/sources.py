"""The one seam of this room: a source is its own parameters and one method, and gets everything else handed in."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, TypeAlias, runtime_checkable

from pipelines.domain.drops import Cursor, Detection
from pipelines.domain.identities import DocumentId, SourceName
from pipelines.domain.revisions import Revision

FindStanding: TypeAlias = Callable[[Collection[DocumentId]], Sequence[Revision]]
"""Gives how documents with these ids stand, of whatever source: one revision each, and none of an unknown one."""


def find_nothing(_documents: Collection[DocumentId]) -> Sequence[Revision]:
    """Find no revision: what a source is told that nobody gave a corpus."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a source needs from its surroundings: the time, secrets, and where the APIs are (official unless overridden).

    ``labels`` are those of the domain (none: any), and ``find_standing`` looks into its corpus: a correction must name both.
    """

    now: datetime
    base_urls: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    labels: tuple[str, ...] = ()
    find_standing: FindStanding = field(default=find_nothing, repr=False)

    def base_url(self, kind: str, official: str) -> str:
        """Return where the API of ``kind`` is, without a final slash."""
        return self.base_urls.get(kind, official).rstrip("/")


@runtime_checkable
class Source(Protocol):
    """Looks at one source, from a cursor on."""

    @property
    def name(self) -> SourceName:
        """The name in the corpus and the ledger."""
        ...

    def detect(self, since: Cursor | None, access: Access) -> Detection:
        """Return everything new or changed since ``since`` (all of the declared window when ``None``).

        The look overlaps the last one; whoever admits drops what is already known by digest. Raises
        :class:`~pipelines.domain.errors.ResponseError` when a response does not parse and
        :class:`~pipelines.domain.errors.UnreachableError` when retries are exhausted.
        """
        ...
