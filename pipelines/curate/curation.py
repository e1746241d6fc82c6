"""The stage: reads the snapshot, takes the steps, and writes what is left with an account of what is not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from pipelines.curate.cards import draw_card, tabulate_card
from pipelines.curate.duplicates import RemoveNearDuplicates
from pipelines.curate.params import AnyStep, CurateParams
from pipelines.curate.rows import Curated, Removal, Row, enter
from pipelines.domain.counts import count_values
from pipelines.domain.revisions import RETIRING, Entry
from pipelines.files import write_bytes, write_json
from pipelines.tables import CURATED_SCHEMA, ENTRY_SCHEMA, read_entries, read_table, tabulate_entries, write_table
from pipelines.workspace import DomainFolder

DROPPED_SCHEMA = pa.schema(
    [
        pa.field("digest", pa.string(), nullable=False),
        pa.field("reason", pa.string(), nullable=False),
        pa.field("kept", pa.string()),
    ]
)
"""``kept`` is the row that stays in the place of a duplicate."""

CHANGED_SCHEMA = pa.schema([pa.field("digest", pa.string(), nullable=False), pa.field("reason", pa.string(), nullable=False)])
"""One line a row and reason; the text itself is in ``documents.parquet``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CurationReport:
    """How many rows came, stayed, were changed and left, and why. ``clusters`` counts clusters of two rows or more."""

    received: int
    kept: int
    kept_by_status: Mapping[str, int]
    kept_by_source: Mapping[str, int]
    dropped_by_reason: Mapping[str, int]
    changed_by_reason: Mapping[str, int]
    clusters: int


def curate(folder: DomainFolder, params: CurateParams, memory: Path | None = None) -> CurationReport:
    """Write ``curated/{documents,dropped,changed}.parquet`` and ``report.json`` from ``snapshot/revisions.parquet``.

    What is left is described in ``card/card.json``, and in ``card/composition.csv`` for a plot. Rows whose document was
    withdrawn, retracted or erased leave first. Those that stay keep the digest under which they arrived, though their text
    was cleaned. What the search for near-duplicates signs is remembered in the folder ``memory``; the files are the same without.

    Raises:
        WorkspaceError: when the snapshot is missing or has other columns.
    """
    entries = read_entries(read_table(folder.snapshot / "revisions.parquet", ENTRY_SCHEMA))
    curated = take_steps(entries, params.plan, memory)
    report = _report(len(entries), curated)
    write_table(folder.curated / "documents.parquet", _tabulate_documents(curated.rows))
    write_table(folder.curated / "dropped.parquet", _tabulate_removals(curated.removals))
    write_table(folder.curated / "changed.parquet", _tabulate_changes(curated.rows))
    write_json(folder.curated / "report.json", report)
    card = draw_card(curated.rows)
    write_json(folder.card / "card.json", card)
    write_bytes(folder.card / "composition.csv", tabulate_card(card).encode())
    return report


def take_steps(entries: Iterable[Entry], steps: Sequence[AnyStep], memory: Path | None = None) -> Curated:
    """Return what the steps make of the entries, in the order of source, document, arrival and digest.

    ``memory`` is lent to the step that searches for near-duplicates.
    """
    ordered = sorted(entries, key=_place)
    retired = [entry for entry in ordered if entry.revision.status in RETIRING]
    removals = [Removal(digest=entry.digest, reason=entry.revision.status.value) for entry in retired]
    rows = tuple(enter(entry) for entry in ordered if entry.revision.status not in RETIRING)
    for step in steps:
        result = step.apply(rows, memory) if isinstance(step, RemoveNearDuplicates) else step.apply(rows)
        rows = result.rows
        removals.extend(result.removals)
    return Curated(rows=rows, removals=tuple(sorted(removals, key=lambda removal: removal.digest)))


def _place(entry: Entry) -> tuple[str, str, int, str]:
    return entry.revision.source, entry.revision.document_id, entry.ingest_seq, entry.digest


def _report(received: int, curated: Curated) -> CurationReport:
    rows, removals = curated.rows, curated.removals
    return CurationReport(
        received=received,
        kept=len(rows),
        kept_by_status=count_values(row.entry.revision.status.value for row in rows),
        kept_by_source=count_values(row.entry.revision.source for row in rows),
        dropped_by_reason=count_values(removal.reason for removal in removals),
        changed_by_reason=count_values(change for row in rows for change in row.changes),
        clusters=sum(1 for size in Counter(row.cluster for row in rows).values() if size > 1),
    )


def _tabulate_documents(rows: Sequence[Row]) -> pa.Table:
    clusters = pa.array([row.cluster for row in rows], type=pa.string())
    table = tabulate_entries(row.entry for row in rows).append_column(CURATED_SCHEMA.field("cluster_id"), clusters)
    return table.cast(CURATED_SCHEMA)


def _tabulate_removals(removals: Sequence[Removal]) -> pa.Table:
    lines = [{"digest": removal.digest, "reason": removal.reason, "kept": removal.kept} for removal in removals]
    return pa.Table.from_pylist(lines, schema=DROPPED_SCHEMA)


def _tabulate_changes(rows: Sequence[Row]) -> pa.Table:
    lines = [{"digest": row.digest, "reason": change} for row in rows for change in row.changes]
    return pa.Table.from_pylist(lines, schema=CHANGED_SCHEMA)
