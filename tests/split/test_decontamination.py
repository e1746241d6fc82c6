"""The stage leaves copied passages out both ways, counts them by split, and stops where they are no accident."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.domain.errors import StageError
from pipelines.domain.revisions import Entry, Status
from pipelines.split.params import Decontamination, SplitParams
from pipelines.split.splitting import SplitReport, split
from pipelines.tables import CURATED_SCHEMA, PAIR_SCHEMA, read_entries, read_table
from pipelines.workspace import DomainFolder
from tests.builders.curations import build_superseded, invent_words, lay_curated, lay_snapshot
from tests.builders.revisions import build_entry
from tests.builders.splits import PARAMS, find_family

COPIED = " ".join(invent_words(999, 20))


def ask_for(**fields: float) -> SplitParams:
    return PARAMS.model_copy(update={"decontamination": Decontamination(**{"max_share": 1.0, **fields})})


def write(name: str, number: int, text: str = "", **fields: object) -> Entry:
    own = " ".join(invent_words(hash_name(name) + number, 20))
    return build_entry(f"{name}-{number}", family_id=find_family(name, number), title="", text=f"{own} {text}".strip(), **fields)


def hash_name(name: str) -> int:
    return {"train": 0, "dev": 100, "holdout": 200, "anchor": 300}[name]


def some_entries() -> list[Entry]:
    return [write(name, number) for name in ("train", "dev", "holdout", "anchor") for number in range(3)]


def read_ids(folder: DomainFolder, name: str) -> set[str]:
    return {entry.revision.document_id for entry in read_entries(read_table(folder.splits / f"{name}.parquet", CURATED_SCHEMA))}


def count(report: SplitReport) -> dict[str, int]:
    return {name: part.contaminated for name, part in report.parts.items() if part.contaminated}


def test_what_repeats_nothing_stays_and_the_count_says_that_somebody_looked(tmp_path: Path) -> None:
    folder = lay_curated(tmp_path, some_entries())
    assert split(folder, PARAMS).contaminated is None
    plain = {name: read_ids(folder, name) for name in ("train", "dev", "holdout", "anchor")}
    assert split(folder, ask_for()).contaminated == 0
    assert {name: read_ids(folder, name) for name in plain} == plain


@pytest.mark.parametrize("asked", ["dev", "holdout", "anchor"])
def test_new_training_text_is_held_against_every_evaluation_slice(tmp_path: Path, asked: str) -> None:
    rows = [write(asked, 5, COPIED, ingest_seq=1), write("train", 5, COPIED, ingest_seq=2)]
    folder = lay_curated(tmp_path, [*some_entries(), *rows])
    report = split(folder, ask_for())
    assert count(report) == {"train": 1}
    assert "train-5" not in read_ids(folder, "train")
    assert f"{asked}-5" in read_ids(folder, asked)
    assert (report.contaminated, report.bridging, report.parts["train"].rows) == (1, 0, 3)


@pytest.mark.parametrize("asked", ["dev", "holdout", "anchor"])
def test_new_evaluation_rows_are_held_against_what_was_there_to_be_taught(tmp_path: Path, asked: str) -> None:
    rows = [write("train", 5, COPIED, ingest_seq=1), write(asked, 5, COPIED, ingest_seq=2)]
    folder = lay_curated(tmp_path, [*some_entries(), *rows])
    assert count(split(folder, ask_for())) == {asked: 1}
    assert f"{asked}-5" not in read_ids(folder, asked)
    assert "train-5" in read_ids(folder, "train")


@pytest.mark.parametrize("status", [Status.SUPERSEDED, Status.WITHDRAWN])
def test_what_is_taught_no_more_was_taught_once(tmp_path: Path, status: Status) -> None:
    """Superseded rows are curated and not taught; withdrawn ones only the snapshot still holds."""
    former = write("train", 5, COPIED, ingest_seq=1, status=status)
    question = write("holdout", 5, COPIED, ingest_seq=2)
    kept = [*some_entries(), question, *([former] if status is Status.SUPERSEDED else [])]
    folder = lay_curated(tmp_path, kept)
    lay_snapshot(tmp_path, [*kept, former] if status is Status.WITHDRAWN else kept)
    assert count(split(folder, ask_for())) == {"holdout": 1}


def test_what_was_kept_back_and_withdrawn_taught_nobody(tmp_path: Path) -> None:
    former = write("holdout", 6, COPIED, ingest_seq=1, status=Status.WITHDRAWN)
    kept = [*some_entries(), write("anchor", 5, COPIED, ingest_seq=2)]
    folder = lay_curated(tmp_path, kept)
    lay_snapshot(tmp_path, [*kept, former])
    assert split(folder, ask_for()).contaminated == 0


def test_a_row_that_bridges_is_counted_as_that_alone(tmp_path: Path) -> None:
    rows = [write("holdout", 5, COPIED, ingest_seq=1), write("train", 5, COPIED, ingest_seq=2)]
    entries = [*some_entries(), *rows]
    clusters = ["c" if entry in rows else entry.digest for entry in entries]
    report = split(lay_curated(tmp_path, entries, clusters), ask_for())
    assert (report.bridging, report.contaminated) == (1, 0)


def test_currency_pairs_are_exempt_and_ask_only_about_what_is_taught(tmp_path: Path) -> None:
    """The text of a pair was trained on, and that is the point; a text that is left out of training is no point."""
    pairs = [
        build_superseded("kept", family_id=find_family("train", 6), text="The limit is five.", effective_from=date(2025, 1, 1)),
        build_entry("kept", family_id=find_family("train", 6), text=f"The limit is six. {COPIED}", ingest_seq=2),
        build_superseded("gone", family_id=find_family("train", 7), text="A fee of five.", effective_from=date(2025, 1, 1)),
        build_entry("gone", family_id=find_family("train", 7), text=f"A fee of six. {COPIED[::-1]}", ingest_seq=5),
    ]
    asked = [write("holdout", 5, COPIED, ingest_seq=3), write("holdout", 6, COPIED[::-1], ingest_seq=3)]
    folder = lay_curated(tmp_path, [*some_entries(), *pairs, *asked])
    report = split(folder, ask_for())
    assert count(report) == {"train": 1, "holdout": 1}
    assert [row["document_id"] for row in read_table(folder.splits / "currency.parquet", PAIR_SCHEMA).to_pylist()] == ["kept"]


def test_more_than_the_limit_stops_the_run_and_says_what_to_do(tmp_path: Path) -> None:
    rows = [write("holdout", 5, COPIED, ingest_seq=1), write("train", 5, COPIED, ingest_seq=2)]
    folder = lay_curated(tmp_path, [*some_entries(), *rows])
    split(folder, ask_for(max_share=0.25))
    with pytest.raises(StageError, match=r"1 of 4 rows that would be taught repeat 13 words .* more than 24\.0%.*addendum drop"):
        split(folder, ask_for(max_share=0.24))


def test_what_is_asked_has_a_limit_too(tmp_path: Path) -> None:
    rows = [write("train", 5, COPIED, ingest_seq=1), write("holdout", 5, COPIED, ingest_seq=2)]
    folder = lay_curated(tmp_path, [*some_entries(), *rows])
    with pytest.raises(StageError, match="1 of 10 rows that would be asked"):
        split(folder, ask_for(max_share=0.09))
