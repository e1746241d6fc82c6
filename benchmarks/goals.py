"""What the gate promises, each promise as one measurement with its goal, and the same with a rule switched off.

With its rule off a promise must be seen to break: otherwise the measurement would show nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from benchmarks.boundaries import Boundary, pass_at_boundary, pass_by_bootstrap, pass_without_families
from benchmarks.lifetimes import Lives, Rules, live, promote_equals
from benchmarks.worlds import World
from pipelines.domain.models import Role
from pipelines.judge.params import JudgeParams

MOST_FALSE = 0.054
MOST_AT_BOUNDARY = 0.055
LEAST_POWER = 0.80
LEAST_KEPT = 0.95
DROP = 0.01
PLAN = JudgeParams()
FOR_A_SMALL_TEAM = JudgeParams.model_validate(
    {
        "gates": [
            {**gate.model_dump(), "margin": 0.05} if gate.kind == "non_inferiority" else gate.model_dump() for gate in PLAN.gates
        ]
    }
)
WITHOUT_ANCHOR = JudgeParams(
    gates=tuple(gate for gate in PLAN.gates if gate.kind != "non_inferiority" or gate.against is not Role.ANCHOR)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One measurement: ``value`` is a share of ``runs``; ``is_most`` tells a goal not to exceed from one to reach.

    Of an ablation the goal is that the promise breaks. What has no goal is told, for its limits to be known.
    """

    measure: str
    value: float
    runs: int
    goal: float | None
    is_most: bool = True
    is_ablation: bool = False

    @property
    def error(self) -> float:
        """The Monte-Carlo standard error."""
        return math.sqrt(self.value * (1 - self.value) / self.runs)

    @property
    def is_met(self) -> bool:
        """Whether the promise holds, or with its rule off is broken beyond three standard errors."""
        if self.goal is None:
            return True
        if self.is_ablation:
            beyond = self.value - self.goal if self.is_most else self.goal - self.value
            return beyond > 3 * max(self.error, 1 / self.runs)
        return self.value <= self.goal if self.is_most else self.value >= self.goal

    @property
    def says(self) -> str:
        """The goal as people read it."""
        if self.goal is None:
            return "none"
        sign = {(True, False): "≤", (False, False): "≥", (True, True): ">", (False, True): "<"}[self.is_most, self.is_ablation]
        return f"{sign} {self.goal:g}"


def measure_false_promotions(scale: float) -> tuple[list[Line], dict[str, Lives]]:
    """Null lifetimes: nothing is ever better, so every promotion is a false one. Returns the lines and the lives behind them."""
    large = World(lifetimes=_count(10_000, scale), cycles=300, holdout=24_000, anchor=24_000)
    small = replace(large, holdout=1_000, anchor=1_000, fresh=5, pairs=20, seed=2)
    fewer = replace(large, lifetimes=_count(2_000, scale))
    spent, tried = live(large, Rules(params=PLAN)), live(fewer, Rules(params=PLAN, is_spending=False))
    team = live(small, Rules(params=FOR_A_SMALL_TEAM))
    name = "P(any false promotion in 300 retrainings)"
    lines = [
        Line(measure=f"{name}, holdout of 24,000, margins of 1 point", value=_any(spent), runs=large.lifetimes, goal=MOST_FALSE),
        Line(measure=f"{name}, holdout of 1,000, margins of 5 points", value=_any(team), runs=small.lifetimes, goal=MOST_FALSE),
        Line(
            measure=f"{name}, spending switched off",
            value=_any(tried),
            runs=fewer.lifetimes,
            goal=MOST_FALSE,
            is_ablation=True,
        ),
    ]
    return lines, {"spending": spent, "α at every look": tried}


def measure_boundaries(scale: float) -> list[Line]:
    """Candidates worse by exactly the margin, and how many pass a test at .05."""
    many, some = _count(200_000, scale), _count(40_000, scale)
    plain = [
        Boundary(runs=many, rows=3_690, margin=0.01, discordance=0.05),
        Boundary(runs=many, rows=300, margin=0.01, discordance=0.05),
        Boundary(runs=many, rows=300, margin=0.05, discordance=0.10),
    ]
    families = Boundary(runs=some, rows=1_000, margin=0.03, discordance=0.10, size=5, alike=0.3)
    f1 = Boundary(runs=_count(4_000, scale), rows=300, margin=0.03, discordance=0.10)
    name, goal = "P(pass) of a candidate worse by the margin", MOST_AT_BOUNDARY
    lines = [
        Line(measure=f"{name}, accuracy, n = {one.rows:,}, m = {one.margin}", value=pass_at_boundary(one), runs=many, goal=goal)
        for one in plain
    ]
    alike = f"{name}, accuracy, 200 families of 5"
    few = replace(families, rows=300)
    return [
        *lines,
        Line(measure=alike, value=pass_at_boundary(families), runs=some, goal=goal),
        Line(measure=f"{name}, macro-F1 by bootstrap, n = 300", value=pass_by_bootstrap(f1), runs=f1.runs, goal=goal),
        Line(
            measure=f"{alike} taken for independent rows",
            value=pass_without_families(families),
            runs=some,
            goal=goal,
            is_ablation=True,
        ),
        Line(measure=f"{name}, accuracy, 60 families of 5", value=pass_at_boundary(few), runs=some, goal=None),
    ]


def measure_power(scale: float) -> list[Line]:
    """Equal models on a holdout of exactly the rows that the plan asks for, and how many pass all gates together."""
    runs = _count(400_000, scale)
    lines = []
    for t in (1, 10):
        rows, share = promote_equals(PLAN, t, runs)
        measure = f"P(an equal model passes all gates) on the planned {rows:,} rows at look {t}"
        lines.append(Line(measure=measure, value=share, runs=runs, goal=LEAST_POWER, is_most=False))
    return lines


def measure_creep(scale: float) -> tuple[list[Line], dict[str, Lives]]:
    """Every candidate is 0.2 points worse than the champion, and is promoted whenever the gates of non-inferiority pass."""
    world = World(lifetimes=_count(2_000, scale), cycles=300, holdout=24_000, anchor=24_000, gain=-0.002, seed=3)
    kept = live(world, Rules(params=PLAN, has_duty=True))
    crept = live(world, Rules(params=WITHOUT_ANCHOR, has_duty=True))
    again = live(world, Rules(params=PLAN, has_duty=True, period=50))
    name = "share of lifetimes that end less than 1 point under the anchor after 300 proposals of −0.2 points"
    lines = [
        Line(measure=name, value=_keep(world, kept), runs=world.lifetimes, goal=LEAST_KEPT, is_most=False),
        Line(
            measure=f"{name}, anchor rule switched off",
            value=_keep(world, crept),
            runs=world.lifetimes,
            goal=LEAST_KEPT,
            is_most=False,
            is_ablation=True,
        ),
        Line(measure=f"{name}, in six periods of α", value=_keep(world, again), runs=world.lifetimes, goal=None),
        Line(
            measure="share of the same lifetimes that end less than 1.5 points under the anchor",
            value=_keep(world, again, 0.015),
            runs=world.lifetimes,
            goal=None,
        ),
    ]
    return lines, {"with the anchor rule": kept, "without it": crept}


def _any(lives: Lives) -> float:
    return float((lives.promotions[-1] > 0).mean())


def _keep(world: World, lives: Lives, drop: float = DROP) -> float:
    return float((lives.accuracy[-1] > world.accuracy - drop + 1e-9).mean())


def _count(full: int, scale: float) -> int:
    return max(round(full * scale), 1)
