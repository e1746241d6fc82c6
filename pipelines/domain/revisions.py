"""A revision is one version of one document; a corpus is nothing but revisions in the order in which we learned of them.

Nothing is ever overwritten. What a document's status is *now* follows from its revisions by the rules in
:func:`resolve_statuses`, so "as we knew it then" is the same function over fewer rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from enum import StrEnum
from itertools import pairwise

from pipelines.domain.identities import Digest, DocumentId, FamilyId, SourceName, digest_value


class Status(StrEnum):
    """What a revision is worth now: only ``ACTIVE`` is taught, and ``SUPERSEDED`` is kept for asking what has changed."""

    ACTIVE = "active"
    SUPERSEDED = "superseded"
    WITHDRAWN = "withdrawn"
    RETRACTED = "retracted"
    ERASED = "erased"


RETIRING = frozenset({Status.WITHDRAWN, Status.RETRACTED, Status.ERASED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One version of one document.

    ``effective_from``/``effective_to`` are valid time (``effective_to`` is exclusive, ``None`` while open); ``recorded_at``
    (UTC) is when we learned of it. A revision whose status retires the document (withdrawn, retracted) may have an empty
    text: a retraction notice names a paper and need not carry it.
    """

    source: SourceName
    document_id: DocumentId
    family_id: FamilyId
    title: str
    text: str
    labels: tuple[str, ...] = ()
    published_at: date
    effective_from: date
    effective_to: date | None = None
    recorded_at: datetime
    status: Status = Status.ACTIVE
    url: str = ""
    licence: str = "unknown"

    @property
    def digest(self) -> Digest:
        """The content address: every field but ``recorded_at``, since learning a thing twice does not make it two things."""
        return digest_value(
            {
                "source": self.source,
                "document_id": self.document_id,
                "family_id": self.family_id,
                "title": self.title,
                "text": self.text,
                "labels": list(self.labels),
                "published_at": self.published_at.isoformat(),
                "effective_from": self.effective_from.isoformat(),
                "effective_to": self.effective_to.isoformat() if self.effective_to else None,
                "status": self.status.value,
                "url": self.url,
                "licence": self.licence,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A revision as the corpus holds it: with its place in the order of arrival and the drop that brought it."""

    revision: Revision
    digest: Digest
    drop_id: str
    ingest_seq: int


def resolve_statuses(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries with the status that follows from all of them, ordered by source, document and arrival.

    The rules, a document at a time: a retraction or erasure stands whatever comes after it; a withdrawal stands until a later
    active revision; among active revisions the one with the latest ``effective_from`` (then the latest arrival) is in force
    and every other is superseded, its validity closed at the start of the next. Digests stay those of the rows as received.
    """
    documents: defaultdict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        documents[entry.revision.source, entry.revision.document_id].append(entry)
    resolved: list[Entry] = []
    for key in sorted(documents):
        resolved.extend(_resolve_document(sorted(documents[key], key=lambda entry: (entry.ingest_seq, entry.digest))))
    return resolved


def _resolve_document(arrivals: Sequence[Entry]) -> list[Entry]:
    absorbing = {entry.revision.status for entry in arrivals} & {Status.RETRACTED, Status.ERASED}
    if absorbing:
        return [_with_status(entry, min(absorbing)) for entry in arrivals]
    if arrivals[-1].revision.status is Status.WITHDRAWN:
        return [_with_status(entry, Status.WITHDRAWN) for entry in arrivals]
    living = [entry for entry in arrivals if entry.revision.status not in RETIRING]
    in_force_order = sorted(living, key=lambda entry: (entry.revision.effective_from, entry.ingest_seq, entry.digest))
    closed: dict[Digest, Entry] = {}
    for earlier, later in pairwise(in_force_order):
        closed[earlier.digest] = _close(earlier, later.revision.effective_from)
    return [closed.get(entry.digest, entry) for entry in arrivals]


def _close(entry: Entry, until: date) -> Entry:
    revision = entry.revision
    end = min(until, revision.effective_to) if revision.effective_to else until
    return replace(entry, revision=replace(revision, status=Status.SUPERSEDED, effective_to=end))


def _with_status(entry: Entry, status: Status) -> Entry:
    return replace(entry, revision=replace(entry.revision, status=status))
