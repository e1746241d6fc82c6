"""Questions to the corpus that name their documents, answered without reading the others' texts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace

from pipelines.corpus import logs
from pipelines.corpus.arrivals import DROP_WITHDRAWAL, REVISION, select_arrived, select_present
from pipelines.corpus.tables import Corpus
from pipelines.domain.identities import Digest, DocumentId, SourceName
from pipelines.domain.revisions import Entry, Revision, Status, resolve_statuses

_NO_DOCUMENT = ""
"""What the rows name that withdraw a drop."""

_SIGHTED = ["document_id", "digest", "source", "drop_id", "ingest_seq", "entry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrived:
    """A revision by its digest: its source, the drop that brought it, its place in the order of arrival, and that of its end.

    ``taken_out`` is the arrival by which somebody took the drop out of the present, ``None`` where nobody did.
    """

    digest: Digest
    source: SourceName
    drop_id: str
    ingest_seq: int
    taken_out: int | None

    def stood_at(self, ingest_seq: int) -> bool:
        """Tell whether the corpus as of the arrival ``ingest_seq`` held it."""
        return self.ingest_seq <= ingest_seq and (self.taken_out is None or ingest_seq < self.taken_out)


def find_standing(corpus: Corpus, documents: Collection[DocumentId]) -> list[Revision]:
    """Return how each document with one of these ids stands, of whatever source, in the order of source and id.

    That is its revision in force. Of a document that has none any more (withdrawn, retracted, or its drop was taken out) it is
    the last that arrived, as ``WITHDRAWN``. A document that never arrived is left out.
    """
    if not documents:
        return []
    table = logs.load_head(corpus.uri, corpus.storage_options)
    rows = logs.find_rows(table, "document_id", sorted({*documents, _NO_DOCUMENT}))
    standing = {_document(entry): replace(entry.revision, status=Status.WITHDRAWN) for entry in select_arrived(rows)}
    resolved = resolve_statuses(select_present(rows))
    standing |= {_document(entry): entry.revision for entry in resolved if entry.revision.status is Status.ACTIVE}
    return [standing[document] for document in sorted(standing)]


def list_arrived(corpus: Corpus, document: DocumentId) -> list[Arrived]:
    """Return every revision of a document that ever arrived, also of withdrawn drops, in the order of arrival.

    No text is read, and of the other columns no more than the parts of files that name the document.
    """
    table = logs.load_head(corpus.uri, corpus.storage_options)
    rows = logs.find_rows(table, "document_id", [document, _NO_DOCUMENT], _SIGHTED).to_pylist()
    ends = {row["drop_id"]: row["ingest_seq"] for row in rows if row["entry"] == DROP_WITHDRAWAL}
    found = [
        Arrived(
            digest=Digest(row["digest"]),
            source=SourceName(row["source"]),
            drop_id=row["drop_id"],
            ingest_seq=row["ingest_seq"],
            taken_out=ends.get(row["drop_id"]),
        )
        for row in rows
        if row["entry"] == REVISION and row["document_id"] == document
    ]
    return sorted(found, key=lambda one: (one.ingest_seq, one.source, one.digest))


def _document(entry: Entry) -> tuple[SourceName, DocumentId]:
    return entry.revision.source, entry.revision.document_id
