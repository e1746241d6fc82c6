"""A drop can be wrong as a whole: its form, its size, where it comes from, how its labels lean, how much of it fails."""

from __future__ import annotations

import logging
import time
from datetime import date
from typing import Any

import pandas as pd
import pytest

from data_checks.batches import check_corpus, check_drop
from data_checks.columns import CORPUS_COLUMNS, join_labels
from data_checks.expectations import CorpusExpectations, LabelLimits, VolumeLimits
from tests.builders.frames import build_frame, build_row, build_rows, expect_drop, expect_rows

SECRET = "Olav Testmann 4711"


def refusals(rows: list[dict[str, Any]], **expected: Any) -> list[str]:
    return [failure.expectation for failure in check_drop(build_frame(*rows), expect_drop(**expected)).drop_failures]


def test_finds_nothing_wrong_with_a_sound_drop() -> None:
    found = check_drop(build_frame(*build_rows(12)), expect_drop())
    assert (found.rows, found.failed_rows, found.is_refused) == (12, 0, False)
    assert {tally.failed for tally in found.tallies} == {0}
    assert {tally.checked for tally in found.tallies} == {12}


def test_finds_nothing_wrong_with_an_empty_drop() -> None:
    found = check_drop(build_frame(), expect_drop(volume=VolumeLimits(previous=(10,) * 9)))
    assert (found.rows, found.is_refused) == (0, False)


def test_refuses_a_drop_whose_form_is_wrong_without_reading_its_rows() -> None:
    frame = build_frame(*build_rows(3, title="")).drop(columns="text")
    found = check_drop(frame, expect_drop())
    assert [failure.expectation for failure in found.drop_failures] == ["column text is there"]
    assert (found.rows, found.row_failures, found.tallies) == (3, (), ())


def test_refuses_an_empty_drop_that_lacks_a_column() -> None:
    assert check_drop(build_frame().drop(columns="text"), expect_drop()).is_refused


def test_refuses_a_drop_that_holds_rows_of_another_source() -> None:
    rows = [*build_rows(9), build_row(9, source="openfda")]
    assert refusals(rows) == ["rows come from the drop's source"]
    assert refusals(rows, max_foreign_share=0.1) == []


def test_refuses_a_drop_of_which_too_much_fails_and_says_how_much() -> None:
    rows = [*build_rows(15), *[build_row(number, title="") for number in range(15, 20)]]
    found = check_drop(build_frame(*rows), expect_drop())
    assert [(failure.observed, failure.limit) for failure in found.drop_failures] == [("25.0% of rows", "at most 20.0%")]
    assert found.failed_rows == 5


def test_judges_the_share_of_failures_only_in_drops_that_are_large_enough() -> None:
    assert refusals([build_row(0, title="")]) == []
    assert refusals([build_row(number, title="") for number in range(10)]) == ["few rows fail"]


def test_refuses_an_unusual_volume() -> None:
    assert refusals(build_rows(30), volume=VolumeLimits(previous=(1,) * 5, slack=0)) == ["volume is usual"]
    assert refusals(build_rows(30), volume=VolumeLimits(previous=(10,) * 5)) == []


def test_refuses_a_drop_flipped_to_one_label() -> None:
    limits = LabelLimits(reference={"Class I": 500, "Class II": 500})
    assert refusals(build_rows(40), label_limits=limits) == ["no label dominates"]
    even = [build_row(number, labels=join_labels([("Class I", "Class II")[number % 2]])) for number in range(40)]
    assert refusals(even, label_limits=limits) == []


def test_shows_no_cell_in_findings_or_logs(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    caplog.set_level(logging.DEBUG)
    hidden = {
        "title": f"{SECRET} Ã©",
        "text": f"{SECRET}\ufffd",
        "labels": join_labels([SECRET]),
        "identity": SECRET,
        "language": "sv",
        "published_at": date(2300, 1, 1),
    }
    found = check_drop(build_frame(*build_rows(3), build_row(3, **hidden), build_row(4, **hidden)), expect_drop())
    assert found.failed_rows == 2
    written = capfd.readouterr()
    for shown in (repr(found), caplog.text, written.out, written.err):
        assert "Olav" not in shown
        assert "4711" not in shown


def test_the_same_frame_gives_the_same_findings() -> None:
    rows = [*build_rows(20), build_row(20, text="Ã©"), build_row(21, title="")]
    assert check_drop(build_frame(*rows), expect_drop()) == check_drop(build_frame(*rows), expect_drop())


def test_validates_a_thousand_rows_in_a_moment() -> None:
    frame = build_frame(*build_rows(1_000, text="A rule in force. " * 60))
    started = time.process_time()
    assert check_drop(frame, expect_drop()).failed_rows == 0
    assert time.process_time() - started < 5


@pytest.mark.slow
def test_validates_twenty_thousand_rows_in_ten_seconds() -> None:
    rows = build_rows(20_000, text="A rule in force, with – a dash. " * 30)
    for row in rows[::10]:
        row["title"] = ""
    frame = build_frame(*rows)
    started = time.process_time()
    assert check_drop(frame, expect_drop()).failed_rows == 2_000
    assert time.process_time() - started < 10


def build_corpus(*rows: dict[str, Any]) -> pd.DataFrame:
    return build_frame(*rows)[list(CORPUS_COLUMNS)]


def corpus_refusals(rows: list[dict[str, Any]], **expected: Any) -> list[str]:
    limits = CorpusExpectations(**{"rows": expect_rows(), **expected})
    return [failure.expectation for failure in check_corpus(build_corpus(*rows), limits).drop_failures]


def test_a_sound_corpus_passes_without_its_languages() -> None:
    assert corpus_refusals(build_rows(5)) == []


def test_finds_the_bad_row_of_a_corpus() -> None:
    found = check_corpus(build_corpus(*build_rows(4), build_row(4, text="no")), CorpusExpectations(rows=expect_rows()))
    assert [(failure.row_id, failure.observed) for failure in found.row_failures] == [("row-000004", "length 2")]


def test_refuses_a_corpus_that_is_too_small_or_empty() -> None:
    assert corpus_refusals(build_rows(5), min_rows=6) == ["enough rows"]
    assert corpus_refusals([]) == ["enough rows"]


def test_refuses_a_corpus_that_nearly_one_source_or_label_makes() -> None:
    rows = [*build_rows(9), build_row(9, source="openfda", labels=join_labels(["Class II"]))]
    assert corpus_refusals(rows, max_source_share=0.8) == ["no source dominates"]
    assert corpus_refusals(rows, max_label_share=0.8) == ["no label dominates"]
    assert corpus_refusals(rows, max_source_share=0.9, max_label_share=0.9) == []


def test_refuses_a_corpus_that_lacks_a_column() -> None:
    assert check_corpus(build_corpus(*build_rows(3)).drop(columns="family"), CorpusExpectations(rows=expect_rows())).is_refused
