"""Chance is what two candidates of one recipe differ by on dev, by the judge's own comparison."""

from __future__ import annotations

from dataclasses import replace

import pytest

from flows.seeding import measure_noise
from pipelines.domain.models import Role
from pipelines.domain.scorecards import Outcome, Slice
from pipelines.judge.params import Floor, JudgeParams, NonInferiority, ReasonToChange
from tests.builders.outcomes import build_outcomes, build_pin

PARAMS = JudgeParams(gates=(Floor(), NonInferiority(against=Role.CHAMPION), ReasonToChange()))
BITS = JudgeParams(gates=(NonInferiority(metric="bits_per_byte", against=Role.CHAMPION), ReasonToChange()))


def seeded(*wrong: int, rows: int = 200, **fields: object) -> list[Outcome]:
    return build_outcomes(Role.CANDIDATE, Slice.DEV, rows, wrong, **fields)


def test_the_spread_is_the_mean_share_of_rows_that_only_one_gets_right() -> None:
    noise = measure_noise([seeded(), seeded(0, 1), seeded(2, 3, 4, 5)], build_pin(), PARAMS)["accuracy"]
    assert noise.spread == pytest.approx((2 + 4 + 6) / 3 / 200)
    assert noise.largest == pytest.approx(4 / 200)
    assert (noise.effect, noise.rows) == (1.0, 200)


def test_seeds_that_come_out_the_same_differ_by_nothing_and_are_planned_for_all_the_same() -> None:
    noise = measure_noise([seeded(3), seeded(3)], build_pin(), PARAMS)["accuracy"]
    assert (noise.spread, noise.planned_discordance) == (0.0, 1 / 200)


def test_rows_that_err_by_families_have_a_design_effect() -> None:
    """Five rows a family that are right or wrong together are worth one."""
    first, second = (
        [replace(outcome, family_id=f"family {number // 5}") for number, outcome in enumerate(seeded(*wrong))]
        for wrong in ((), range(15))
    )
    assert measure_noise([first, second], build_pin(), PARAMS)["accuracy"].effect == pytest.approx(5, rel=0.1)


def test_one_seed_and_a_dev_split_that_is_too_small_measure_nothing() -> None:
    assert measure_noise([seeded()], build_pin(), PARAMS) == {}
    assert measure_noise([], build_pin(), PARAMS) == {}
    few = [seeded(rows=3, loss=loss) for loss in (0.1, 0.2)]
    assert measure_noise(few, build_pin(champion=None), BITS) == {}


def test_a_metric_of_losses_is_measured_by_the_variance_of_a_row() -> None:
    first = seeded(rows=400)
    second = [replace(one, loss=one.loss + (0.05 if number % 2 else -0.05)) for number, one in enumerate(first)]
    noise = measure_noise([first, second], build_pin(champion=None), BITS)["bits_per_byte"]
    per_row = 0.05 / 0.693147 / 100
    assert noise.spread == pytest.approx(per_row**2, rel=0.15)
