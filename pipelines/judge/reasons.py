"""Why change at all: a champion is replaced only by a model that is shown to be better at something, or by a duty.

The alternatives share the look's α by Holm. Their number is the number declared, not the number that happened to be measurable.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.domain.errors import NotMeasurableError
from pipelines.domain.models import Role
from pipelines.domain.scorecards import Slice
from pipelines.domain.verdicts import Finding, Result
from pipelines.judge.comparisons import Comparison, Question, compare
from pipelines.judge.evidence import Evidence
from pipelines.judge.params import Alternative, MetricName, ReasonToChange
from pipelines.judge.rulings import name_result, rule_reason
from pipelines.judge.sentences import describe_difference, describe_level, round_score
from pipelines.judge.statistics import reject_by_holm

MARGIN = 0.01
PARTS: dict[Alternative, Slice] = {
    "superiority": Slice.HOLDOUT,
    "freshness": Slice.FRESH,
    "currency": Slice.CURRENCY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """One alternative with what was measured of it, or why nothing was."""

    name: Alternative
    metric: MetricName
    comparison: Comparison | None
    problem: str = ""

    @property
    def p_value(self) -> float:
        return self.comparison.p_better if self.comparison else 1.0

    @property
    def estimate(self) -> float:
        return self.comparison.estimate if self.comparison else float("nan")


def find_reason(gate: ReasonToChange, evidence: Evidence) -> Finding:
    """Return PASSED where any alternative holds, there is a duty, or there is no champion to be replaced."""
    if evidence.is_first:
        return _say(gate, Result.PASSED, "reason to change: this is the first champion")
    if evidence.duties:
        said = f"a duty: the champion saw {evidence.duties} revisions that were retracted, withdrawn or taken out since"
        return _say(gate, Result.PASSED, f"reason to change: {said}")
    tried = [_try(gate, evidence, name) for name in gate.alternatives]
    p_values = np.array([one.p_value for one in tried])
    holds = reject_by_holm(p_values, evidence.alpha)
    result = name_result(rule_reason(p_values, np.array([one.estimate for one in tried]), evidence.alpha))
    said = "; ".join(_describe(one, is_shown=bool(shown)) for one, shown in zip(tried, holds, strict=True))
    if result is Result.NOT_MEASURED:
        return _say(gate, result, f"reason to change: {said}")
    share = f"{describe_level(evidence.alpha)} shared by {len(tried)}"
    best = min(tried, key=lambda one: (one.comparison is None, one.p_value))
    return _say(gate, result, f"reason to change ({share}): {said}", best)


def _try(gate: ReasonToChange, evidence: Evidence, name: Alternative) -> _Tried:
    metric: MetricName = "currency" if name == "currency" else gate.metric
    question = Question(metric=metric, part=PARTS[name], against=Role.CHAMPION, margin=MARGIN)
    try:
        return _Tried(name=name, metric=metric, comparison=compare(evidence, question))
    except NotMeasurableError as error:
        return _Tried(name=name, metric=metric, comparison=None, problem=str(error))


def _describe(one: _Tried, *, is_shown: bool) -> str:
    if one.comparison is None:
        return f"{one.name} not measured ({one.problem})"
    difference = describe_difference(one.metric, one.comparison.estimate)
    return f"{one.name} {difference}, p = {one.comparison.p_better:.2g}, {'shown' if is_shown else 'not shown'}"


def _say(gate: ReasonToChange, result: Result, sentence: str, best: _Tried | None = None) -> Finding:
    comparison = best.comparison if best else None
    if best is None or comparison is None:
        return Finding(gate=gate.kind, result=result, sentence=sentence, is_blocking=gate.is_blocking)
    part = PARTS[best.name]
    return Finding(
        gate=gate.kind,
        result=result,
        sentence=sentence,
        metric=best.metric,
        against=Role.CHAMPION,
        estimate=round_score(comparison.estimate, part),
        lower=round_score(comparison.lower, part),
        margin=0.0,
        rows=comparison.rows,
        is_blocking=gate.is_blocking,
        part=part,
    )
