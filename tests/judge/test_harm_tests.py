"""The screen's tests hold their level together, find a large loss, and allow for families."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.judge.families import count_effective
from pipelines.judge.harm_tests import Harm, compare_losses, compare_shares, find_smallest_harm, reject_harms
from pipelines.judge.statistics import tail_student

Floats = npt.NDArray[np.float64]
ALPHA = 0.05
SIMULATIONS = 2_000
ALONE = np.arange(300)
"""Three hundred rows, each a family of its own."""


def draw_differences(generator: np.random.Generator, shape: tuple[int, ...], discordance: float, harm: float = 0.0) -> Floats:
    """Return -1, 0 or 1 a row: where the two differ, and by how much more often the candidate is the worse one."""
    gain, loss = (discordance - harm) / 2, (discordance + harm) / 2
    return generator.choice([-1.0, 0.0, 1.0], p=[loss, 1 - gain - loss, gain], size=shape)


def draw_language(
    generator: np.random.Generator, families: int, rows: int, spread: float, simulations: int = SIMULATIONS
) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats], npt.NDArray[np.int64]]:
    """Return losses of two equal models that differ by whole families of very unequal sizes, the sizes, and the families."""
    weights = generator.lognormal(0, spread, families)
    others = generator.choice(families, p=weights / weights.sum(), size=rows - families)
    family = np.sort(np.concatenate([np.arange(families), others]))
    sizes = np.round(generator.lognormal(6, 0.8, rows))
    champion = np.broadcast_to(sizes * generator.lognormal(0, 0.3, rows), (simulations, rows))
    noise = generator.normal(0, 0.03, (simulations, families))[:, family] + generator.normal(0, 0.05, (simulations, rows))
    return (champion * (1 + noise), champion), (sizes, sizes), family


def test_an_equal_model_passes_twenty_subgroups_of_three_hundred() -> None:
    generator = np.random.default_rng(1)
    harms = [compare_shares(draw_differences(generator, (SIMULATIONS, 300), 0.1), ALONE, ALPHA) for _ in range(20)]
    passed = 1 - reject_harms(harms, ALPHA).any(axis=-1).mean()
    assert 0.95 <= passed <= 0.985  # and not by never finding anything


def test_without_holm_an_equal_model_would_not_pass() -> None:
    generator = np.random.default_rng(1)
    harms = [compare_shares(draw_differences(generator, (SIMULATIONS, 300), 0.1), ALONE, ALPHA) for _ in range(20)]
    assert np.stack([harm.p_worse <= ALPHA for harm in harms], axis=-1).any(axis=-1).mean() > 0.5


@pytest.mark.parametrize("alpha", [ALPHA, 0.0304, 0.0012], ids=["whole α", "first look", "fifth look"])
def test_finds_a_loss_of_fifteen_points_in_one_subgroup_of_twenty(alpha: float) -> None:
    generator = np.random.default_rng(2)
    losses = [0.15, *[0.0] * 19]
    harms = [compare_shares(draw_differences(generator, (SIMULATIONS, 300), 0.1 + loss, loss), ALONE, alpha) for loss in losses]
    found = reject_harms(harms, alpha)
    assert found[:, 0].mean() > 0.8
    assert found[:, 1:].any(axis=-1).mean() <= alpha


def test_non_inferiority_on_every_subgroup_would_stop_an_equal_model() -> None:
    """Why it is a screen: twenty subgroups of 300, each to be shown to lose less than three points, are rarely all shown."""
    generator = np.random.default_rng(3)
    harms = [compare_shares(draw_differences(generator, (SIMULATIONS, 300), 0.1), ALONE, ALPHA) for _ in range(20)]
    assert np.stack([harm.lower > -0.03 for harm in harms], axis=-1).all(axis=-1).mean() < 0.05


@pytest.mark.parametrize(("families", "spread"), [(300, 0.0), (30, 1.0), (12, 1.5)])
def test_equal_language_models_pass_however_unequal_their_families_are(families: int, spread: float) -> None:
    generator = np.random.default_rng(4)
    harms = [compare_losses(*draw_language(generator, families, 300, spread), ALPHA) for _ in range(20)]
    assert reject_harms(harms, ALPHA).any(axis=-1).mean() <= 0.065


def test_a_few_long_families_would_pass_for_many_without_their_effective_number() -> None:
    generator = np.random.default_rng(4)
    drawn = [draw_language(generator, 12, 300, 1.5) for _ in range(20)]
    naive = []
    for (own, other), sizes, family in drawn:
        totals = np.stack([(other - own)[:, family == code].sum(axis=-1) for code in range(12)], axis=-1) / sizes[0].sum()
        weights = np.bincount(family, weights=sizes[0]) / sizes[0].sum()
        residuals = totals - totals.sum(axis=-1, keepdims=True) * weights
        error = np.sqrt((residuals**2).sum(axis=-1) * 12 / 11)
        naive.append(tail_student(-totals.sum(axis=-1) / error, 12))
    assert (np.stack(naive, axis=-1) <= ALPHA / 20).any(axis=-1).mean() > 0.15


def test_rows_of_one_family_that_stand_or_fall_together_count_like_one() -> None:
    differences = np.repeat(np.array([-1.0] * 6 + [1.0] * 1 + [0.0] * 23), 10)
    together = compare_shares(differences, np.repeat(np.arange(30), 10), ALPHA)
    apart = compare_shares(differences, np.arange(300), ALPHA)
    assert float(together.effect) == pytest.approx(10)
    assert float(together.p_worse) > 100 * float(apart.p_worse)
    assert together.estimate == apart.estimate


@given(st.lists(st.sampled_from([-1.0, 0.0, 1.0]), min_size=12, max_size=60))
def test_a_loss_seen_from_the_other_side_is_a_gain(differences: list[float]) -> None:
    array = np.array(differences)
    harm, gain = (compare_shares(sign * array, np.arange(len(array)), ALPHA) for sign in (1, -1))
    assert float(harm.estimate) == -float(gain.estimate)
    assert float(harm.lower) == pytest.approx(-float(gain.upper), abs=1e-9)
    assert float(harm.lower) <= float(harm.estimate) + 1e-9 <= float(harm.upper) + 2e-9
    assert float(harm.p_worse) + float(gain.p_worse) == pytest.approx(1)


def test_the_same_model_is_not_worse_than_itself() -> None:
    zeros = np.zeros(40)
    assert float(compare_shares(zeros, np.arange(40), ALPHA).p_worse) == 0.5
    losses, sizes = np.full(40, 3.0), np.full(40, 10.0)
    harm = compare_losses((losses, losses), (sizes, sizes), np.arange(40), ALPHA)
    assert (float(harm.estimate), float(harm.error), float(harm.p_worse)) == (0.0, 0.0, 0.5)


def test_a_constant_loss_without_any_spread_is_still_a_loss() -> None:
    losses, sizes = np.full(40, 2.0), np.full(40, 8.0)
    harm = compare_losses((losses * 2, losses), (sizes, sizes), np.arange(40), ALPHA)
    assert (float(harm.estimate), float(harm.p_worse)) == (-0.25, 0.0)


def test_losses_per_byte_are_those_of_all_rows_together_and_of_each_models_own_bytes() -> None:
    generator = np.random.default_rng(5)
    own, other, size = generator.uniform(1, 9, 30), generator.uniform(1, 9, 30), generator.uniform(5, 50, 30)
    harm = compare_losses((own, other), (size - 1, size), np.arange(30) // 2, ALPHA)
    assert float(harm.estimate) == pytest.approx(other.sum() / size.sum() - own.sum() / (size - 1).sum())
    assert float(harm.lower) < float(harm.estimate) < float(harm.upper)


def test_a_batch_of_one_says_what_the_single_test_says() -> None:
    generator = np.random.default_rng(6)
    differences = draw_differences(generator, (300,), 0.2)
    single, batch = compare_shares(differences, ALONE, ALPHA), compare_shares(differences[None], ALONE, ALPHA)
    for name in ("estimate", "lower", "upper", "error", "effect", "p_worse"):
        assert getattr(batch, name)[0] == pytest.approx(getattr(single, name))


def test_the_smallest_harm_said_to_be_found_is_found_four_times_in_five() -> None:
    generator = np.random.default_rng(7)
    equal = [compare_shares(draw_differences(generator, (300,), 0.1), ALONE, ALPHA) for _ in range(20)]
    least, size = find_smallest_harm(equal, ALPHA, is_share=True)
    assert size == 300
    differences = draw_differences(generator, (SIMULATIONS, 300), 0.1 + least, least)
    harm = compare_shares(differences, ALONE, ALPHA)
    assert (harm.p_worse <= ALPHA / 20).mean() == pytest.approx(0.8, abs=0.04)


def test_more_rows_show_a_smaller_harm_and_more_subgroups_hide_it() -> None:
    def smallest(rows: int, groups: int) -> float:
        differences = np.resize([-1.0, 1.0, *[0.0] * 18], rows)
        harm = compare_shares(differences, np.arange(rows), ALPHA)
        return find_smallest_harm([harm] * groups, ALPHA, is_share=True)[0]

    assert smallest(400, 10) < smallest(100, 10) < smallest(100, 40)


def test_models_that_agree_on_every_row_would_still_have_shown_only_a_large_harm() -> None:
    harm = compare_shares(np.zeros(30), np.arange(30), ALPHA)
    least, _ = find_smallest_harm([harm] * 20, ALPHA, is_share=True)
    assert 0.3 < least < 0.6


def test_a_language_models_smallest_harm_follows_from_its_errors() -> None:
    generator = np.random.default_rng(8)
    losses, sizes, family = draw_language(generator, 100, 300, 0.0, simulations=1)
    harm: Harm = compare_losses((losses[0][0], losses[1][0]), sizes, family, ALPHA)
    least, _ = find_smallest_harm([harm] * 5, ALPHA, is_share=False)
    assert least == pytest.approx((2.326 + 0.842) * float(harm.error), rel=1e-3)
    assert count_effective(sizes[0]) > 100
