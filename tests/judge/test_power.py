"""The number that a holdout is said to need is the number that it needs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.judge.params import JudgeParams, NonInferiority
from pipelines.judge.power import (
    PlannedTest,
    count_alone,
    count_for_conjunction,
    count_for_errors,
    count_for_proportions,
    find_decidable_factor,
    find_decidable_margin,
    plan_tests,
    primary_gates,
)
from pipelines.judge.statistics import bound_difference
from pipelines.judge.trials import TRIALS, draw_contrasts, pass_share
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


def build_test(name: str = "one", **fields: object) -> PlannedTest:
    defaults = {"name": name, "margin": 0.01, "discordance": 0.05}
    return PlannedTest(**{**defaults, **fields})  # type: ignore[arg-type]


@settings(deadline=None)
@given(st.integers(20, 50_000), st.floats(0.01, 0.5), st.floats(1e-5, 0.1), st.floats(1, 5))
def test_the_decidable_margin_is_the_least_that_the_rows_suffice_for(
    rows: int, share: float, alpha: float, effect: float
) -> None:
    margin = find_decidable_margin(rows, share, alpha, effect)
    if margin < 0.9:
        assert count_for_proportions(share, margin * 1.0001, alpha, effect) <= rows
        assert count_for_proportions(share, margin * 0.99, alpha, effect) >= rows


@pytest.mark.parametrize(("look", "formula"), [(1, 3_690), (10, 9_115)])
def test_one_test_takes_what_its_formula_says_and_a_little_for_tangos_caution(look: int, formula: int) -> None:
    needed = count_for_conjunction([build_test()], ALPHA_1 / look**2)
    assert formula <= needed <= 1.03 * formula


def pass_at_random(rows: int, alpha: float, seed: int = 4, runs: int = 60_000) -> float:
    """Equal models on a holdout of which a tenth is fresh and on half as many anchor rows, drawn and tested without this code."""
    generator = np.random.default_rng(seed)
    split = [0.025, 0.025, 0.95]
    old, new, anchor = (generator.multinomial(count, split, size=runs) for count in (9 * rows // 10, rows // 10, rows // 2))
    lower = [bound_difference(one[:, 0], one[:, 1], one.sum(axis=1), alpha) for one in (old + new, old, anchor)]
    return float(np.mean(np.min(lower, axis=0) > -0.01))


@pytest.mark.parametrize("look", [1, 10])
def test_the_conjunction_passes_at_its_number_as_often_as_said_and_seldomer_below(look: int) -> None:
    alpha = ALPHA_1 / look**2
    tests = [replace(test, share=share) for test, share in zip(plan_tests(JudgeParams()), (1.0, 0.9, 0.5), strict=True)]
    needed = count_for_conjunction(tests, alpha)
    assert pass_at_random(needed, alpha) == pytest.approx(0.8, abs=0.008)
    assert pass_at_random(9 * needed // 10, alpha) < 0.77
    assert needed > max(count_alone(test, alpha) for test in tests)


def test_a_test_within_another_costs_less_than_one_on_rows_of_its_own() -> None:
    outer = build_test("holdout")
    within, apart = (count_for_conjunction([outer, build_test("part", share=0.9, within=name)], 0.03) for name in ("holdout", ""))
    assert count_for_conjunction([outer], 0.03) < within < 0.95 * apart


def test_the_same_test_twice_on_the_same_rows_takes_no_more() -> None:
    again = build_test("again", within="one")
    assert count_for_conjunction([build_test(), again], 0.03) == pytest.approx(
        count_for_conjunction([build_test()], 0.03), rel=0.01
    )


def test_a_test_by_standard_error_takes_what_its_formula_says() -> None:
    noisy = build_test(discordance=0.04, margin=0.02, is_proportion=False)
    assert count_for_conjunction([noisy], 0.01) == pytest.approx(count_for_errors(1, 0.2, 0.02, 0.01), rel=0.02)
    halved = replace(noisy, share=0.5)
    assert count_for_conjunction([halved], 0.01) == pytest.approx(2 * count_for_conjunction([noisy], 0.01), rel=0.02)
    assert count_for_conjunction([replace(noisy, discordance=0.0)], 0.01) <= 2


def test_parts_of_a_test_by_standard_error_share_its_rows() -> None:
    outer = build_test("holdout", discordance=4.0, margin=0.1, is_proportion=False)
    parts = [replace(outer, name="part", share=0.9, within=name) for name in ("holdout", "")]
    assert pass_share([outer, parts[0]], 3_000, 0.03) > pass_share([outer, parts[1]], 3_000, 0.03) + 0.02


@pytest.mark.parametrize("discordance", [0.005, 0.05, 0.4])
def test_drawn_models_are_equal_and_differ_as_planned(discordance: float) -> None:
    (contrast,) = draw_contrasts([build_test(discordance=discordance)], 2_000)
    assert contrast.estimate.shape == (TRIALS,)
    assert contrast.estimate.mean() == pytest.approx(0, abs=1e-4)
    assert contrast.estimate.var() * 2_000 == pytest.approx(discordance, rel=0.03)


def test_the_answer_is_the_same_every_time() -> None:
    tests = plan_tests(JudgeParams())
    assert pass_share(tests, 5_000, 0.03) == pass_share(tests, 5_000, 0.03)


def test_more_power_and_tighter_margins_take_more() -> None:
    tests = plan_tests(JudgeParams())
    usual = count_for_conjunction(tests, ALPHA_1)
    assert count_for_conjunction(tests, ALPHA_1, 0.9) > 1.1 * usual
    assert count_for_conjunction([replace(test, margin=0.02) for test in tests], ALPHA_1) < 0.3 * usual


@pytest.mark.parametrize("rows", [40, 812, 4_000])
def test_margins_widened_by_the_factor_are_decidable(rows: int) -> None:
    tests = plan_tests(JudgeParams())
    factor = find_decidable_factor(tests, rows, ALPHA_1)
    widened = [replace(test, margin=factor * test.margin) for test in tests]
    assert pass_share(widened, rows, ALPHA_1) >= 0.8
    assert pass_share([replace(test, margin=0.97 * test.margin) for test in widened], rows, ALPHA_1) < 0.8


def test_a_margin_that_takes_millions_is_counted_as_quickly() -> None:
    assert count_for_conjunction([build_test(margin=0.0001)], ALPHA_1) == pytest.approx(36_906_000, rel=0.02)


def test_primary_are_the_blocking_gates_of_non_inferiority_each_once_at_its_strictest() -> None:
    gates = (
        NonInferiority(margin=0.02),
        NonInferiority(margin=0.01),
        NonInferiority(metric="macro_f1", margin=0.01),
        NonInferiority(metric="currency", is_blocking=False),
    )
    params = JudgeParams(gates=gates)
    assert [(gate.metric, gate.margin) for gate in primary_gates(params)] == [("accuracy", 0.01), ("macro_f1", 0.01)]
    assert [test.name for test in plan_tests(params)] == ["accuracy on the holdout against the champion"]


def test_established_rows_are_planned_as_rows_of_the_holdout() -> None:
    holdout, established, anchor = plan_tests(JudgeParams())
    assert (holdout.within, established.within, anchor.within) == ("", holdout.name, "")
