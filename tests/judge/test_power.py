"""The number that a holdout is said to need is the number that it needs."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.judge.power import count_for_errors, count_for_proportions
from pipelines.judge.statistics import bound_difference
from tests.builders.outcomes import ALPHA_1


def test_agrees_with_the_figures_of_the_plan() -> None:
    assert count_for_proportions(0.05, 0.01, ALPHA_1) == pytest.approx(3_690, abs=2)
    assert count_for_proportions(0.05, 0.01, ALPHA_1 / 100) == pytest.approx(9_115, abs=2)


@pytest.mark.parametrize(("discordance", "margin", "look"), [(0.05, 0.01, 1), (0.05, 0.01, 10), (0.2, 0.03, 1), (0.1, 0.02, 4)])
def test_an_equal_model_passes_at_the_planned_number_about_as_often_as_said(discordance: float, margin: float, look: int) -> None:
    alpha = ALPHA_1 / look**2
    rows = count_for_proportions(discordance, margin, alpha)
    split = [discordance / 2, discordance / 2, 1 - discordance]
    drawn = np.random.default_rng(look).multinomial(rows, split, size=4_000)
    lower = bound_difference(drawn[:, 0], drawn[:, 1], np.full(4_000, rows), alpha)
    assert (lower > -margin).mean() == pytest.approx(0.8, abs=0.03)


@pytest.mark.parametrize("rows", [1_000, 3_690])
def test_a_model_worse_by_the_margin_passes_no_more_often_than_alpha(rows: int) -> None:
    drawn = np.random.default_rng(3).multinomial(rows, [0.02, 0.03, 0.95], size=20_000)
    lower = bound_difference(drawn[:, 0], drawn[:, 1], np.full(20_000, rows), 0.05)
    assert (lower > -0.01).mean() <= 0.055


def test_below_the_least_number_no_model_could_pass() -> None:
    least = count_for_proportions(0.0, 0.01, ALPHA_1)
    zero = np.zeros(2)
    lower = bound_difference(zero, zero, np.array([least - 2, least + 1]), ALPHA_1)
    assert lower[0] <= -0.01 < lower[1]


@settings(deadline=None)
@given(st.floats(0.01, 0.5), st.floats(0.005, 0.1), st.floats(1e-5, 0.1), st.floats(1, 5))
def test_alike_rows_and_tighter_margins_and_lower_levels_need_more(
    share: float, margin: float, alpha: float, effect: float
) -> None:
    needed = count_for_proportions(share, margin, alpha)
    assert count_for_proportions(share, margin, alpha, effect) >= needed
    assert count_for_proportions(share, margin / 2, alpha) >= needed
    assert count_for_proportions(share, margin, alpha / 4) >= needed


def test_the_error_is_carried_over_by_the_root_of_the_number() -> None:
    assert count_for_errors(1_000, 0.005, 0.01, 0.05) == count_for_errors(4_000, 0.0025, 0.01, 0.05)
    assert count_for_errors(1_000, 0.0, 0.01, 0.05) == 0
