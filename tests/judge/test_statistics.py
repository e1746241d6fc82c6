"""The tests hold the level that they promise: by published values, by exact enumeration, and by simulation through this code."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize
from scipy import stats as reference

from pipelines.judge.statistics import (
    Floats,
    bootstrap_error,
    bound_difference,
    bound_estimate,
    bound_proportion,
    design_effect,
    floor_error,
    reject_by_holm,
    score_difference,
    tail_normal,
    tail_student,
)


def array(*numbers: float) -> Floats:
    return np.array(numbers, dtype=np.float64)


def interval(gains: int, losses: int, rows: int) -> tuple[float, float]:
    lower = bound_difference(array(gains), array(losses), array(rows), 0.025)[0]
    return float(lower), float(-bound_difference(array(losses), array(gains), array(rows), 0.025)[0])


def test_agrees_with_the_published_interval() -> None:
    """Airway hyper-responsiveness (Bentur et al. 2009; Fagerland et al. 2014, Statistics in Medicine 33, table III)."""
    assert interval(1, 7, 21) == pytest.approx((-0.517, -0.026), abs=5e-4)


@pytest.mark.parametrize(("gains", "losses", "rows"), [(40, 20, 160), (12, 2, 50), (0, 5, 40), (3, 0, 90)])
def test_agrees_with_a_bound_found_by_constrained_likelihood(gains: int, losses: int, rows: int) -> None:
    """The same score statistic, its nuisance parameter maximised numerically instead of in closed form."""

    def score(delta: float) -> float:
        def likelihood(loss: float) -> float:
            gain, rest = loss + delta, 1 - 2 * loss - delta
            return -(gains * math.log(gain) + losses * math.log(loss) + (rows - gains - losses) * math.log(rest))

        low, high = max(0.0, -delta) + 1e-12, (1 - delta) / 2 - 1e-12
        loss = optimize.minimize_scalar(likelihood, bounds=(low, high), method="bounded", options={"xatol": 1e-13}).x
        return float((gains - losses - rows * delta) / math.sqrt(rows * (2 * loss + delta - delta**2)))

    estimate = (gains - losses) / rows
    bound = optimize.brentq(lambda delta: score(delta) - reference.norm.ppf(0.95), estimate - 0.5, estimate - 1e-6)
    assert float(bound_difference(array(gains), array(losses), array(rows), 0.05)[0]) == pytest.approx(bound, abs=1e-5)


@pytest.mark.parametrize(("gain", "loss"), [(0.05, 0.05), (0.02, 0.03), (0.10, 0.11), (0.2, 0.1)])
@pytest.mark.parametrize("rows", [100, 300])
def test_covers_as_often_as_it_promises_by_exact_enumeration(gain: float, loss: float, rows: int) -> None:
    gains, losses = np.meshgrid(np.arange(121), np.arange(121), indexing="ij")
    lower = bound_difference(gains, losses, np.full(gains.shape, rows), 0.05)
    counts = np.stack([gains, losses, rows - gains - losses], axis=-1)
    weights = reference.multinomial.pmf(counts, rows, [gain, loss, 1 - gain - loss])
    assert weights.sum() == pytest.approx(1, abs=1e-6)
    assert 0.935 <= weights[lower <= gain - loss].sum() <= 0.975


@settings(deadline=None)
@given(st.integers(0, 50), st.integers(0, 50), st.integers(100, 500), st.floats(1e-6, 0.2))
def test_a_bound_lies_below_its_estimate_and_its_score_is_the_quantile(gains: int, losses: int, rows: int, alpha: float) -> None:
    lower = bound_difference(array(gains), array(losses), array(rows), alpha)
    assert -1 <= lower[0] < (gains - losses) / rows + 1e-12
    assert score_difference(array(gains), array(losses), array(rows), lower)[0] == pytest.approx(
        reference.norm.isf(alpha), abs=1e-4
    )


@settings(deadline=None)
@given(st.integers(1, 60), st.integers(0, 60))
def test_against_no_difference_the_score_is_mcnemars(gains: int, losses: int) -> None:
    score = score_difference(array(gains), array(losses), array(500), 0.0)[0]
    assert score == pytest.approx((gains - losses) / math.sqrt(gains + losses))


def test_rows_that_never_differ_still_leave_room_for_doubt() -> None:
    z = reference.norm.isf(0.05)
    lower = bound_difference(array(0, 0), array(0, 0), array(20, 2_000), 0.05)
    assert lower == pytest.approx([-(z**2) / (20 + z**2), -(z**2) / (2_000 + z**2)], abs=1e-9)


def test_batches_of_any_shape_give_what_one_at_a_time_gives() -> None:
    gains, losses = np.arange(12.0).reshape(3, 4), np.full((3, 4), 5.0)
    together = bound_difference(gains, losses, array(100), 0.01)
    assert together.shape == (3, 4)
    assert together[2, 1] == bound_difference(array(9), array(5), array(100), 0.01)[0]


def test_agrees_with_scipy_on_a_proportion() -> None:
    expected = reference.binomtest(40, 50).proportion_ci(0.9, "wilson").low
    assert bound_proportion(array(40), array(50), 0.05)[0] == pytest.approx(expected)


def simulate_families(seed: int, runs: int, families: int, size: int, spread: float) -> Floats:
    """Return differences in {-1, 0, 1} of shape (runs, families, size) that families share to the degree of ``spread``."""
    generator = np.random.default_rng(seed)
    shared = generator.random((runs, families, 1)) < spread
    draws = generator.choice([-1.0, 0.0, 1.0], p=[0.1, 0.8, 0.1], size=(runs, families, size))
    return np.where(shared, draws[..., :1], draws)


def cover_by_score(differences: Floats, *, is_adjusted: bool) -> float:
    rows = differences.shape[-1] * differences.shape[-2]
    sizes = np.full(differences.shape[:-1], float(differences.shape[-1]))
    effect = design_effect(differences.sum(-1), sizes, (differences**2).sum(-1)) if is_adjusted else array(1.0)
    gains, losses = ((differences * sign > 0).sum((-1, -2)) / effect for sign in (1, -1))
    return float((bound_difference(gains, losses, rows / effect, 0.05) <= 0).mean())


def test_the_design_effect_restores_the_level_that_families_break() -> None:
    differences = simulate_families(1, 2_000, 60, 6, 0.7)
    assert cover_by_score(differences, is_adjusted=False) < 0.90
    assert 0.93 <= cover_by_score(differences, is_adjusted=True) <= 0.975


def test_families_of_one_row_have_no_design_effect() -> None:
    differences = np.random.default_rng(2).choice([-1.0, 0.0, 1.0], size=50)
    assert design_effect(differences, np.ones(50), differences**2) == pytest.approx(1)


def test_families_that_move_as_one_count_as_one_row_each() -> None:
    signs = np.tile([-1.0, 0.0, 0.0, 1.0], 10)
    assert design_effect(4 * signs, np.full(40, 4.0), 4 * signs**2) == pytest.approx(4)


@pytest.mark.parametrize(("families", "hits"), [(5, 1.0), (20, 0.0)])
def test_where_likeness_cannot_be_estimated_a_family_is_one_row(families: int, hits: float) -> None:
    totals = np.zeros(families)
    totals[0] = hits
    assert design_effect(totals, np.full(families, 3.0), np.abs(totals)) == 3


def mean(sums: Floats) -> Floats:
    ratio: Floats = sums[..., 0] / sums[..., 1]
    return ratio


@pytest.mark.parametrize("families", [15, 40])
@pytest.mark.parametrize("alpha", [0.05, 0.0304])
def test_the_cluster_bootstrap_covers_as_often_as_it_promises(families: int, alpha: float) -> None:
    generator = np.random.default_rng(7)
    sizes = generator.integers(1, 8, size=(1_500, families)).astype(np.float64)
    totals = sizes * generator.normal(0, 1, sizes.shape) + np.sqrt(sizes) * generator.normal(0, 1, sizes.shape)
    sums = np.stack([totals, sizes], axis=-1)
    lower = bound_estimate(mean(sums.sum(axis=-2)), bootstrap_error(sums, mean, 3, 400), families, alpha)
    assert 1 - alpha - 0.02 <= (lower <= 0).mean() <= 1 - alpha + 0.02


def test_a_bootstrap_that_ignored_families_would_cover_too_seldom() -> None:
    generator = np.random.default_rng(8)
    values = np.repeat(generator.normal(0, 1, (400, 40, 1)), 5, axis=-1).reshape(400, 200)
    rows = np.stack([values, np.ones_like(values)], axis=-1)
    whole = rows.reshape(400, 40, 5, 2).sum(axis=2)
    naive = bound_estimate(values.mean(-1), bootstrap_error(rows, mean, 1, 200), 200, 0.05)
    honest = bound_estimate(values.mean(-1), bootstrap_error(whole, mean, 1, 200), 40, 0.05)
    assert (naive <= 0).mean() < 0.85
    assert 0.92 <= (honest <= 0).mean() <= 0.98


def test_the_bootstrap_error_of_a_mean_is_the_textbooks() -> None:
    values = np.random.default_rng(4).normal(0, 2, 80)
    error = bootstrap_error(np.stack([values, np.ones(80)], axis=-1), mean, 11, 20_000)
    assert float(error) == pytest.approx(values.std(ddof=1) / math.sqrt(80), rel=0.03)


def test_the_same_seed_gives_the_same_error_and_another_another() -> None:
    sums = np.random.default_rng(5).random((30, 2)) + 0.5
    assert bootstrap_error(sums, mean, 1) == bootstrap_error(sums, mean, 1)
    assert bootstrap_error(sums, mean, 1) != bootstrap_error(sums, mean, 2)


def test_an_error_of_nothing_is_not_believed_of_a_bounded_score() -> None:
    z = reference.norm.isf(0.05)
    assert floor_error(array(0.0), 100, 0.05)[0] * z == pytest.approx(z**2 / (100 + z**2))
    assert floor_error(array(0.5), 100, 0.05)[0] == 0.5


def test_tails_agree_with_scipy() -> None:
    assert tail_normal(array(1.7))[0] == pytest.approx(reference.norm.sf(1.7))
    assert tail_student(array(1.7), 12)[0] == pytest.approx(reference.t.sf(1.7, 11))


def test_holm_stops_at_the_first_that_fails() -> None:
    assert reject_by_holm(array(0.02, 0.01, 0.2), 0.05).tolist() == [True, True, False]
    assert reject_by_holm(array(0.03, 0.04, 0.001), 0.05).tolist() == [False, False, True]
    assert reject_by_holm(array(0.02, 0.03, 0.04), 0.05).tolist() == [False, False, False]


def test_holm_errs_in_the_family_no_more_often_than_alpha() -> None:
    p_values = np.random.default_rng(6).random((40_000, 3))
    assert reject_by_holm(p_values, 0.05).any(axis=-1).mean() == pytest.approx(1 - (1 - 0.05 / 3) ** 3, abs=0.004)


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=6), st.floats(0.001, 0.2))
def test_holm_rejects_something_exactly_when_bonferroni_does(p_values: list[float], alpha: float) -> None:
    assert reject_by_holm(np.array(p_values), alpha).any() == (min(p_values) <= alpha / len(p_values))
