"""The laws of gap closure, backward transfer and their intervals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.matrices import RESAMPLES, close_gap, list_transfers, macro_f1, resample, score, transfer_backward
from pipelines.domain.models import Role
from pipelines.domain.scorecards import Outcome, Slice
from pipelines.evaluate.metrics import macro_f1 as product_macro_f1

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.matrices import Floats

SCORES = st.lists(st.floats(0.01, 0.99), min_size=1, max_size=8)
PAIRS = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcde")), min_size=1, max_size=40)


def build_outcome(place: int, label: str, predicted: str) -> Outcome:
    return Outcome(
        role=Role.CANDIDATE,
        slice=Slice.HOLDOUT,
        row_id=str(place),
        family_id=str(place),
        source="",
        label=label,
        predicted=predicted,
        correct=float(label == predicted),
        loss=0.0,
        size=1,
        confidence=1.0,
    )


@given(PAIRS)
def test_macro_f1_is_the_product_s_own(pairs: list[tuple[str, str]]) -> None:
    outcomes = [build_outcome(place, *pair) for place, pair in enumerate(pairs)]
    assert macro_f1(pairs) == pytest.approx(product_macro_f1(outcomes), abs=1e-12)


@given(SCORES, st.floats(0.01, 0.5))
def test_who_is_as_good_as_full_closes_the_gap_and_who_is_frozen_none_of_it(scores: list[float], gain: float) -> None:
    frozen = np.array(scores)
    full = frozen + gain
    assert close_gap(full, frozen, full) == pytest.approx(1)
    assert close_gap(frozen, frozen, full) == 0
    assert close_gap(frozen + gain / 2, frozen, full) == pytest.approx(0.5)


def test_who_is_better_than_full_closes_more_and_who_is_worse_than_frozen_less_than_nothing() -> None:
    frozen, full = np.array([0.5, 0.5]), np.array([0.7, 0.6])
    assert close_gap(full + 0.1, frozen, full) > 1
    assert close_gap(frozen - 0.1, frozen, full) < 0


def test_without_a_gap_there_is_nothing_to_close() -> None:
    assert math.isnan(close_gap(np.array([0.6]), np.array([0.5]), np.array([0.5])))


def test_backward_transfer_is_negative_where_old_years_are_forgotten_and_positive_where_they_gain() -> None:
    new = np.array([[0.8, 0.5, 0.5], [0.8, 0.7, 0.5], [0.8, 0.7, 0.9]])
    forgotten, gained = new.copy(), new.copy()
    forgotten[2, :2] -= 0.2
    gained[2, :2] += 0.1
    assert transfer_backward(new) == 0
    assert transfer_backward(forgotten) == pytest.approx(-0.2)
    assert transfer_backward(gained) == pytest.approx(0.1)


def test_backward_transfer_compares_the_end_with_the_diagonal_and_leaves_the_last_drop_out() -> None:
    matrix = np.array([[0.1, 9, 9], [9, 0.2, 9], [0.4, 0.6, 9.0]])
    assert list_transfers(matrix).tolist() == pytest.approx([0.3, 0.4])


def test_a_score_needs_every_row_of_the_drop() -> None:
    truth = {"one": "a", "two": "b"}
    assert score(truth, {"1": {"one": "a", "two": "b", "three": "b"}}, 1) == 1
    assert math.isnan(score(truth, {"1": {"one": "a"}}, 1))
    assert math.isnan(score(truth, {"0": {"one": "a", "two": "b"}}, 1))
    assert math.isnan(score({}, {"1": {}}, 1))


def mean_of(blocks: Sequence[Floats]) -> float:
    return float(np.mean([block.mean() for block in blocks]))


def test_the_same_numbers_have_the_same_interval() -> None:
    blocks = [np.random.default_rng(1).random((3, 6, 2)), np.random.default_rng(2).random((3, 4, 2))]
    assert resample(blocks, mean_of) == resample(blocks, mean_of)
    assert resample(blocks, mean_of) != resample(blocks, mean_of, seed=1)


def test_an_interval_lies_around_its_value_and_counts_what_it_is_of() -> None:
    blocks = [np.random.default_rng(1).random((3, 6, 2))]
    interval = resample(blocks, mean_of)
    assert interval.lower < interval.value == blocks[0].mean() < interval.upper
    assert interval.n == 18


def test_where_seeds_and_years_agree_there_is_no_doubt() -> None:
    interval = resample([np.full((3, 5), 0.25)], mean_of)
    assert (interval.lower, interval.value, interval.upper) == (0.25, 0.25, 0.25)


def test_arms_stay_paired_however_much_the_years_differ() -> None:
    """A year that is hard for all arms must not widen the interval of their difference."""
    hard = np.linspace(0.1, 0.9, 8)[np.newaxis, :, np.newaxis]
    block = np.concatenate([hard + 0.1, hard], axis=2)
    interval = resample([block], lambda blocks: float((blocks[0][..., 0] - blocks[0][..., 1]).mean()))
    assert interval.upper - interval.lower == pytest.approx(0, abs=1e-12)


def test_years_that_differ_widen_an_interval_as_their_number_says() -> None:
    block = np.random.default_rng(3).normal(0, 1, (1, 400))
    interval = resample([block], mean_of)
    assert interval.upper - interval.lower == pytest.approx(2 * 1.96 / 20, rel=0.15)
    assert RESAMPLES >= 1_000
