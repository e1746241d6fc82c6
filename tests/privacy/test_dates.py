"""Every element of a date but the year is found, and a date that is moved is written as it was and as far from the others."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.privacy.dates import FULL, find_dates, find_relative_dates, hide_birth, move_date

DAYS = st.dates(date(1990, 1, 1), date(2030, 12, 28))
SHIFTS = st.integers(-104, -1).map(lambda weeks: 7 * weeks)


def values(text: str) -> list[str]:
    return [text[one.start : one.end] for one in find_dates(text)]


@pytest.mark.parametrize(
    "value",
    [
        "April 12, 2023", "Feb 5th, 2022", "Feb 2nd 2021", "Feb 14th '23", "5th Nov 2020", "12 March 2021", "3rd of May 2020",
        "July 2022", "12-Apr-2023", "15-Mar-22", "02/14/22", "3/14/2022", "10-04-2023", "2023-04-12", "2023/04/12", "14.03.2021",
        "28/02/2021", "03/2021", "December 3", "Christmas", "New Year's Eve", "summer of 2022",
    ],
)  # fmt: skip
def test_finds_a_date_however_it_is_written(value: str) -> None:
    assert values(f"The patient was seen {value}, and left.") == [value]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("since March he", "March"),
        ("on 3/14 with", "3/14"),
        ("DOB: 11/02/1958.", "11/02/1958"),
        ("last December?", "last December"),
    ],
)
def test_finds_a_part_of_a_date_after_its_word(text: str, value: str) -> None:
    assert values(text) == [value]


@pytest.mark.parametrize(
    "text",
    [
        "diagnosed in 2021", "BP 120/80, pain 9/10", "INR of 2.0-3.0", "HgbA1c of 7.5%", "1/2 tablet", "she may 5 times",
        "12 CFR 1026.4",
        "MRN 112-45-789", "Christmas disease", "GFR of 45 mL/min/1.73m2", "on Monday", "a 5-year survival", "last summer",
    ],
)  # fmt: skip
def test_takes_nothing_else_for_a_date(text: str) -> None:
    assert values(text) == []


def test_words_that_date_by_the_day_of_writing_are_told_apart() -> None:
    assert [(one.start, one.end) for one in find_relative_dates("Seen last month.")] == [(5, 15)]
    assert find_dates("Seen last month.") == []


@given(DAYS, SHIFTS)
def test_a_moved_date_is_the_day_it_should_be(day: date, days: int) -> None:
    moved = day + timedelta(days=days)
    assert move_date(day.isoformat(), days, 2024) == moved.isoformat()
    assert move_date(f"{day:%m/%d/%Y}", days, 2024) == f"{moved:%m/%d/%Y}"
    assert (
        move_date(f"{FULL[day.month - 1]} {day.day}, {day.year}", days, 2024)
        == f"{FULL[moved.month - 1]} {moved.day}, {moved.year}"
    )


@given(DAYS, DAYS, SHIFTS)
def test_the_time_between_two_days_stays_and_so_do_weekdays(first: date, second: date, days: int) -> None:
    left, right = (date.fromisoformat(move_date(day.isoformat(), days, 2024)) for day in (first, second))
    assert right - left == second - first
    assert left.weekday() == first.weekday()


@pytest.mark.parametrize(
    ("value", "moved"),
    [
        ("Feb 5th, 2022", "Jan 29th, 2022"), ("Feb 14th '23", "Feb 7th '23"), ("MAY 2023", "MAY 2023"), ("3/8/22", "3/1/22"),
        ("3/8", "3/1"), ("12 March 2021", "5 March 2021"), ("8th of May, 2020", "1st of May, 2020"), ("02/30/2021", "02/21/2021"),
        ("last month", "recently"), ("summer of 2022", "2022"), ("last December", "last December"),
    ],
)  # fmt: skip
def test_a_moved_date_is_written_as_it_was(value: str, moved: str) -> None:
    assert move_date(value, -7, 2024) == moved


def test_a_day_of_birth_never_tells_an_age_over_ninety() -> None:
    assert hide_birth("03/14/1921", 2024) == "03/14/1934"
    assert hide_birth("03/14/1958", 2024) == "03/14/1958"
