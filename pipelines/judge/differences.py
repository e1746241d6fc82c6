"""A gate on one difference: asked, answered and put into words in one place, whatever the gate makes of the answer."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.domain.errors import NotMeasurableError
from pipelines.domain.verdicts import Finding, Result
from pipelines.judge.comparisons import Question, compare
from pipelines.judge.evidence import Evidence
from pipelines.judge.rulings import name_result, rule_difference
from pipelines.judge.sentences import (
    describe_amount,
    describe_difference,
    describe_level,
    describe_place,
    describe_shortage,
    round_need,
    round_score,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What a gate calls its two clear answers."""

    passed: str
    failed: str


def find_difference(gate: str, evidence: Evidence, question: Question, threshold: float, words: Words) -> Finding:
    """Return PASSED for a lower bound above ``threshold``, FAILED for an estimate below it (or no gain, at 0), else UNDECIDABLE.

    A difference that cannot be measured is NOT_MEASURED, with the reason.
    """
    place = f"{describe_place(question.metric, question.part)} against the {question.against.value}"
    try:
        comparison = compare(evidence, question)
    except NotMeasurableError as error:
        return _leave_unmeasured(gate, question, f"{place}: not measured: {error}")
    result = name_result(rule_difference(comparison.contrast, threshold, evidence.alpha))
    said = {Result.PASSED: words.passed, Result.FAILED: words.failed}.get(result)
    needed = round_need(comparison.needed, question.part)
    bounds = f"lower bound {describe_amount(question.metric, comparison.lower)} at {describe_level(evidence.alpha)}"
    limit = f"; margin {describe_amount(question.metric, -threshold)}" if threshold else ""
    return Finding(
        gate=gate,
        result=result,
        sentence=f"{place}: {describe_difference(question.metric, comparison.estimate)} ({bounds}{limit}): "
        f"{said or describe_shortage(comparison.rows, needed)}",
        metric=question.metric,
        against=question.against,
        estimate=round_score(comparison.estimate, question.part),
        lower=round_score(comparison.lower, question.part),
        margin=-threshold,
        rows=comparison.rows,
        needed=needed,
        part=question.part,
    )


def _leave_unmeasured(gate: str, question: Question, sentence: str) -> Finding:
    return Finding(
        gate=gate,
        result=Result.NOT_MEASURED,
        sentence=sentence,
        metric=question.metric,
        against=question.against,
        part=question.part,
    )
