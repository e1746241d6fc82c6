"""A domain's folder as pin and split leave it, small enough to train and evaluate on in a moment."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.domain.identities import Digest, FamilyId
from pipelines.domain.pins import CorpusPin, Look, ModelPin, Pin
from pipelines.domain.revisions import Entry
from pipelines.files import digest_folder, write_json
from pipelines.tables import CURATED_SCHEMA, PAIR_SCHEMA, read_entries, read_table, tabulate_entries, write_table
from pipelines.workspace import DomainFolder
from tests.builders.lessons import LABELS, build_document
from tests.builders.revisions import build_entry

LOOK = Look(generation=1, t=1, alpha=0.01, plan=Digest("0" * 64))


def build_pin(**fields: Any) -> Pin:
    corpus = CorpusPin(id="corpus", version=3, ingest_seq=fields.pop("ingest_seq", 9), manifest_digest=Digest("c" * 64))
    return Pin(**{"corpus": corpus, "champion": None, "anchor": None, "look": None, "reason": "test", **fields})


def build_row(name: str, number: int, *, label: str | None = None, ingest_seq: int = 1, **fields: Any) -> Entry:
    chosen = LABELS[number % len(LABELS)] if label is None else label
    defaults: dict[str, Any] = {
        "title": "",
        "text": build_document(number, chosen or "recall").text,
        "labels": (chosen,) if chosen else (),
        "family_id": FamilyId(f"{name} family {number // 2}"),
        "published_at": date(2020, 1, 1) + timedelta(days=40 * number),
    }
    return build_entry(f"{name}-{number}", ingest_seq=ingest_seq, **{**defaults, **fields})


def tabulate_curated(entries: Iterable[Entry]) -> pa.Table:
    entries = list(entries)
    table = tabulate_entries(entries).append_column(
        CURATED_SCHEMA.field("cluster_id"), pa.array([entry.digest for entry in entries], pa.string())
    )
    return table.cast(CURATED_SCHEMA)


def tabulate_pairs(rows: Sequence[Entry], texts: Sequence[tuple[str, str]]) -> pa.Table:
    found = [
        {
            "row_id": row.digest,
            "document_id": row.revision.document_id,
            "family_id": row.revision.family_id,
            "source": row.revision.source,
            "question": row.revision.title,
            "text_before": before,
            "text_in_force": in_force,
            "label": row.revision.labels[0] if row.revision.labels else "",
            "effective_from": row.revision.effective_from,
            "ingest_seq": row.ingest_seq,
        }
        for row, (before, in_force) in zip(rows, texts, strict=True)
    ]
    return pa.Table.from_pylist(found, schema=PAIR_SCHEMA)


def write_split(folder: DomainFolder, name: str, entries: Iterable[Entry]) -> None:
    write_table(folder.splits / f"{name}.parquet", tabulate_curated(entries))


def lay_domain(root: Path, *, rows: int = 40, pin: Pin | None = None) -> DomainFolder:
    """Lay a folder with all splits; half of the holdout arrived late (sequence 5)."""
    folder = DomainFolder(root)
    write_json(folder.pin, pin or build_pin())
    write_split(folder, "train", [build_row("train", number) for number in range(rows)])
    for name in ("dev", "anchor"):
        write_split(folder, name, [build_row(name, number) for number in range(10)])
    write_split(folder, "holdout", [build_row("holdout", number, ingest_seq=1 if number < 6 else 5) for number in range(12)])
    amended = [build_row("train", number, title=f"Rule {number}") for number in range(4)]
    texts = [(f"A report is due in {n} days.", f"A report is due in {n + 20} days.") for n in range(4)]
    write_table(folder.splits / "currency.parquet", tabulate_pairs(amended, texts))
    lay_snapshot(folder)
    return folder


def lay_snapshot(folder: DomainFolder, without: frozenset[Digest] = frozenset()) -> None:
    """Lay the snapshot that holds every row of the splits, ``without`` some that were taken out of the corpus since."""
    tables = [read_table(path, CURATED_SCHEMA) for path in sorted(folder.splits.glob("*.parquet")) if path.stem != "currency"]
    entries = [entry for table in tables for entry in read_entries(table) if entry.digest not in without]
    write_table(folder.snapshot / "revisions.parquet", tabulate_entries(entries))


def pin_model(folder: Path, version: int = 1) -> ModelPin:
    return ModelPin(version=version, digest=digest_folder(folder))


def repin(folder: DomainFolder, pin: Pin, **fields: Any) -> None:
    write_json(folder.pin, replace(pin, **fields))


def shuffle_split(folder: DomainFolder, name: str, entries: Sequence[Entry]) -> None:
    write_split(folder, name, random.Random(5).sample(list(entries), len(entries)))
