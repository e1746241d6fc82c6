"""The stage writes each part once, counts what it left out, and gives the same bytes for the same rows."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.domain.errors import WorkspaceError
from pipelines.domain.pins import Generation
from pipelines.domain.revisions import Entry, Status
from pipelines.files import digest_folder, read_json
from pipelines.split.splitting import SplitReport, split
from pipelines.tables import CURATED_SCHEMA, PAIR_SCHEMA, read_entries, read_table
from pipelines.workspace import DomainFolder
from tests.builders.curations import build_superseded, lay_curated, lay_snapshot
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


def test_a_retired_generation_is_counted_and_used_for_nothing(tmp_path: Path) -> None:
    old = [build_entry(f"old-{n}", family_id=find_family("holdout", n), ingest_seq=3) for n in range(4)]
    young = [build_entry(f"young-{n}", family_id=find_family("holdout", 10 + n), ingest_seq=4) for n in range(2)]
    others = [build_entry(f"{name}-0", family_id=find_family(name), ingest_seq=1) for name in ("train", "dev", "anchor")]
    folder = lay_curated(tmp_path, [*old, *young, *others], generation=Generation(number=2, since=3))
    report = split(folder, PARAMS)
    assert [entry.revision.document_id for entry in read_part(folder, "holdout")] == ["young-0", "young-1"]
    assert report.parts["retired"].rows == report.parts["retired"].families == 4
    assert all(len(read_part(folder, name)) == 1 for name in ("train", "dev", "anchor"))
    assert not (folder.splits / "retired.parquet").exists()


def test_a_family_is_as_old_as_its_first_revision_though_curation_dropped_it(tmp_path: Path) -> None:
    """The row in force came late, and of the first one only the snapshot still knows."""
    family = find_family("holdout")
    first = build_superseded("amended", family_id=family, text="The limit is five.", ingest_seq=1)
    in_force = build_entry("amended", family_id=family, text="The limit is six.", ingest_seq=7)
    folder = lay_curated(tmp_path, [in_force], generation=Generation(number=2, since=3))
    lay_snapshot(tmp_path, [first, in_force])
    report = split(folder, PARAMS)
    assert (report.parts["holdout"].rows, report.parts["retired"].rows) == (0, 1)


def test_names_the_missing_documents(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"documents\.parquet is missing"):
        split(DomainFolder(tmp_path), PARAMS)
