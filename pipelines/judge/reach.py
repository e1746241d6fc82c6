"""What a holdout can decide, before anything is trained: the judge's own plan, asked with counts instead of outcomes.

Nothing here reads a score on a kept-back row. What two equal models differ by is declared, or was measured on dev.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pipelines.domain.scorecards import Slice
from pipelines.domain.spending import spend
from pipelines.judge.metrics import PROPORTIONS
from pipelines.judge.params import JudgeParams, MetricName, NonInferiority
from pipelines.judge.power import PlannedTest, count_for_conjunction, find_decidable_factor, plan_gate, primary_gates
from pipelines.judge.trials import pass_share

FINEST = 1e-4
"""Where the search for the least margin begins, in the metric's unit."""

STEP = 0.005
"""Margins are proposed in steps of half a point: a finer one would promise more than a plan knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Rows that a model would be scored on, by slice; ``families`` are those of the holdout."""

    holdout: int
    families: int
    established: int
    fresh: int
    anchor: int

    def count(self, part: Slice) -> int:
        """Return the rows of a slice that is kept back; raises ``KeyError`` for one that is not."""
        counts = {Slice.HOLDOUT: self.holdout, Slice.ESTABLISHED: self.established, Slice.FRESH: self.fresh}
        return {**counts, Slice.ANCHOR: self.anchor}[part]


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """By what two models of one recipe differ in a metric.

    ``spread`` is the share of rows that only one gets right, or (of a metric that is no proportion) the variance of a row's
    difference; ``effect`` the design effect of families; ``largest`` the largest difference of the metric between two seeds.
    """

    spread: float
    effect: float
    largest: float
    rows: int

    @property
    def planned_discordance(self) -> float:
        """The share to plan with: two models that dev could not tell apart may still differ on one row in as many."""
        return max(self.spread, 1 / self.rows)


@dataclass(frozen=True, slots=True, kw_only=True)
class LookReach:
    """What the holdout can decide at one look: ``power`` at the declared margins, the ``least`` margin for all tests alike.

    ``needed`` are the rows that each of the asked margins takes, in their order.
    """

    t: int
    alpha: float
    power: float
    least: float
    needed: tuple[int, ...]


def plan_tests_for(params: JudgeParams, sizes: Sizes, noise: Mapping[MetricName, Noise]) -> tuple[PlannedTest, ...]:
    """Return the declared primary gates as tests on this holdout; left out are slices without rows and metrics without a plan.

    What was measured between seeds stands in for what is declared. A metric that is no proportion has no declared plan.
    """
    gates = [
        gate for gate in primary_gates(params) if gate.slice in {Slice.HOLDOUT, Slice.ESTABLISHED, Slice.FRESH, Slice.ANCHOR}
    ]
    plannable = [gate for gate in gates if sizes.count(gate.slice) and (gate.metric in PROPORTIONS or gate.metric in noise)]
    return tuple(_plan(gate, params, sizes, noise.get(gate.metric)) for gate in plannable)


def reach_over_looks(
    tests: Sequence[PlannedTest], rows: int, params: JudgeParams, looks: range, margins: Sequence[float]
) -> tuple[LookReach, ...]:
    """Return what ``rows`` can decide at each look, and what each of ``margins`` would take for all tests alike."""
    return tuple(_reach(tests, rows, params, t, margins) for t in looks)


def find_least(tests: Sequence[PlannedTest], rows: int, alpha: float, power: float) -> float:
    """Return the least margin, the same for all tests, that ``rows`` decide together with a probability of ``power``."""
    return FINEST * find_decidable_factor(_with_margin(tests, FINEST), rows, alpha, power)


def propose_margins(tests: Sequence[PlannedTest], rows: int, alpha: float, power: float, wanted: float) -> dict[str, float]:
    """Return a margin for each test by name: ``wanted`` where it can be decided, else the least that can, in half points.

    Each test is first given what it takes alone, since a small slice needs a wider margin than the whole; then all are widened
    alike until they pass together.
    """
    alone = [replace(test, margin=max(wanted, find_least([replace(test, within="")], rows, alpha, power))) for test in tests]
    factor = 1.0 if not alone or pass_share(alone, rows, alpha) >= power else find_decidable_factor(alone, rows, alpha, power)
    return {
        test.name: wanted if test.margin * factor <= wanted else math.ceil(test.margin * factor / STEP - 1e-6) * STEP
        for test in alone
    }


def _reach(tests: Sequence[PlannedTest], rows: int, params: JudgeParams, t: int, margins: Sequence[float]) -> LookReach:
    alpha, power = spend(params.alpha, t), params.power.power
    return LookReach(
        t=t,
        alpha=alpha,
        power=pass_share(tests, rows, alpha),
        least=find_least(tests, rows, alpha, power),
        needed=tuple(count_for_conjunction(_with_margin(tests, margin), alpha, power) for margin in margins),
    )


def _plan(gate: NonInferiority, params: JudgeParams, sizes: Sizes, noise: Noise | None) -> PlannedTest:
    test = plan_gate(gate, params)
    share = sizes.count(gate.slice) / sizes.holdout
    if noise is None:
        return replace(test, share=share)
    if gate.metric in PROPORTIONS:
        return replace(test, share=share / noise.effect, discordance=noise.planned_discordance)
    return replace(test, share=share, discordance=noise.spread, is_proportion=False)


def _with_margin(tests: Sequence[PlannedTest], margin: float) -> tuple[PlannedTest, ...]:
    return tuple(replace(test, margin=margin) for test in tests)
