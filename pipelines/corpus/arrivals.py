"""The rows of the corpus table: what arrives in it, and which of what has arrived counts.

Two kinds of row arrive: a revision, and the withdrawal of a whole drop. A withdrawal is a row like any other, with an arrival
number of its own, so that "the corpus as of arrival n" is a filter over the newest version and needs no old file.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.domain.identities import Digest, DocumentId, DropId, FamilyId, SourceName, digest_value
from pipelines.domain.revisions import Entry, Revision, Status
from pipelines.tables import ENTRY_SCHEMA, read_entries, tabulate_entries

ENTRY_FIELD = pa.field("entry", pa.string(), nullable=False)
CORPUS_SCHEMA = ENTRY_SCHEMA.append(ENTRY_FIELD)
"""A row of the Delta table: an entry, and what kind of arrival it is."""

REVISION = "revision"
DROP_WITHDRAWAL = "drop withdrawal"


def tabulate_arrival(drop_id: DropId, ingest_seq: int, revisions: Iterable[Revision]) -> pa.Table:
    """Return one drop's revisions as rows of ``CORPUS_SCHEMA``, sorted, all of one arrival number."""
    entries = [Entry(revision=revision, digest=revision.digest, drop_id=drop_id, ingest_seq=ingest_seq) for revision in revisions]
    return mark_revisions(entries)


def mark_revisions(entries: Iterable[Entry]) -> pa.Table:
    """Return entries as rows of ``CORPUS_SCHEMA``, sorted."""
    return _mark(tabulate_entries(sorted(entries, key=_order)), REVISION)


def tabulate_withdrawal(drop_id: DropId, ingest_seq: int, landed_at: datetime) -> pa.Table:
    """Return the one row that takes a drop out of the present; its time is the drop's own, and the ledger says when and why."""
    digest = digest_value({DROP_WITHDRAWAL: drop_id})
    revision = Revision(
        source=SourceName(""),
        document_id=DocumentId(""),
        family_id=FamilyId(""),
        title="",
        text="",
        published_at=landed_at.date(),
        effective_from=landed_at.date(),
        recorded_at=landed_at,
        status=Status.WITHDRAWN,
    )
    entry = Entry(revision=revision, digest=digest, drop_id=drop_id, ingest_seq=ingest_seq)
    return _mark(tabulate_entries([entry]), DROP_WITHDRAWAL)


def select_revisions(rows: pa.Table) -> pa.Table:
    """Return the rows that are revisions, those of withdrawn drops included."""
    return rows.filter(pc.equal(rows["entry"], REVISION))


def list_withdrawn(rows: pa.Table) -> frozenset[str]:
    """Return the ids of the drops that were withdrawn."""
    return frozenset(rows.filter(pc.equal(rows["entry"], DROP_WITHDRAWAL))["drop_id"].to_pylist())


def select_present(rows: pa.Table) -> list[Entry]:
    """Return the entries that count: revisions of drops that nobody withdrew, in the order of arrival."""
    withdrawn = pa.array(sorted(list_withdrawn(rows)), pa.string())
    revisions = select_revisions(rows)
    present = revisions.filter(pc.invert(pc.is_in(revisions["drop_id"], value_set=withdrawn)))
    return sorted(read_entries(present), key=_order)


def select_arrived(rows: pa.Table) -> list[Entry]:
    """Return every revision that ever arrived, those of withdrawn drops included, in the order of arrival."""
    return sorted(read_entries(select_revisions(rows)), key=_order)


def list_digests(rows: pa.Table) -> set[Digest]:
    """Return the digests of all revisions that ever arrived."""
    return set(select_revisions(rows)["digest"].to_pylist())


def _mark(entries: pa.Table, kind: str) -> pa.Table:
    return entries.append_column(ENTRY_FIELD, pa.array([kind] * len(entries), pa.string())).cast(CORPUS_SCHEMA)


def _order(entry: Entry) -> tuple[int, str, str, Digest]:
    return entry.ingest_seq, entry.revision.source, entry.revision.document_id, entry.digest
