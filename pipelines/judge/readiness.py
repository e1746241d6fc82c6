"""Whether this holdout can decide at all: asked before any gate, so that power is said and not hidden in a bound.

A holdout has too few rows, or it has carried so many promotions that it is worn out. Neither is a reproach to the candidate, and
neither is ever a pass.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from pipelines.domain.errors import NotMeasurableError
from pipelines.domain.models import Role
from pipelines.domain.pins import PROMOTIONS_A_GENERATION
from pipelines.domain.scorecards import Slice
from pipelines.domain.verdicts import Detail, Finding, Result
from pipelines.judge.comparisons import contrast_models
from pipelines.judge.contrasts import Pairs
from pipelines.judge.evidence import Evidence
from pipelines.judge.params import JudgeParams, MetricName, NonInferiority
from pipelines.judge.power import (
    PlannedTest,
    count_alone,
    count_for_conjunction,
    find_decidable_factor,
    plan_gate,
    primary_gates,
)
from pipelines.judge.rulings import name_result, rule_generation, rule_power
from pipelines.judge.sentences import NAMES, describe_least, describe_level, describe_shortage


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A primary gate as it can be planned on this evidence: ``rows`` are those of its slice."""

    metric: MetricName
    test: PlannedTest
    rows: int


def find_readiness(evidence: Evidence, params: JudgeParams) -> tuple[Finding, ...]:
    """Return the findings ``power`` and ``generation``; none while there is no champion to compare with."""
    if evidence.is_first:
        return ()
    try:
        holdout = len(evidence.rows(Role.CANDIDATE, Slice.HOLDOUT).row_ids)
        asked = _ask_all(evidence, params, holdout)
    except NotMeasurableError as error:
        unmeasured = Finding(gate="power", result=Result.NOT_MEASURED, sentence=f"power: not measured: {error}")
        return unmeasured, _find_generation(evidence, None)
    needed = count_for_conjunction([one.test for one in asked], evidence.alpha, params.power.power)
    return _find_power(evidence, params, asked, (holdout, needed)), _find_generation(evidence, needed)


def _find_power(evidence: Evidence, params: JudgeParams, asked: Sequence[_Asked], sizes: tuple[int, int]) -> Finding:
    holdout, needed = sizes
    alpha, power = evidence.alpha, params.power.power
    result = name_result(rule_power(holdout, needed))
    if result is Result.PASSED:
        said = f"the holdout can decide: {holdout:,} examples, and all gates together need {needed:,} at {describe_level(alpha)}"
    else:
        hardest = max(asked, key=lambda one: count_alone(one.test, alpha, power))
        factor = find_decidable_factor([one.test for one in asked], holdout, alpha, power)
        least = describe_least(hardest.metric, factor * hardest.test.margin)
        said = f"{describe_shortage(holdout, needed)}; can decide {least} or more"
    estimated = sorted({NAMES[one.metric] for one in asked if not one.test.is_proportion})
    told = f"; the need of {' and '.join(estimated)} is estimated from the errors on the rows at hand" if estimated else ""
    details = tuple(
        Detail(
            name=one.test.name,
            result=name_result(rule_power(holdout, count_alone(one.test, alpha, power))),
            rows=one.rows,
        )
        for one in asked
    )
    return Finding(gate="power", result=result, sentence=said + told, rows=holdout, needed=needed, details=details)


def _find_generation(evidence: Evidence, needed: int | None) -> Finding:
    look = evidence.look
    result = name_result(rule_generation(look.promotions))
    carried = f"holdout generation {look.generation} has carried {look.promotions}"
    said = f"{carried} of {PROMOTIONS_A_GENERATION} promotions"
    if result is not Result.PASSED:
        wanted = f"{needed:,} new examples" if needed else "new examples"
        said = f"{carried} promotions and is retired: {wanted} open the next"
    return Finding(gate="generation", result=result, sentence=said)


def _ask_all(evidence: Evidence, params: JudgeParams, holdout: int) -> list[_Asked]:
    asked, problems = [], ["no blocking gate of non-inferiority is declared"]
    for gate in primary_gates(params):
        try:
            asked.append(_ask(gate, evidence, params, holdout))
        except NotMeasurableError as error:
            problems.append(str(error))
    if not asked:
        raise NotMeasurableError(problems[-1])
    return asked


def _ask(gate: NonInferiority, evidence: Evidence, params: JudgeParams, holdout: int) -> _Asked:
    """Plan a gate by what is declared, and take from the evidence what cannot be: how many rows, and how alike or how noisy."""
    contrast, rows = contrast_models(evidence, gate.metric, gate.slice, gate.against)
    test = plan_gate(gate, params)
    if isinstance(contrast, Pairs):
        test = replace(test, share=rows / holdout / _coarsen(round(float(contrast.effect), 6), gate.slice))
    else:
        variance = _coarsen(float(contrast.error) ** 2 * rows, gate.slice)
        test = replace(test, share=rows / holdout, discordance=variance, is_proportion=False)
    return _Asked(metric=gate.metric, test=test, rows=rows)


def _coarsen(number: float, part: Slice) -> float:
    """Keep two digits of what was seen of the anchor rows: a needed number of rows would tell the rest."""
    return float(f"{number:.1e}") if part is Slice.ANCHOR else number
