"""Each figure is of the arms that it names, and a goal that is missed is told."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.currency_arms import Arm
from benchmarks.currency_measures import measure_all, measure_judged, sum_cost
from benchmarks.currency_models import Cost
from benchmarks.measures import Measure
from benchmarks.series import SYNTHETIC
from tests.builders.replays import build_arms, build_track

FROZEN, FULL = build_track([0.5, 0.4, 0.3]), build_track([0.6, 0.6, 0.6], tokens=1_000)


def measure(**arms: object) -> dict[str, Measure]:
    seed = build_arms(**{"frozen": FROZEN, "full": FULL, **arms})  # type: ignore[arg-type]
    return {one.measure: one for one in measure_all({SYNTHETIC: [seed, seed]})}


def test_a_recipe_as_good_as_full_at_a_tenth_of_the_cost_meets_every_goal() -> None:
    said = measure(recipe=build_track([0.6, 0.6, 0.6], tokens=100), linear=FROZEN)
    assert said["gap closure, all series"].value == pytest.approx(1)
    assert said["training cost in tokens with padding, all series"].value == pytest.approx(0.1)
    assert said["training cost in device seconds, all series"].value == pytest.approx(0.1)
    assert said["backward transfer, all series"].value == 0
    assert said[f"above TF-IDF, {SYNTHETIC}"].value == pytest.approx(20)
    assert all(one.met for one in said.values() if one.goal)


def test_one_that_stands_still_misses_what_it_misses() -> None:
    said = measure(recipe=FROZEN, linear=FULL)
    assert said["gap closure, all series"].value == 0
    assert said["gap closure, all series"].met is False
    assert said[f"above TF-IDF, {SYNTHETIC}"].met is False


def test_an_equal_of_the_baseline_is_not_above_it() -> None:
    assert measure(recipe=FULL, linear=FULL)[f"above TF-IDF, {SYNTHETIC}"].met is False


def test_forgetting_is_told_in_points() -> None:
    matrix = np.full((4, 4), 0.8)
    matrix[3, :3] = 0.79
    said = measure(recipe=build_track([0.6, 0.6, 0.6], matrix=matrix.tolist()))
    assert said["backward transfer, all series"].value == pytest.approx(-1)
    assert said["backward transfer, all series"].met is False


def test_the_gap_is_of_the_years_that_follow_a_full_retraining() -> None:
    full = build_track([math.nan, 0.6, math.nan], tokens=1_000)
    said = measure(recipe=build_track([0.0, 0.6, 0.0]), full=full)
    assert said["gap closure, all series"].value == pytest.approx(1)
    assert said["gap closure, all series"].n == 2


def test_the_first_training_is_in_no_cost_and_one_that_was_only_planned_is() -> None:
    first, run, planned = (Cost(tokens=0, padded=tokens, seconds=seconds) for tokens, seconds in ((9, 9), (100, 2), (300, 0)))
    track = replace(FULL, costs=(first, run, planned))
    assert sum_cost(track, "tokens with padding") == 400
    assert sum_cost(track, "device seconds") == pytest.approx(8)


def test_what_the_judge_promoted_is_told_of_the_seeds_in_which_it_was_asked() -> None:
    asked = build_arms(frozen=FROZEN, full=FULL, judged=FROZEN)
    silent = build_arms(frozen=FROZEN, full=FULL)
    assert measure_judged({SYNTHETIC: [silent]}) == []
    lines = measure_judged({SYNTHETIC: [asked, silent]})
    assert [(line.value, line.n) for line in lines] == [(0, 3)] * len(lines)
    assert Arm.JUDGED not in silent
