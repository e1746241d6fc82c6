"""A contrast answers for a batch what it answers for one, and an answer agrees with the bound that is told of it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.judge.contrasts import Estimates, Pairs, pair_families
from pipelines.judge.statistics import Floats, bound_difference, tail_student


def array(*numbers: float) -> Floats:
    return np.array(numbers, dtype=np.float64)


def pairs(gains: float, losses: float, rows: float = 1_000, effect: float = 1.0) -> Pairs:
    return Pairs(gains=array(gains), losses=array(losses), rows=array(rows), effect=array(effect))


@settings(deadline=None)
@given(st.integers(0, 60), st.integers(0, 60), st.integers(150, 3_000), st.floats(1e-6, 0.2), st.floats(0.001, 0.3))
def test_is_above_says_what_the_bound_says(gains: int, losses: int, rows: int, alpha: float, margin: float) -> None:
    contrast = pairs(gains, losses, rows)
    lower = contrast.bound(alpha)[0]
    if abs(lower + margin) > 1e-9:
        assert bool(contrast.is_above(-margin, alpha)[0]) is bool(lower > -margin)


def test_a_gain_is_a_gain_and_a_loss_a_loss() -> None:
    better, worse = pairs(60, 20), pairs(20, 60)
    assert better.estimate[0] == -worse.estimate[0] == 0.04
    assert better.p_better[0] < 0.001
    assert worse.p_better[0] > 0.999
    assert better.is_above(0.0, 0.01)[0]
    assert not worse.is_above(-0.01, 0.05)[0]
    assert better.discordance[0] == 0.08


@pytest.mark.parametrize("margin", [1.0, 1.5])
def test_nobody_loses_more_than_everything(margin: float) -> None:
    assert pairs(0, 50, 100).is_above(-margin, 0.001)[0]


def test_the_design_effect_divides_the_counts() -> None:
    halved = pairs(30, 10, 500)
    clustered = pairs(60, 20, 1_000, 2.0)
    assert clustered.bound(0.03)[0] == halved.bound(0.03)[0]
    assert clustered.estimate[0] == halved.estimate[0]


def test_families_give_the_sums_of_their_rows_and_how_alike_they_are() -> None:
    gains, losses = np.tile([3.0, 0.0, 0.0], 10), np.tile([0.0, 3.0, 0.0], 10)
    contrast = pair_families(gains, losses, np.full(30, 3.0))
    assert (float(contrast.gains), float(contrast.losses), float(contrast.rows)) == (30, 30, 90)
    assert float(contrast.effect) == pytest.approx(3)
    apart = pair_families(np.tile([1.0, 0.0], 20), np.tile([0.0, 1.0], 20), np.ones(40))
    assert float(apart.effect) == pytest.approx(1)


def test_a_batch_of_families_is_each_of_them() -> None:
    generator = np.random.default_rng(3)
    gains, losses = generator.integers(0, 3, size=(2, 5, 40)).astype(np.float64)
    together = pair_families(gains, losses, np.full((5, 40), 6.0))
    alone = pair_families(gains[2], losses[2], np.full(40, 6.0))
    assert together.effect[2] == alone.effect
    assert together.bound(0.02)[2] == alone.bound(0.02)


def test_every_member_may_have_a_level_of_its_own() -> None:
    contrast = Pairs(gains=array(9, 9), losses=array(5, 5), rows=array(200, 200), effect=array(1, 1))
    levels = array(0.05, 0.001)
    assert contrast.bound(levels)[0] == bound_difference(array(9), array(5), array(200), 0.05)[0]
    assert contrast.bound(levels)[1] < contrast.bound(levels)[0]


def test_an_estimate_is_bounded_by_students_t() -> None:
    contrast = Estimates(estimate=array(0.02, 0.02), error=array(0.01, 0.0), families=20)
    assert contrast.p_better.tolist() == [tail_student(array(2.0), 20)[0], 0.0]
    assert contrast.bound(0.05)[1] == 0.02
    assert contrast.is_above(0.0, 0.05).tolist() == [True, True]
    assert contrast.is_above(0.01, 0.05).tolist() == [False, True]


def test_no_gain_without_doubt_is_no_gain() -> None:
    assert Estimates(estimate=array(0.0, -1.0), error=array(0.0, 0.0), families=20).p_better.tolist() == [1.0, 1.0]
