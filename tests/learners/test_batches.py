"""Batches: every row once, within the budget, little padding, always the same."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.learners.batches import measure_padding, plan_batches, plan_reading

LENGTHS = st.lists(st.integers(1, 300), max_size=60)


@given(LENGTHS, st.integers(1, 1000), st.integers(0, 9), st.integers(0, 3))
def test_every_row_is_in_one_batch(lengths: list[int], budget: int, seed: int, epoch: int) -> None:
    for batches in (plan_batches(lengths, budget, seed, epoch), plan_reading(lengths, budget)):
        assert sorted(place for batch in batches for place in batch) == list(range(len(lengths)))


@given(LENGTHS, st.integers(1, 1000))
def test_no_batch_of_several_rows_exceeds_the_budget(lengths: list[int], budget: int) -> None:
    for batch in plan_batches(lengths, budget, 0, 0):
        assert len(batch) == 1 or len(batch) * max(lengths[place] for place in batch) <= budget


@given(LENGTHS, st.integers(1, 1000), st.integers(0, 3))
def test_every_epoch_has_the_same_number_of_batches(lengths: list[int], budget: int, epoch: int) -> None:
    assert len(plan_batches(lengths, budget, 0, epoch)) == len(plan_batches(lengths, budget, 0, 0))


def test_epochs_and_seeds_differ_and_each_is_always_the_same() -> None:
    lengths = [10] * 50
    plans = [plan_batches(lengths, 100, seed, epoch) for seed in (0, 1) for epoch in (0, 1)]
    assert all(left != right for place, left in enumerate(plans) for right in plans[:place])
    assert plans[0] == plan_batches(lengths, 100, 0, 0)


def test_padding_is_a_few_percent_of_texts_of_very_unlike_length() -> None:
    lengths = np.random.default_rng(0).integers(10, 250, size=2000).tolist()
    batches = plan_batches(lengths, 4096, 0, 0)
    assert measure_padding(batches, lengths) < 0.03


def test_padding_is_the_share_of_the_rectangles_that_is_no_text() -> None:
    assert measure_padding([[0, 1], [2]], [1, 4, 3]) == 1 - 8 / 11
    assert measure_padding([], []) == 0.0
