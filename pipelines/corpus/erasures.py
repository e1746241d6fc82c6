"""What is left of an erased document: digests, dates and its place in the order of arrival, under a name that tells nothing.

The rows stay so that an old pin still names what it named, and a later look at the source knows the document and leaves it out.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.corpus.arrivals import mark_revisions, select_revisions
from pipelines.domain.identities import DocumentId, DropId, FamilyId, SourceName, digest_value
from pipelines.domain.revisions import Entry, Revision, Status
from pipelines.tables import read_entries

PREFIX = "erased:"


@dataclass(frozen=True, slots=True, order=True)
class DocumentName:
    """A document of one source, as that source calls it."""

    source: SourceName
    document: DocumentId

    @property
    def tombstone(self) -> DocumentId:
        """What it is called once it is erased: a digest of its source and id, so that it is known again and not read."""
        return DocumentId(f"{PREFIX}{digest_value({'source': self.source, 'document': self.document})}")

    @property
    def claim(self) -> str:
        """The one-time transaction under which it is erased."""
        return f"erasure:{self.tombstone}"


def name_document(revision: Revision) -> DocumentName:
    """Return whose revision it is."""
    return DocumentName(revision.source, revision.document_id)


def list_tombstones(rows: pa.Table) -> frozenset[str]:
    """Return what the erased documents are called now; of ``rows`` the columns ``status`` and ``document_id`` are read."""
    return frozenset(rows.filter(pc.equal(rows["status"], Status.ERASED.value))["document_id"].to_pylist())


def plan_erasure(rows: pa.Table, name: DocumentName, at: datetime, ingest_seq: int) -> pa.Table:
    """Return what takes the place of those of ``rows`` that have the same digests, and the arrival of the erasure itself.

    ``rows`` are all rows of the corpus, and ``at`` is the time (UTC). A family is named on only while documents of it are left:
    what was erased of it earlier loses its name with the last of them.
    """
    entries = read_entries(select_revisions(rows))
    mine = [entry for entry in entries if name_document(entry.revision) == name]
    others = [entry for entry in entries if entry.revision.status is not Status.ERASED and name_document(entry.revision) != name]
    shared = {entry.revision.family_id for entry in others}
    blank = [_blank(entry, name.tombstone, shared) for entry in mine]
    earlier = [entry for entry in entries if entry.revision.status is Status.ERASED and _is_named_on(entry, shared)]
    orphaned = [_blank(entry, entry.revision.document_id, shared) for entry in earlier]
    return mark_revisions([*blank, *orphaned, _make_tombstone(name, at, ingest_seq)])


def _is_named_on(entry: Entry, shared: Collection[FamilyId]) -> bool:
    return entry.revision.family_id != FamilyId(entry.revision.document_id) and entry.revision.family_id not in shared


def _blank(entry: Entry, tombstone: DocumentId, shared: Collection[FamilyId]) -> Entry:
    family = entry.revision.family_id
    blank = replace(
        entry.revision,
        document_id=tombstone,
        family_id=family if family in shared else FamilyId(tombstone),
        title="",
        text="",
        labels=(),
        url="",
        status=Status.ERASED,
    )
    return replace(entry, revision=blank)


def _make_tombstone(name: DocumentName, at: datetime, ingest_seq: int) -> Entry:
    revision = Revision(
        source=name.source,
        document_id=name.tombstone,
        family_id=FamilyId(name.tombstone),
        title="",
        text="",
        published_at=at.date(),
        effective_from=at.date(),
        recorded_at=at,
        status=Status.ERASED,
    )
    drop_id = DropId(digest_value({"erasure of": name.tombstone}))
    return Entry(revision=revision, digest=digest_value({"erasure": name.tombstone}), drop_id=drop_id, ingest_seq=ingest_seq)
