"""Sums over families lose no row, and unequal families count for fewer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.judge.families import count_effective, sum_each_family

ROWS = st.lists(st.tuples(st.integers(0, 6), st.integers(-50, 50)), min_size=1, max_size=40)


@given(ROWS)
def test_each_family_has_the_sum_of_its_rows_in_the_order_of_its_code(rows: list[tuple[int, int]]) -> None:
    family, values = np.array([code for code, _ in rows]), np.array([float(value) for _, value in rows])
    expected = [values[family == code].sum() for code in np.unique(family)]
    assert sum_each_family(values, family).tolist() == expected


@given(ROWS)
def test_a_batch_is_summed_as_each_of_it_is(rows: list[tuple[int, int]]) -> None:
    family, values = np.array([code for code, _ in rows]), np.array([float(value) for _, value in rows])
    both = sum_each_family(np.stack([values, 2 * values]), family)
    assert np.array_equal(both[0], sum_each_family(values, family))
    assert np.array_equal(both[1], 2 * both[0])


@pytest.mark.parametrize(
    ("weights", "expected"), [([3.0] * 12, 12), ([100.0] + [1.0] * 50, 2), ([1.0] * 10 + [0.0] * 90, 10), ([5.0], 2)]
)
def test_families_of_one_size_are_as_many_as_they_are_and_others_fewer(weights: list[float], expected: int) -> None:
    assert count_effective(np.array(weights)) == expected


@given(st.lists(st.floats(0.1, 100), min_size=2, max_size=40), st.floats(0.1, 10))
def test_effective_families_are_never_more_than_families_and_have_no_unit(weights: list[float], scale: float) -> None:
    array = np.array(weights)
    assert 2 <= count_effective(array) <= len(weights)
    assert abs(count_effective(array * scale) - count_effective(array)) <= 1  # the last bit may round down
