"""A frame that the suites cannot read is refused by its form, column by column, before any cell is quoted anywhere."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from data_checks.columns import CORPUS_COLUMNS, DROP_COLUMNS, ColumnKind
from data_checks.forms import check_form
from tests.builders.frames import build_frame, build_row, build_rows

SECRET = "Olav Testmann 4711"
WRONG: dict[ColumnKind, list[Any]] = {
    ColumnKind.TEXT: [[1, 2, 3], ["a", 3, SECRET], [b"a", b"b", b"c"], [1.5, None, 2.5]],
    ColumnKind.DATE: [["2026-01-01"] * 3, [1, 2, 3], pd.to_datetime(["2026-01-01"] * 3, utc=True)],
    ColumnKind.RATE: [["0.9"] * 3, [1, 2, 3]],
}


def test_accepts_a_frame_as_it_must_be_whatever_else_it_has() -> None:
    frame = build_frame(*build_rows(3)).assign(extra=1)
    assert check_form(frame, DROP_COLUMNS) == ()
    assert check_form(frame.drop(columns=["language", "certainty"]), CORPUS_COLUMNS) == ()


def test_accepts_an_empty_frame_and_dates_of_any_precision() -> None:
    assert check_form(build_frame(), DROP_COLUMNS) == ()
    frame = build_frame(*build_rows(3))
    frame["published_at"] = frame["published_at"].astype("datetime64[ns]")
    assert check_form(frame, DROP_COLUMNS) == ()


def test_accepts_text_held_as_objects() -> None:
    frame = build_frame(*build_rows(3))
    frame["text"] = frame["text"].astype(object)
    assert check_form(frame, DROP_COLUMNS) == ()


@pytest.mark.parametrize("column", DROP_COLUMNS)
def test_names_the_column_that_is_missing(column: str) -> None:
    (failure,) = check_form(build_frame(*build_rows(3)).drop(columns=column), DROP_COLUMNS)
    assert (failure.expectation, failure.observed) == (f"column {column} is there", "missing")


@pytest.mark.parametrize("column", DROP_COLUMNS)
def test_names_the_column_that_is_of_another_kind_and_quotes_none_of_it(column: str) -> None:
    for cells in WRONG[DROP_COLUMNS[column]]:
        frame = build_frame(*build_rows(3))
        frame[column] = pd.Series(cells)
        failures = check_form(frame, DROP_COLUMNS)
        assert failures[0].expectation == f"column {column} is of its kind"
        assert "Olav" not in repr(failures)


@pytest.mark.parametrize("column", DROP_COLUMNS)
def test_names_the_column_with_gaps_unless_it_may_have_them(column: str) -> None:
    frame = build_frame(*build_rows(3))
    frame.loc[1, column] = None
    found = [(failure.expectation, failure.observed) for failure in check_form(frame, DROP_COLUMNS)]
    assert found == ([] if column == "effective_to" else [(f"column {column} has no gaps", "1 rows have one")])


def test_row_ids_must_differ() -> None:
    frame = build_frame(*build_rows(3), build_row(1, identity="another"))
    (failure,) = check_form(frame, DROP_COLUMNS)
    assert (failure.expectation, failure.observed) == ("row ids are unique", "2 rows share theirs")


def test_names_everything_that_is_wrong_in_the_order_of_the_columns() -> None:
    frame = build_frame(*build_rows(3)).drop(columns=["title", "certainty"])
    assert [failure.expectation for failure in check_form(frame, DROP_COLUMNS)] == [
        "column title is there",
        "column certainty is there",
    ]
