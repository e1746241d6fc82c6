"""Not worse than the champion, and never far from the frozen anchor: without the second, many small losses add up."""

from __future__ import annotations

from dataclasses import replace

from pipelines.domain.scorecards import Slice
from pipelines.domain.verdicts import Finding, Result
from pipelines.judge.comparisons import Question
from pipelines.judge.differences import Words, find_difference
from pipelines.judge.evidence import Evidence
from pipelines.judge.params import NonInferiority
from pipelines.judge.sentences import describe_place

WORDS = Words(passed="not worse", failed="worse by more than the margin")


def find_non_inferiority(gate: NonInferiority, evidence: Evidence) -> Finding:
    """Return whether the candidate is shown to lose less than the margin; asked of nobody while there is no champion.

    A holdout that was renewed since the champion's cut-off has no established rows by construction: that is told and holds
    nobody up, since the anchor's rows are old ones and the next champion will have established rows again.
    """
    if evidence.is_first:
        return _tell(gate, f"not worse than the {gate.against.value}: there is none yet, nothing to compare with")
    if gate.slice is Slice.ESTABLISHED and evidence.is_renewed:
        place = describe_place(gate.metric, gate.slice)
        return _tell(gate, f"{place}: the holdout was renewed since the champion's cut-off, so all its rows are fresh")
    question = Question(metric=gate.metric, part=gate.slice, against=gate.against, margin=gate.margin)
    finding = find_difference(gate.kind, evidence, question, -gate.margin, WORDS)
    return replace(finding, is_blocking=gate.is_blocking)


def _tell(gate: NonInferiority, sentence: str) -> Finding:
    return Finding(
        gate=gate.kind,
        result=Result.NOT_MEASURED,
        sentence=sentence,
        metric=gate.metric,
        against=gate.against,
        is_blocking=False,
        part=gate.slice,
    )
