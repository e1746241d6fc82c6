"""Revisions and outcomes as Arrow tables: one schema each, the same in the corpus, in every stage's files and in memory.

Parquet is written without pandas metadata and in the order given, so that the same rows give the same bytes.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import Digest
from pipelines.domain.models import Role
from pipelines.domain.revisions import Entry, Revision, Status
from pipelines.domain.scorecards import Outcome, Slice
from pipelines.files import write_bytes

REVISION_SCHEMA = pa.schema(
    [
        pa.field("source", pa.string(), nullable=False),
        pa.field("document_id", pa.string(), nullable=False),
        pa.field("family_id", pa.string(), nullable=False),
        pa.field("title", pa.string(), nullable=False),
        pa.field("text", pa.string(), nullable=False),
        pa.field("labels", pa.list_(pa.string()), nullable=False),
        pa.field("published_at", pa.date32(), nullable=False),
        pa.field("effective_from", pa.date32(), nullable=False),
        pa.field("effective_to", pa.date32()),
        pa.field("recorded_at", pa.timestamp("us", tz="UTC"), nullable=False),
        pa.field("status", pa.string(), nullable=False),
        pa.field("url", pa.string(), nullable=False),
        pa.field("licence", pa.string(), nullable=False),
        pa.field("digest", pa.string(), nullable=False),
    ]
)
FIELDS = tuple(name for name in REVISION_SCHEMA.names if name != "digest")
"""The fields of a revision, in the order of the columns, of which its digest is the last."""

STATUSES = {status.value: status for status in Status}
ENTRY_SCHEMA = REVISION_SCHEMA.append(pa.field("drop_id", pa.string(), nullable=False)).append(
    pa.field("ingest_seq", pa.int64(), nullable=False)
)
CURATED_SCHEMA = ENTRY_SCHEMA.append(pa.field("cluster_id", pa.string(), nullable=False))
"""``cluster_id`` is equal for near-duplicates, and the row's own digest where it has none."""

PAIR_SCHEMA = pa.schema(
    [
        pa.field("row_id", pa.string(), nullable=False),
        pa.field("document_id", pa.string(), nullable=False),
        pa.field("family_id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("question", pa.string(), nullable=False),
        pa.field("text_before", pa.string(), nullable=False),
        pa.field("text_in_force", pa.string(), nullable=False),
        pa.field("label", pa.string(), nullable=False),
        pa.field("effective_from", pa.date32(), nullable=False),
        pa.field("ingest_seq", pa.int64(), nullable=False),
    ]
)
"""One amended document: the text before and the text in force. ``row_id`` is the digest of the revision in force."""

OUTCOME_SCHEMA = pa.schema(
    [
        pa.field("role", pa.string(), nullable=False),
        pa.field("slice", pa.string(), nullable=False),
        pa.field("row_id", pa.string(), nullable=False),
        pa.field("family_id", pa.string(), nullable=False),
        pa.field("source", pa.string(), nullable=False),
        pa.field("label", pa.string(), nullable=False),
        pa.field("predicted", pa.string(), nullable=False),
        pa.field("correct", pa.float64()),
        pa.field("loss", pa.float64(), nullable=False),
        pa.field("size", pa.int64(), nullable=False),
        pa.field("confidence", pa.float64()),
        pa.field("year", pa.int64(), nullable=False),
        pa.field("subgroups", pa.list_(pa.string()), nullable=False),
        pa.field("probabilities", pa.map_(pa.string(), pa.float64())),
    ]
)


def write_table(path: Path, table: pa.Table) -> None:
    """Write Parquet atomically; equal tables give equal bytes."""
    sink = pa.BufferOutputStream()
    pq.write_table(table.replace_schema_metadata(None).combine_chunks(), sink, compression="zstd")
    write_bytes(path, sink.getvalue().to_pybytes())


def read_table(path: Path, schema: pa.Schema) -> pa.Table:
    """Read Parquet of exactly ``schema``; raises :class:`WorkspaceError` for a missing file or another schema."""
    if not path.is_file():
        raise WorkspaceError(f"{path} is missing: run the stage that makes it (`dvc repro`)")
    table = pq.read_table(path)
    if not table.schema.equals(schema):
        raise WorkspaceError(f"{path}: its columns are not those this version writes: run the stage that makes it again")
    return table


def tabulate_revisions(revisions: Iterable[Revision]) -> pa.Table:
    """Return revisions as rows of ``REVISION_SCHEMA``."""
    ordered = list(revisions)
    columns = [*_list_columns(ordered), [revision.digest for revision in ordered]]
    return pa.Table.from_arrays(
        [pa.array(*one) for one in zip(columns, REVISION_SCHEMA.types, strict=True)], schema=REVISION_SCHEMA
    )


def tabulate_entries(entries: Iterable[Entry]) -> pa.Table:
    """Return entries as rows of ``ENTRY_SCHEMA``."""
    ordered = list(entries)
    columns = [
        *_list_columns([entry.revision for entry in ordered]),
        [entry.digest for entry in ordered],
        [entry.drop_id for entry in ordered],
        [entry.ingest_seq for entry in ordered],
    ]
    return pa.Table.from_arrays([pa.array(*one) for one in zip(columns, ENTRY_SCHEMA.types, strict=True)], schema=ENTRY_SCHEMA)


def read_revisions(table: pa.Table) -> list[Revision]:
    """Return the rows as revisions, in order."""
    columns = {name: table[name].to_pylist() for name in FIELDS}
    columns["labels"] = [tuple(labels) for labels in columns["labels"]]
    columns["status"] = [STATUSES.get(status) or Status(status) for status in columns["status"]]
    return [Revision(**dict(zip(FIELDS, row, strict=True))) for row in zip(*columns.values(), strict=True)]


def read_entries(table: pa.Table) -> list[Entry]:
    """Return the rows (extra columns aside) as entries, in order; digests are those stored, not recomputed."""
    rest = zip(*(table[name].to_pylist() for name in ("digest", "drop_id", "ingest_seq")), strict=True)
    return [
        Entry(revision=revision, digest=Digest(digest), drop_id=drop_id, ingest_seq=ingest_seq)
        for revision, (digest, drop_id, ingest_seq) in zip(read_revisions(table), rest, strict=True)
    ]


def tabulate_outcomes(outcomes: Sequence[Outcome]) -> pa.Table:
    """Return outcomes as rows of ``OUTCOME_SCHEMA``; labels of ``probabilities`` in the order of their names."""
    columns = [pa.array([_cell(outcome, field.name) for outcome in outcomes], field.type) for field in OUTCOME_SCHEMA]
    return pa.Table.from_arrays(columns, schema=OUTCOME_SCHEMA)


def read_outcomes(table: pa.Table) -> list[Outcome]:
    """Return the rows as outcomes, in order."""
    columns = {name: table[name].to_pylist() for name in OUTCOME_SCHEMA.names}
    columns["role"] = [Role(role) for role in columns["role"]]
    columns["slice"] = [Slice(part) for part in columns["slice"]]
    columns["subgroups"] = [tuple(names) for names in columns["subgroups"]]
    columns["probabilities"] = [None if pairs is None else dict(pairs) for pairs in columns["probabilities"]]
    names = OUTCOME_SCHEMA.names
    return [Outcome(**dict(zip(names, row, strict=True))) for row in zip(*(columns[name] for name in names), strict=True)]


def _cell(outcome: Outcome, name: str) -> object:
    value = getattr(outcome, name)
    return sorted(value.items()) if name == "probabilities" and value is not None else value


def _list_columns(revisions: Sequence[Revision]) -> list[list[object]]:
    """Return the fields of all revisions, a column each: a column is made into Arrow several times as fast as rows are."""
    columns: dict[str, list[object]] = {name: [getattr(revision, name) for revision in revisions] for name in FIELDS}
    columns["status"] = [revision.status.value for revision in revisions]
    return list(columns.values())
