"""Lifetimes of a domain, thousands at once: whatever becomes of a candidate is decided by the judge's own functions.

A rule is switched off by leaving its gate out of the plan, or by taking all of α at every look. There is no rule here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.worlds import Ints, Proposal, State, World, begin, hear_news, promote, propose
from pipelines.domain.models import Role
from pipelines.domain.scorecards import Slice
from pipelines.domain.spending import spend
from pipelines.judge.params import JudgeParams, ReasonToChange
from pipelines.judge.power import count_for_conjunction, plan_tests, primary_gates
from pipelines.judge.reasons import PARTS
from pipelines.judge.rulings import (
    PROMOTE,
    Codes,
    conclude,
    rule_difference,
    rule_generation,
    rule_power,
    rule_reason,
)
from pipelines.judge.statistics import Floats

GRID = (1, 2, 3, 5, 7, 10, 14, 20, 30, 50, 80, 120, 200, 300)
"""Looks at which the rows needed are counted; a look between two asks for those of the later, which are more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """By what is judged: the plan; whether α is spent, or all of it taken at every look; the looks in a period of α.

    ``has_duty`` takes the reason to change as given.
    """

    params: JudgeParams
    is_spending: bool = True
    period: int = 300
    has_duty: bool = False

    def find_level(self, t: int) -> float:
        """Return the level of look number ``t``."""
        return spend(self.params.alpha, t) if self.is_spending else self.params.alpha


@dataclass(frozen=True, slots=True, kw_only=True)
class Lives:
    """How it went: promotions so far and the champion's true accuracy after every cycle, of shape ``(cycles, lifetimes)``."""

    promotions: Ints
    accuracy: Floats


def live(world: World, rules: Rules) -> Lives:
    """Let all lifetimes run their cycles: news, a candidate, a verdict, and a promotion where it says so."""
    generator = np.random.default_rng(world.seed)
    state = begin(world, generator)
    promotions, accuracy = [], []
    for cycle in range(world.cycles):
        state = hear_news(world, state, generator)
        proposal = propose(world, state, generator)
        decisions = decide_all(rules, state, proposal, 1 + cycle % rules.period)
        state = promote(world, state, proposal, decisions == PROMOTE)
        promotions.append(state.promotions)
        accuracy.append(state.accuracy)
    return Lives(promotions=np.stack(promotions), accuracy=np.stack(accuracy))


def promote_equals(params: JudgeParams, t: int, runs: int) -> tuple[int, float]:
    """Return the rows of the holdout that ``params`` ask for at look ``t``, and the share of equal models promoted on them.

    A tenth of the holdout is fresh, the anchor rows are half as many, and the reason to change is taken as given. The models
    differ as often as planned.
    """
    rules = Rules(params=params, has_duty=True)
    planned = params.power.discordance
    shape = World(lifetimes=runs, cycles=1, holdout=900, fresh=100, anchor=500, discordance=planned, seed=t)
    rows = -(-count_needed(rules, _draw(shape)[1], t) // 20) * 20
    world = replace(shape, holdout=9 * rows // 10, fresh=rows // 10, anchor=rows // 2)
    return rows, float((decide_all(rules, *_draw(world), t) == PROMOTE).mean())


def _draw(world: World) -> tuple[State, Proposal]:
    generator = np.random.default_rng(world.seed)
    state = hear_news(world, begin(world, generator), generator)
    return state, propose(world, state, generator)


def decide_all(rules: Rules, state: State, proposal: Proposal, t: int) -> Codes:
    """Return each lifetime's decision at look ``t``, of shape ``(lifetimes,)``."""
    alpha, params = rules.find_level(t), rules.params
    holdout = proposal.contrast(Slice.HOLDOUT, Role.CHAMPION).rows.astype(np.int64)
    gates, reasons = primary_gates(params), [gate for gate in params.gates if gate.kind == "reason_to_change"]
    results = [
        rule_power(holdout, count_needed(rules, proposal, t)),
        rule_generation(state.carried),
        *(rule_difference(proposal.contrast(gate.slice, gate.against), -gate.margin, alpha) for gate in gates),
        *(rule_alternatives(gate, proposal, alpha) for gate in reasons if not rules.has_duty),
    ]
    return conclude(np.stack(results, axis=-1), np.ones(len(results), dtype=np.bool_))


def rule_alternatives(gate: ReasonToChange, proposal: Proposal, alpha: float) -> Codes:
    """Return whether there is a reason to change, by the judge's rule on all declared alternatives."""
    tried = [proposal.contrast(PARTS[name], Role.CHAMPION) for name in gate.alternatives]
    p_values = np.stack([one.p_better for one in tried], axis=-1)
    return rule_reason(p_values, np.stack([one.estimate for one in tried], axis=-1), alpha)


def count_needed(rules: Rules, proposal: Proposal, t: int) -> int:
    """Return the rows that the holdout needs, its slices being the smallest share of it that they are in any lifetime."""
    holdout = proposal.contrast(Slice.HOLDOUT, Role.CHAMPION).rows
    tests = []
    for test, gate in zip(plan_tests(rules.params), primary_gates(rules.params), strict=True):
        share = float((proposal.contrast(gate.slice, gate.against).rows / holdout).min())
        tests.append(replace(test, share=max(math.floor(20 * share + 1e-9) / 20, 0.05)))
    later = next((look for look in GRID if look >= t), t)
    return count_for_conjunction(tests, rules.find_level(later), rules.params.power.power)
