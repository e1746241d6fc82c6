"""A verdict is the conjunction of findings; a finding is one gate's result together with the evidence that it stands on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pipelines.domain.identities import Digest
from pipelines.domain.pins import Look


class Result(StrEnum):
    """What a gate found. ``UNDECIDABLE`` and ``NOT_MEASURED`` are said, and are never a pass."""

    PASSED = "passed"
    FAILED = "failed"
    UNDECIDABLE = "undecidable"
    NOT_MEASURED = "not measured"


class Decision(StrEnum):
    """What follows from all findings together."""

    PROMOTE = "promote"
    HOLD = "hold"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """One line of a finding that looks at many things: a subgroup, a kind of typo, a repetition of a canary."""

    name: str
    result: Result
    estimate: float | None = None
    lower: float | None = None
    upper: float | None = None
    p_value: float | None = None
    rows: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One gate's result. ``estimate``, bounds and ``margin`` are in the metric's own unit, oriented so that more is better.

    ``part`` is the slice it was measured on. Nobody may override a finding that ``is_safety``.
    """

    gate: str
    result: Result
    sentence: str
    metric: str | None = None
    against: str | None = None
    estimate: float | None = None
    lower: float | None = None
    margin: float | None = None
    rows: int | None = None
    needed: int | None = None
    is_blocking: bool = True
    part: str | None = None
    upper: float | None = None
    is_safety: bool = False
    details: tuple[Detail, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """All findings, and the decision that follows; ``look`` is ``None`` for a run that may never be promoted.

    ``needs_approval`` where the candidate differs from the champion in what the envelope leaves to a person: the decision
    permits, and a named approver must agree.
    """

    decision: Decision
    sentence: str
    candidate: Digest
    look: Look | None
    findings: tuple[Finding, ...]
    needs_approval: bool = False

    @property
    def is_overridable(self) -> bool:
        """Whether a named approver may promote all the same: the numbers were silent everywhere, and nowhere against it.

        Never over a failure, never over safety, and never where there was no look or nothing was measured.
        """
        stopping = [finding for finding in self.findings if finding.is_blocking and finding.result is not Result.PASSED]
        return (
            self.decision is Decision.HOLD
            and self.look is not None
            and bool(self.findings)
            and all(_is_silent(finding) for finding in stopping)
            and not any(finding.is_safety and finding.result is Result.FAILED for finding in self.findings)
        )


def _is_silent(finding: Finding) -> bool:
    if finding.result is Result.NOT_MEASURED:
        return not finding.is_safety
    return finding.result is Result.UNDECIDABLE
