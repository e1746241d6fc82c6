"""A simulated lifetime is a real one in short: its counts add up, and the judge says of its rows what the simulation says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.lifetimes import Rules, count_needed, decide_all, live, promote_equals
from benchmarks.worlds import Proposal, State, World, begin, hear_news, promote, propose
from pipelines.domain.models import Role
from pipelines.domain.pins import Look
from pipelines.domain.scorecards import Slice
from pipelines.domain.spending import spend
from pipelines.judge.judging import Case, weigh
from pipelines.judge.params import JudgeParams, NonInferiority, PowerParams, ReasonToChange
from pipelines.judge.plans import plan_digest
from pipelines.judge.rulings import DECISIONS
from tests.builders.lifetimes import write_out
from tests.builders.outcomes import build_pin, forge_digest

WORLD = World(lifetimes=40, cycles=5, holdout=400, anchor=300, fresh=60, pairs=40)
WIDE = JudgeParams(
    gates=(
        NonInferiority(margin=0.08),
        NonInferiority(margin=0.09, slice=Slice.ESTABLISHED),
        NonInferiority(margin=0.12, against=Role.ANCHOR, slice=Slice.ANCHOR),
        ReasonToChange(),
    ),
    power=PowerParams(discordance=0.1),
)


def open_world(world: World) -> tuple[State, Proposal, np.random.Generator]:
    generator = np.random.default_rng(world.seed)
    state = hear_news(world, begin(world, generator), generator)
    return state, propose(world, state, generator), generator


@pytest.mark.parametrize("gain", [0.0, 0.05, -0.05, 0.1])
def test_the_judge_says_of_the_rows_what_the_simulation_says_of_their_counts(gain: float) -> None:
    """The very same lifetimes, once as arrays of counts and once as outcomes through a whole verdict."""
    world = replace(WORLD, gain=gain, discordance=0.15, lifetimes=12, seed=round(7 + 100 * gain))
    state, proposal, generator = open_world(world)
    state = promote(world, state, proposal, np.ones(12, dtype=np.bool_))
    state = hear_news(world, state, generator)
    proposal = propose(world, state, generator)
    decisions = [DECISIONS[code] for code in decide_all(Rules(params=WIDE), state, proposal, 2)]
    look = Look(generation=1, t=2, alpha=spend(0.05, 2), plan=plan_digest(WIDE), promotions=1)
    for lifetime, decision in enumerate(decisions):
        case = Case(pin=build_pin(WIDE, look=look), outcomes=write_out(proposal, lifetime), candidate=forge_digest())
        assert weigh(case, WIDE).decision is decision


def test_lifetimes_of_every_outcome_are_compared_above() -> None:
    seen = set()
    for gain in (0.0, 0.05, -0.05, 0.1):
        state, proposal, _ = open_world(replace(WORLD, gain=gain, discordance=0.15))
        seen |= {DECISIONS[code] for code in decide_all(Rules(params=WIDE), state, proposal, 2)}
    assert seen == set(DECISIONS)


def test_turning_rows_over_loses_none() -> None:
    state, proposal, _ = open_world(WORLD)
    after = promote(WORLD, state, proposal, np.ones(WORLD.lifetimes, dtype=np.bool_))
    assert after.established.sum(axis=-1).tolist() == [460] * WORLD.lifetimes
    assert after.fresh.sum() == 0
    assert after.anchor.sum(axis=(1, 2)).tolist() == [300] * WORLD.lifetimes
    assert after.anchor.sum(axis=2).tolist() == state.anchor.sum(axis=2).tolist()


def test_a_promotion_turns_exactly_what_the_candidate_turned() -> None:
    state, proposal, _ = open_world(WORLD)
    pairs = proposal.contrast(Slice.HOLDOUT, Role.CHAMPION)
    promoted = np.arange(WORLD.lifetimes) % 2 == 0
    after = promote(WORLD, state, proposal, promoted)
    right = (state.established + state.fresh)[:, 1] + (pairs.gains - pairs.losses).astype(np.int64)
    assert after.established[promoted, 1].tolist() == right[promoted].tolist()
    assert after.established[~promoted].tolist() == state.established[~promoted].tolist()
    assert after.promotions.tolist() == promoted.astype(int).tolist()


def test_the_holdout_is_its_established_and_its_fresh_rows() -> None:
    _, proposal, _ = open_world(WORLD)
    whole, old, new = (proposal.contrast(part, Role.CHAMPION) for part in (Slice.HOLDOUT, Slice.ESTABLISHED, Slice.FRESH))
    assert (whole.gains == old.gains + new.gains).all()
    assert (whole.losses == old.losses + new.losses).all()
    assert whole.rows.tolist() == [460.0] * WORLD.lifetimes


def test_before_any_promotion_the_anchor_is_the_champion() -> None:
    _, proposal, _ = open_world(WORLD)
    contrast = proposal.contrast(Slice.ANCHOR, Role.ANCHOR)
    turned = proposal.turned[Slice.ANCHOR]
    assert contrast.gains.tolist() == turned[:, 0, 0].tolist()
    assert contrast.losses.tolist() == turned[:, 1, 1].tolist()


@pytest.mark.parametrize("gain", [0.0, 0.02, -0.02])
def test_candidates_differ_as_often_and_gain_as_much_as_declared(gain: float) -> None:
    _, proposal, _ = open_world(replace(WORLD, lifetimes=4_000, gain=gain))
    for part, discordance in ((Slice.HOLDOUT, 0.05), (Slice.CURRENCY, 0.2)):
        contrast = proposal.contrast(part, Role.CHAMPION)
        assert contrast.estimate.mean() == pytest.approx(gain, abs=0.004)
        assert contrast.discordance.mean() == pytest.approx(discordance, rel=0.05)


def test_a_generation_that_carried_ten_is_replaced_by_new_rows() -> None:
    state, _, generator = open_world(WORLD)
    carried = np.where(np.arange(WORLD.lifetimes) < 3, 10, 9)
    renewed = hear_news(WORLD, replace(state, carried=carried), generator)
    assert renewed.carried.tolist() == [0] * 3 + [9] * (WORLD.lifetimes - 3)
    assert renewed.fresh.sum(axis=-1).tolist() == [60] * 3 + [120] * (WORLD.lifetimes - 3)
    assert (renewed.established[3:] == state.established[3:]).all()


def test_the_same_seed_is_the_same_lifetime() -> None:
    lives = [live(replace(WORLD, seed=seed), Rules(params=WIDE)).promotions.tolist() for seed in (1, 1, 2)]
    assert lives[0] == lives[1]
    assert live(WORLD, Rules(params=WIDE)).accuracy.shape == (WORLD.cycles, WORLD.lifetimes)


def test_a_look_between_two_that_are_counted_asks_for_those_of_the_later() -> None:
    _, proposal, _ = open_world(WORLD)
    needed = [count_needed(Rules(params=WIDE), proposal, t) for t in (2, 4, 5, 6)]
    assert needed == sorted(needed)
    assert needed[1] == needed[2]


def test_a_holdout_without_the_planned_rows_promotes_nobody() -> None:
    rows, share = promote_equals(WIDE, 1, 4_000)
    assert share == pytest.approx(0.82, abs=0.05)
    starved = replace(WORLD, holdout=rows // 2, anchor=rows, lifetimes=200, gain=0.03)
    assert live(starved, Rules(params=WIDE, has_duty=True)).promotions[0].sum() == 0
