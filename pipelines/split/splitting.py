"""The stage: curated rows in force to train, dev, holdout and anchor, and amended documents to currency pairs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from pipelines.domain.counts import count_values
from pipelines.domain.identities import Digest, FamilyId
from pipelines.domain.pins import Pin
from pipelines.domain.revisions import Entry
from pipelines.files import read_json, write_json
from pipelines.split.assignments import HASHED, SplitName
from pipelines.split.decontamination import decontaminate
from pipelines.split.pairs import Amendment, find_amendments, tabulate_pairs
from pipelines.split.params import SplitParams
from pipelines.split.separation import Age, Separation, separate
from pipelines.tables import CURATED_SCHEMA, ENTRY_SCHEMA, read_entries, read_table, write_table
from pipelines.workspace import DomainFolder


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One split in numbers. ``bridging`` rows in force were left out because they resemble a row of another split.

    ``contaminated`` rows were left out because they repeat a passage: those of train one that is asked, all others one that is,
    or may have been, taught.
    """

    rows: int
    families: int
    by_source: Mapping[str, int]
    by_label: Mapping[str, int]
    bridging: int
    contaminated: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitReport:
    """All splits in numbers, by name, and how many currency pairs there are, which are exempt from decontamination.

    ``contaminated`` counts the rows of all splits that repeat a passage; ``None`` says that nobody looked.
    """

    parts: Mapping[str, Part]
    bridging: int
    superseded: int
    pairs: int
    contaminated: int | None = None


def split(folder: DomainFolder, params: SplitParams) -> SplitReport:
    """Write ``splits/{train,dev,holdout,anchor,currency}.parquet`` and ``report.json`` from ``curated/documents.parquet``.

    Rows are ordered by source, document, arrival and digest. A split without rows is written as an empty table: what can be
    done with it is for whoever reads it to say. Rows of families that retired from the holdout are counted and not written.

    Raises:
        StageError: when more repeats a passage of the other side than ``decontamination.max_share`` allows.
        WorkspaceError: when the curated documents, the snapshot or the pin are missing or have other columns.
    """
    table = read_table(folder.curated / "documents.parquet", CURATED_SCHEMA)
    table = table.sort_by([(name, "ascending") for name in ("source", "document_id", "ingest_seq", "digest")])
    entries = read_entries(table)
    clusters = [Digest(cluster) for cluster in table["cluster_id"].to_pylist()]
    age = Age(generation=read_json(folder.pin, Pin).generation, first_arrivals=find_first_arrivals(folder))
    separation = decontaminate(separate(entries, clusters, params, age), folder, params)
    amendments = find_amendments(separation, params.currency_from)
    for name in HASHED:
        write_table(folder.splits / f"{name}.parquet", _select(table, separation.members(name)))
    write_table(folder.splits / "currency.parquet", tabulate_pairs(amendments))
    report = _report(separation, amendments, is_decontaminated=params.decontamination is not None)
    write_json(folder.splits / "report.json", report)
    return report


def find_first_arrivals(folder: DomainFolder) -> Mapping[FamilyId, int]:
    """Return the arrival that brought each family's first revision, from the snapshot.

    Curation may drop that revision, and a later one carries a later arrival: neither makes a family young again.
    """
    snapshot = read_table(folder.snapshot / "revisions.parquet", ENTRY_SCHEMA)
    first = snapshot.group_by("family_id").aggregate([("ingest_seq", "min")])
    return dict(zip(map(FamilyId, first["family_id"].to_pylist()), first["ingest_seq_min"].to_pylist(), strict=True))


def _select(table: pa.Table, members: Sequence[Entry]) -> pa.Table:
    digests = {entry.digest for entry in members}
    return table.filter(pa.array([digest in digests for digest in table["digest"].to_pylist()], type=pa.bool_()))


def _report(separation: Separation, amendments: Sequence[Amendment], *, is_decontaminated: bool) -> SplitReport:
    parts = {name.value: _describe(separation, name) for name in SplitName}
    return SplitReport(
        parts=parts,
        bridging=sum(part.bridging for part in parts.values()),
        superseded=sum(not row.is_active for row in separation.placed),
        pairs=len(amendments),
        contaminated=sum(part.contaminated for part in parts.values()) if is_decontaminated else None,
    )


def _describe(separation: Separation, name: SplitName) -> Part:
    members = separation.members(name)
    active = [row.entry for row in separation.placed if row.split is name and row.is_active]
    return Part(
        rows=len(members),
        families=len({entry.revision.family_id for entry in members}),
        by_source=count_values(entry.revision.source for entry in members),
        by_label=count_values(label for entry in members for label in entry.revision.labels[:1]),
        bridging=sum(entry.digest in separation.bridging for entry in active),
        contaminated=sum(entry.digest in separation.contaminated for entry in active),
    )
