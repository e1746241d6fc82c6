"""Rows of a split as documents: which text a model is shown and which of a row's labels counts, decided in one place."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipelines.domain.identities import FamilyId, SourceName
from pipelines.domain.reading import compose_text
from pipelines.learners.protocols import Document
from pipelines.tables import CURATED_SCHEMA, read_entries, read_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A document and where it comes from. Its id is the digest of the revision."""

    document: Document
    family_id: FamilyId
    source: SourceName
    published_at: date
    ingest_seq: int


def read_rows(path: Path, labels: tuple[str, ...]) -> list[Row]:
    """Read a split's rows, ordered by digest; a row's label is the first of its own that is declared, or empty.

    Raises :class:`~pipelines.domain.errors.WorkspaceError` for a missing file or one of another schema.
    """
    rows = []
    for entry in sorted(read_entries(read_table(path, CURATED_SCHEMA)), key=lambda entry: entry.digest):
        revision = entry.revision
        label = next((label for label in revision.labels if label in labels), "")
        rows.append(
            Row(
                document=Document(row_id=entry.digest, text=compose_text(revision.title, revision.text), label=label),
                family_id=revision.family_id,
                source=revision.source,
                published_at=revision.published_at,
                ingest_seq=entry.ingest_seq,
            )
        )
    return rows
