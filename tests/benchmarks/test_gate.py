"""The gate's promises in small, with tolerances that a broken rule would not meet, and each broken when its rule is off."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks.boundaries import Boundary, pass_at_boundary, pass_by_bootstrap, pass_without_families
from benchmarks.gate import Measured, measure
from benchmarks.gate_page import tabulate, write_page
from benchmarks.goals import FOR_A_SMALL_TEAM, PLAN, WITHOUT_ANCHOR, Line, measure_boundaries
from benchmarks.lifetimes import Rules, live, promote_equals
from benchmarks.policies import Contest, count_false
from benchmarks.worlds import World

ROOT = Path(__file__).parents[2]
NULLS = World(lifetimes=400, cycles=60, holdout=24_000, anchor=24_000)
CREEP = World(lifetimes=60, cycles=120, holdout=24_000, anchor=24_000, gain=-0.002)


def promote_any(world: World, rules: Rules) -> float:
    return float((live(world, rules).promotions[-1] > 0).mean())


def test_no_false_promotion_in_a_lifetime_beyond_alpha() -> None:
    assert 0.003 <= promote_any(NULLS, Rules(params=PLAN)) <= 0.06


def test_nor_with_the_small_holdout_and_the_wide_margins_of_a_small_team() -> None:
    assert promote_any(replace(NULLS, holdout=1_000, anchor=1_000, fresh=5), Rules(params=FOR_A_SMALL_TEAM)) <= 0.06


def test_without_spending_false_promotions_are_the_rule() -> None:
    assert promote_any(replace(NULLS, lifetimes=100), Rules(params=PLAN, is_spending=False)) > 0.8


@pytest.mark.parametrize(("rows", "margin", "discordance"), [(3_690, 0.01, 0.05), (300, 0.01, 0.05), (300, 0.05, 0.10)])
def test_at_its_boundary_non_inferiority_passes_no_more_often_than_alpha(rows: int, margin: float, discordance: float) -> None:
    share = pass_at_boundary(Boundary(runs=40_000, rows=rows, margin=margin, discordance=discordance))
    assert 0.04 <= share <= 0.053


def test_nor_where_rows_come_in_families_but_for_whoever_does_not_see_them() -> None:
    families = Boundary(runs=6_000, rows=1_000, margin=0.03, discordance=0.10, size=5, alike=0.3)
    assert 0.04 <= pass_at_boundary(families) <= 0.062
    assert pass_without_families(families) > 0.1


def test_nor_where_the_metric_is_resampled() -> None:
    assert 0.02 <= pass_by_bootstrap(Boundary(runs=300, rows=200, margin=0.03, discordance=0.10)) <= 0.085


@pytest.mark.parametrize("look", [1, 10])
def test_an_equal_model_passes_all_gates_on_the_planned_rows_four_times_in_five(look: int) -> None:
    _, share = promote_equals(PLAN, look, 20_000)
    assert share == pytest.approx(0.8, abs=0.015)


def test_losses_do_not_add_up_under_the_anchor() -> None:
    end = live(CREEP, Rules(params=PLAN, has_duty=True)).accuracy[-1]
    assert (end > CREEP.accuracy - 0.01).mean() >= 0.93
    assert end.mean() < CREEP.accuracy


def test_and_add_up_without_it() -> None:
    end = live(CREEP, Rules(params=WITHOUT_ANCHOR, has_duty=True)).accuracy[-1]
    assert (end > CREEP.accuracy - 0.01).mean() == 0
    assert end.mean() < CREEP.accuracy - 0.1


def test_the_policies_of_others_do_as_badly_as_is_said_of_them() -> None:
    false = {name: shares[-1] for name, shares in count_false(Contest(lifetimes=500)).items()}
    assert list(false.values()) == pytest.approx([0.998, 0.92, 0.69, 0.04], abs=0.05)


def build_line(value: float, **fields: object) -> Line:
    return Line(**{"measure": "share", "value": value, "runs": 10_000, "goal": 0.05, **fields})  # type: ignore[arg-type]


def test_a_goal_is_met_or_not_and_an_ablation_must_break_it() -> None:
    assert [build_line(value).is_met for value in (0.04, 0.05, 0.06)] == [True, True, False]
    assert [build_line(value, is_most=False).is_met for value in (0.04, 0.05, 0.06)] == [False, True, True]
    assert [build_line(value, is_ablation=True).is_met for value in (0.04, 0.051, 0.2)] == [False, False, True]
    assert [build_line(value, is_most=False, is_ablation=True).is_met for value in (0.0, 0.05)] == [True, False]
    assert build_line(0.9, goal=None).is_met
    assert build_line(0.05).error == pytest.approx(0.00218, abs=1e-5)


@pytest.fixture(scope="module")
def small() -> Measured:
    contest = Contest(lifetimes=20, cycles=10)
    lives = {name: live(replace(CREEP, lifetimes=5, cycles=10), Rules(params=PLAN)) for name in ("one", "another")}
    lines = (*measure_boundaries(0.002), build_line(0.5, goal=None))
    return Measured(lines=lines, nulls=lives, creeps=lives, policies=count_false(contest), contest=contest)


def test_every_promise_is_measured_under_a_name_of_its_own(small: Measured) -> None:
    names = [line.measure for line in small.lines]
    assert len(set(names)) == len(names)
    assert any(line.is_ablation for line in small.lines)


def test_writes_a_page_and_the_same_numbers_for_machines(small: Measured, tmp_path: Path) -> None:
    write_page(tmp_path, small)
    page = (tmp_path / "gate.md").read_text(encoding="utf-8")
    assert tabulate(small.lines) in page
    assert "Ladder, parameter-free" in page
    records = json.loads((tmp_path / "gate.json").read_text(encoding="utf-8"))
    assert len(records) == sum(line.goal is not None for line in small.lines)
    assert all(set(one) == {"measure", "goal", "value", "unit", "met", "n", "machine", "date"} for one in records)
    assert "</svg>" in (tmp_path / "gate.svg").read_text(encoding="utf-8")


def test_draws_the_same_picture_from_the_same_numbers(small: Measured, tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_page(tmp_path / name, small)
    assert (tmp_path / "one" / "gate.svg").read_bytes() == (tmp_path / "two" / "gate.svg").read_bytes()


def test_the_page_in_the_docs_is_of_all_goals_and_all_are_met() -> None:
    records = json.loads((ROOT / "docs" / "benchmarks" / "gate.json").read_text(encoding="utf-8"))
    assert len(records) >= 10
    assert all(one["met"] for one in records)


@pytest.mark.slow
@pytest.mark.timeout(1_800)
def test_every_goal_is_met_in_full() -> None:
    assert [line.measure for line in measure().lines if not line.is_met] == []


@pytest.mark.slow
def test_one_command_prints_the_table() -> None:
    command = [sys.executable, "benchmarks/gate.py", "--quick"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert "| P(any false promotion in 300 retrainings)" in done.stdout, done.stderr
