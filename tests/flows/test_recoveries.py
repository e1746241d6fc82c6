"""A gain is paired row by row and counted by family; where it cannot be told there is none."""

from __future__ import annotations

import pytest

from flows.recoveries import compare_outcomes, write_gain
from pipelines.domain.models import Role
from pipelines.domain.scorecards import Outcome, Slice
from tests.builders.outcomes import build_outcomes


def build_both(rows: int, champion_wrong: range, candidate_wrong: range) -> list[Outcome]:
    return [
        *build_outcomes(Role.CANDIDATE, Slice.FRESH, rows, candidate_wrong),
        *build_outcomes(Role.CHAMPION, Slice.FRESH, rows, champion_wrong),
    ]


def test_a_gain_is_candidate_less_champion() -> None:
    gain = compare_outcomes("accuracy", build_both(100, range(30), range(10)))
    assert gain is not None
    assert (gain.rows, gain.value) == (100, pytest.approx(0.2))
    assert compare_outcomes("accuracy", build_both(100, range(10), range(30))).value == pytest.approx(-0.2)  # type: ignore[union-attr]


def test_the_order_of_outcomes_is_nothing() -> None:
    outcomes = build_both(30, range(9), range(3))
    assert compare_outcomes("accuracy", outcomes[::-1]) == compare_outcomes("accuracy", outcomes)


def test_a_large_family_counts_once() -> None:
    large = build_outcomes(Role.CANDIDATE, Slice.FRESH, 90, family_id="large")
    large += build_outcomes(Role.CHAMPION, Slice.FRESH, 90, range(90), family_id="large")
    small = build_outcomes(Role.CANDIDATE, Slice.FRESH, 1, family_id="small")
    small += build_outcomes(Role.CHAMPION, Slice.FRESH, 1, family_id="small")
    gain = compare_outcomes("accuracy", [*large, *small])
    assert gain is not None
    assert gain.rows == 2


def test_models_that_agree_everywhere_are_still_not_known_to_be_alike() -> None:
    gain = compare_outcomes("accuracy", build_both(25, range(5), range(5)))
    assert gain is not None
    assert gain.value == 0.0
    assert gain.error == pytest.approx(1 / 25)


@pytest.mark.parametrize("rows", [0, 1])
def test_one_family_tells_no_gain(rows: int) -> None:
    assert compare_outcomes("accuracy", build_both(rows, range(0), range(0))) is None


def test_rows_that_only_one_was_asked_about_do_not_count() -> None:
    assert compare_outcomes("accuracy", build_outcomes(Role.CANDIDATE, Slice.FRESH, 30)) is None


def test_an_event_carries_it() -> None:
    gain = compare_outcomes("accuracy", build_both(100, range(30), range(10)))
    written = write_gain(gain)
    assert isinstance(written, dict)
    assert {"metric", "rows", "value", "error"} == set(written)
    assert write_gain(None) is None
