"""The stage writes each part once, counts what it left out, and gives the same bytes for the same rows."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.domain.errors import WorkspaceError
from pipelines.domain.revisions import Entry, Status
from pipelines.files import digest_folder, read_json
from pipelines.split.splitting import SplitReport, split
from pipelines.tables import CURATED_SCHEMA, PAIR_SCHEMA, read_entries, read_table
from pipelines.workspace import DomainFolder
from tests.builders.curations import build_superseded, lay_curated
from tests.builders.revisions import build_entry
from tests.builders.splits import PARAMS, find_family

PARTS = ("train", "dev", "holdout", "anchor")


def some_entries() -> list[Entry]:
    entries = [build_entry(f"{name}-{n}", family_id=find_family(name, n), labels=(name, "x")) for name in PARTS for n in range(3)]
    family = find_family("train", 5)
    return [
        *entries,
        build_superseded("amended", family_id=family, text="The limit is five.", effective_from=date(2025, 1, 1)),
        build_entry("amended", family_id=family, text="The limit is six.", ingest_seq=2),
    ]


def read_part(folder: DomainFolder, name: str) -> list[Entry]:
    return read_entries(read_table(folder.splits / f"{name}.parquet", CURATED_SCHEMA))


def test_each_part_holds_its_families_and_only_what_is_in_force(tmp_path: Path) -> None:
    folder = lay_curated(tmp_path, some_entries())
    split(folder, PARAMS)
    for name in PARTS:
        rows = [entry for entry in read_part(folder, name) if entry.revision.document_id != "amended"]
        assert [entry.revision.document_id for entry in rows] == [f"{name}-{n}" for n in range(3)]
    assert all(entry.revision.status is Status.ACTIVE for name in PARTS for entry in read_part(folder, name))


def test_currency_asks_about_the_amended_document(tmp_path: Path) -> None:
    folder = lay_curated(tmp_path, some_entries())
    report = split(folder, PARAMS)
    (pair,) = read_table(folder.splits / "currency.parquet", PAIR_SCHEMA).to_pylist()
    assert (pair["text_before"], pair["text_in_force"]) == ("The limit is five.", "The limit is six.")
    assert (report.pairs, report.superseded) == (1, 1)


def test_counts_rows_families_sources_labels_and_what_was_left_out(tmp_path: Path) -> None:
    entries = some_entries()
    clusters = ["c" if entry.revision.document_id in {"train-0", "holdout-0"} else entry.digest for entry in entries]
    folder = lay_curated(tmp_path, entries, clusters)
    report = split(folder, PARAMS)
    assert read_json(folder.splits / "report.json", SplitReport) == report
    assert report.bridging == 1
    assert report.parts["train"].bridging + report.parts["holdout"].bridging == 1
    assert report.parts["dev"].rows == report.parts["dev"].families == 3
    assert report.parts["dev"].by_label == {"dev": 3}
    assert report.parts["dev"].by_source == {"folder": 3}
    assert sum(part.rows for part in report.parts.values()) == 12


def test_the_same_rows_in_any_order_give_the_same_bytes(tmp_path: Path) -> None:
    entries = some_entries()
    split(lay_curated(tmp_path / "a", entries), PARAMS)
    split(lay_curated(tmp_path / "b", entries[::-1]), PARAMS)
    assert digest_folder(tmp_path / "a" / "splits") == digest_folder(tmp_path / "b" / "splits")


def test_nothing_curated_gives_empty_parts(tmp_path: Path) -> None:
    folder = lay_curated(tmp_path, [])
    report = split(folder, PARAMS)
    assert all(read_part(folder, name) == [] for name in PARTS)
    assert report.pairs == report.bridging == 0


def test_names_the_missing_documents(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"documents\.parquet is missing"):
        split(DomainFolder(tmp_path), PARAMS)
