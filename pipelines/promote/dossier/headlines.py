"""The first screen: the decision in a word, and the four questions that somebody asks who knows nothing of statistics."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pipelines.domain.verdicts import Finding, Result
from pipelines.promote.dossier.exhibits import Missing
from pipelines.promote.dossier.facts import Facts, Outcome, Standing
from pipelines.promote.dossier.words import name_metric, name_part, tell_change, unit_of

WORST_FIRST = (Result.FAILED, Result.UNDECIDABLE, Result.NOT_MEASURED, Result.PASSED)
DECISIONS = {
    Outcome.SERVES: ("Promoted", "champion now", "passed"),
    Outcome.SERVED: ("Promoted", "no longer serving", "unmeasured"),
    Outcome.WAITS: ("May be promoted", "not champion: it waits", "unmeasured"),
    Outcome.DENIED: ("Denied", "not champion", "failed"),
    Outcome.HELD: ("Held", "not champion", "undecidable"),
    Outcome.REFUSED: ("Refused", "not champion", "failed"),
}


@dataclass(frozen=True, slots=True)
class Banner:
    """The decision in a word, whether it serves, and the tone of both (a class of the style sheet)."""

    word: str
    standing: str
    tone: str


@dataclass(frozen=True, slots=True)
class Answered:
    """One question, its answer in a sentence, and the worst result among the findings behind it."""

    question: str
    answer: str
    result: Result


def raise_banner(standing: Standing) -> Banner:
    """Return the decision in a word; an override is never called a promotion alone."""
    word, said, tone = DECISIONS[standing.outcome]
    return Banner("Promoted by override", said, "undecidable") if standing.override else Banner(word, said, tone)


def answer_questions(facts: Facts) -> tuple[Answered, ...]:
    """Return the four questions with what the findings say; nothing where no verdict is recorded."""
    if isinstance(facts.verdict, Missing) or not facts.verdict.findings:
        return ()
    findings = facts.verdict.findings
    return (
        _answer_reason(findings),
        _answer_comparison(findings, "champion", "Is it worse than the model it would replace?"),
        _answer_comparison(findings, "anchor", "Has it drifted from the frozen reference?"),
        _answer_safety(findings),
    )


def count_results(findings: Sequence[Finding]) -> tuple[tuple[Result, int], ...]:
    """Return how many findings came to each result, passes first."""
    return tuple((result, sum(finding.result is result for finding in findings)) for result in Result)


def find_worst(findings: Sequence[Finding]) -> Result:
    """Return the worst result among findings; nothing measured is nothing passed."""
    found = {finding.result for finding in findings}
    return next((result for result in WORST_FIRST if result in found), Result.NOT_MEASURED)


def _answer_reason(findings: Sequence[Finding]) -> Answered:
    reasons = [finding for finding in findings if finding.gate == "reason_to_change"]
    worst = find_worst(reasons)
    shown = next((finding for finding in reasons if finding.estimate is not None and finding.part), None)
    better = f"{_tell_gain(shown)}, which is more than chance" if shown else _tell_duty(reasons)
    said = {
        Result.PASSED: f"Yes: {better}.",
        Result.FAILED: "No: nothing was found at which it is better.",
        Result.UNDECIDABLE: "Perhaps: it looks better at something, but that may be chance.",
        Result.NOT_MEASURED: "It was not asked, or could not be measured.",
    }
    return Answered("Is there a reason to change?", said[worst], worst)


def _tell_duty(reasons: Sequence[Finding]) -> str:
    """Return the finding's own words, without the name that the question has said already."""
    return reasons[0].sentence.removeprefix("reason to change: ") if reasons else ""


def _tell_gain(finding: Finding) -> str:
    metric, part = name_metric(finding.metric or finding.gate).lower(), name_part(finding.part or "")
    gain = f"{tell_change(finding.estimate or 0.0, finding.metric)} {unit_of(finding.metric)}"
    return f"its {metric} on the {part} is better by {gain}"


def _answer_comparison(findings: Sequence[Finding], against: str, question: str) -> Answered:
    asked = [finding for finding in findings if finding.gate == "non_inferiority" and finding.against == against]
    worst, tests = find_worst(asked), len(asked)
    passed = sum(finding.result is Result.PASSED for finding in asked)
    said = {
        Result.PASSED: f"No: {_count(tests, tests)} that it loses less than the margin.",
        Result.FAILED: f"Yes: it lost more than the margin in {_failed(asked)} of {tests} {'test' if tests == 1 else 'tests'}.",
        Result.UNDECIDABLE: f"It cannot be told: {_count(passed, tests)} that it loses less than the margin.",
        Result.NOT_MEASURED: f"There was no {against} to compare with.",
    }
    return Answered(question, said[worst], worst)


def _answer_safety(findings: Sequence[Finding]) -> Answered:
    asked = [finding for finding in findings if finding.is_safety]
    if not asked:
        return Answered("Did it fail a safety test?", "No safety test is declared for this domain.", Result.NOT_MEASURED)
    failed, silent = _failed(asked), sum(finding.result is Result.NOT_MEASURED for finding in asked)
    passed = sum(finding.result is Result.PASSED for finding in asked)
    head = f"Yes: {failed} of {len(asked)} failed" if failed else f"No: {passed} of {len(asked)} passed and none failed"
    tail = f"; {silent} not measured" if silent else ""
    return Answered("Did it fail a safety test?", f"{head}{tail}.", find_worst(asked))


def _failed(findings: Sequence[Finding]) -> int:
    return sum(finding.result is Result.FAILED for finding in findings)


def _count(part: int, whole: int) -> str:
    if whole == 1:
        return "the one test shows" if part else "the one test does not show"
    return f"{part} of {whole} tests {'shows' if part == 1 else 'show'}"
