"""The tables say what the outcomes say, of the holdout alone where it was looked at."""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.domain.models import Role
from pipelines.domain.scorecards import Outcome, Slice
from pipelines.evaluate.breakdowns import RELIABILITY, SLICES, write_breakdowns
from pipelines.evaluate.metrics import accuracy, bits_per_byte, calibration_error
from tests.builders.outcomes import build_comparison, build_outcome, build_outcomes

Table = list[dict[str, str]]


def write(folder: Path, outcomes: list[Outcome]) -> tuple[Table, Table]:
    write_breakdowns(folder, outcomes)
    return read(folder / "reliability.csv"), read(folder / "slices.csv")


def read(path: Path) -> Table:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def build_language(role: Role, losses: list[float], sizes: list[int]) -> list[Outcome]:
    return [
        build_outcome(row, role=role, label="", correct=None, confidence=None, loss=loss, size=size, year=2020 + row % 2)
        for row, (loss, size) in enumerate(zip(losses, sizes, strict=True))
    ]


def test_each_bin_says_how_sure_a_model_was_and_how_often_it_was_right(tmp_path: Path) -> None:
    outcomes = [build_outcome(row, confidence=0.95, is_right=row < 3) for row in range(4)] + [build_outcome(4, confidence=0.41)]
    low, high = write(tmp_path, outcomes)[0]
    assert (low["role"], low["bin"], low["rows"]) == ("candidate", "7", "1")
    assert (high["bin"], high["rows"], float(high["share_right"])) == ("15", "4", 0.75)
    assert float(high["mean_confidence"]) == pytest.approx(0.95)
    assert (float(high["lower"]), float(high["upper"])) == (14 / 15, 1.0)


def test_the_bins_add_up_to_the_calibration_error_of_the_scorecard(tmp_path: Path) -> None:
    outcomes = [build_outcome(row, is_right=row % 3 > 0, confidence=(row % 50 + 1) / 50) for row in range(200)]
    rows = write(tmp_path, outcomes)[0]
    gaps = [int(row["rows"]) * abs(float(row["share_right"]) - float(row["mean_confidence"])) for row in rows]
    assert sum(gaps) / 200 == pytest.approx(calibration_error(outcomes))


def test_every_model_has_its_own_lines_of_reliability_and_a_language_model_has_none(tmp_path: Path) -> None:
    rows, _ = write(tmp_path, build_comparison(9, {Role.CANDIDATE: (), Role.CHAMPION: (1,), Role.BASELINE: (2,)}))
    assert [row["role"] for row in rows] == ["candidate", "champion", "baseline"]
    language, _ = write(tmp_path / "language", build_language(Role.CANDIDATE, [1.0, 2.0], [5, 5]))
    assert language == []
    assert (tmp_path / "language" / "reliability.csv").read_text().split("\n")[0] == ",".join(RELIABILITY)


def test_each_group_says_what_candidate_and_champion_score_on_it(tmp_path: Path) -> None:
    outcomes = build_comparison(9, {Role.CANDIDATE: (0, 3), Role.CHAMPION: (0,)})
    _, rows = write(tmp_path, outcomes)
    alpha = next(row for row in rows if (row["kind"], row["name"]) == ("label", "alpha"))  # rows 0, 3 and 6
    assert (alpha["rows"], alpha["metric"]) == ("3", "accuracy")
    assert [float(alpha[name]) for name in ("candidate", "champion", "difference")] == pytest.approx([1 / 3, 2 / 3, -1 / 3])
    whole = next(row for row in rows if row["kind"] == "source")
    assert float(whole["candidate"]) == accuracy([one for one in outcomes if one.role is Role.CANDIDATE])
    assert list(rows[0]) == list(SLICES)


def test_a_first_candidate_has_nobody_beside_it(tmp_path: Path) -> None:
    _, rows = write(tmp_path, build_outcomes(Role.CANDIDATE, Slice.HOLDOUT, 6))
    assert {(row["candidate"], row["champion"], row["difference"]) for row in rows} == {("1.0", "", "")}


def test_language_models_are_told_by_bits_per_byte_over_the_group_together(tmp_path: Path) -> None:
    mine = build_language(Role.CANDIDATE, [4.0, 9.0, 2.0, 1.0], [5, 50, 7, 3])
    theirs = build_language(Role.CHAMPION, [5.0, 9.0, 2.0, 1.0], [5, 50, 7, 3])
    _, rows = write(tmp_path, mine + theirs)
    even = next(row for row in rows if row["name"] == "2020")
    assert float(even["candidate"]) == bits_per_byte([mine[0], mine[2]])
    assert float(even["difference"]) < 0
    assert "label" not in {row["kind"] for row in rows}


def test_a_group_of_empty_texts_is_listed_without_a_score(tmp_path: Path) -> None:
    both = [one for role in (Role.CANDIDATE, Role.CHAMPION) for one in build_language(role, [0.0, 4.0], [0, 5])]
    _, rows = write(tmp_path, both)
    assert [(row["rows"], row["candidate"], row["difference"]) for row in rows if row["name"] == "2020"] == [("1", "", "")]


def test_dev_is_told_only_where_the_holdout_was_not_looked_at(tmp_path: Path) -> None:
    dev = build_outcomes(Role.CANDIDATE, Slice.DEV, 5)
    _, rows = write(tmp_path, dev)
    assert {row["rows"] for row in rows if row["kind"] == "source"} == {"5"}
    fresh = [replace(one, slice=Slice.FRESH) for one in build_outcomes(Role.CANDIDATE, Slice.HOLDOUT, 2)]
    _, rows = write(tmp_path, dev + build_outcomes(Role.CANDIDATE, Slice.HOLDOUT, 8) + fresh)
    assert {row["rows"] for row in rows if row["kind"] == "source"} == {"8"}
