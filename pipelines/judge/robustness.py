"""Small changes of the input must not throw a candidate further than they throw the champion: by any kind of change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from pipelines.domain.audits import Probe, ProbeReport, Reading
from pipelines.domain.errors import NotMeasurableError
from pipelines.domain.verdicts import Detail, Finding, Result
from pipelines.judge.audit_params import Robustness
from pipelines.judge.audits import DIGITS, settle
from pipelines.judge.evidence import Evidence
from pipelines.judge.params import MetricName
from pipelines.judge.power import count_for_errors, count_for_proportions
from pipelines.judge.sentences import describe_amount, describe_difference, describe_level, describe_shortage
from pipelines.judge.statistics import bound_difference, bound_estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Candidate minus champion under one kind of change, more is better; ``upper`` is its bound from above."""

    kind: str
    metric: MetricName
    estimate: float
    lower: float
    upper: float
    rows: int
    needed: int


def find_robustness(gate: Robustness, evidence: Evidence) -> Finding:
    """Return PASSED where every kind's lower bound lies above -margin, FAILED where one is shown to be worse and by that much.

    All kinds must pass, so each is bounded at α (Berger 1982, Technometrics 24, 295-300); that any is worse is told at α over
    their number. An estimate below -margin that chance could explain holds the candidate, whatever ``must_be_measured`` says.
    """
    finding = settle(gate, Probe.ROBUSTNESS, evidence, lambda report: _weigh(gate, evidence, report), is_comparison=True)
    is_worse = finding.estimate is not None and finding.estimate < -gate.margin
    return replace(finding, is_blocking=finding.is_blocking or is_worse)


def _weigh(gate: Robustness, evidence: Evidence, report: ProbeReport) -> Finding:
    if evidence.is_first:
        raise NotMeasurableError(f"there is no champion yet to compare with; {_describe_alone(report)}")
    changes = read_changes(report, gate.margin, evidence.alpha)
    results = [_read(change, gate.margin) for change in changes]
    worst = min(changes, key=lambda change: change.lower)
    result = next(one for one in (Result.FAILED, Result.UNDECIDABLE, Result.PASSED) if one in results)
    said = {Result.PASSED: "not worse", Result.FAILED: "worse by more than the margin"}
    differences = ", ".join(f"{one.kind} {describe_difference(one.metric, one.estimate)}" for one in changes)
    return Finding(
        gate=gate.kind,
        result=result,
        sentence=f"robustness against the champion: {differences} (lowest bound {describe_amount(worst.metric, worst.lower)} at "
        f"{describe_level(evidence.alpha)}; margin {describe_amount(worst.metric, gate.margin)}): "
        f"{said.get(result) or describe_shortage(worst.rows, worst.needed)}",
        against="champion",
        estimate=round(min(change.estimate for change in changes), DIGITS),
        lower=round(worst.lower, DIGITS),
        margin=gate.margin,
        rows=min(change.rows for change in changes),
        needed=max(change.needed for change in changes),
        details=tuple(_detail(change, one) for change, one in zip(changes, results, strict=True)),
    )


def read_changes(report: ProbeReport, margin: float, alpha: float) -> list[Change]:
    """Return each kind of change that changed a row, bounded from below at ``alpha`` and from above at its share of it.

    Shares of rows go through Tango's score bound, one row a family; bits a byte through Student's t. Raises
    :class:`~pipelines.domain.errors.NotMeasurableError` where nothing was changed.
    """
    found = {reading.name: reading for reading in report.readings}
    shares = {name: reading for name, reading in found.items() if f"{name} gains" in found}
    bits = {name: reading for name, reading in found.items() if f"{name} difference" in found}
    share = alpha / max(len(shares) + len(bits), 1)
    changes = [_bound_share(reading, found, (margin, alpha, share)) for reading in shares.values()]
    changes += [_bound_bits(reading, found, (margin, alpha, share)) for reading in bits.values()]
    if not changes:
        raise NotMeasurableError("no row of the holdout has anything to change")
    return changes


def _bound_share(reading: Reading, found: Mapping[str, Reading], levels: tuple[float, float, float]) -> Change:
    margin, alpha, share = levels
    count = reading.count
    gains, losses = (found[f"{reading.name} {side}"].value for side in ("gains", "losses"))
    rows, better, worse = (np.asarray(number, dtype=np.float64) for number in (count, gains, losses))
    return Change(
        kind=reading.name,
        metric="accuracy",
        estimate=(gains - losses) / count,
        lower=float(bound_difference(better, worse, rows, alpha)),
        upper=-float(bound_difference(worse, better, rows, share)),
        rows=count,
        needed=count_for_proportions((gains + losses) / count, margin, alpha),
    )


def _bound_bits(reading: Reading, found: Mapping[str, Reading], levels: tuple[float, float, float]) -> Change:
    margin, alpha, share = levels
    count = reading.count
    estimate, error = (np.asarray(found[f"{reading.name} {part}"].value) for part in ("difference", "error"))
    return Change(
        kind=reading.name,
        metric="bits_per_byte",
        estimate=float(estimate),
        lower=float(bound_estimate(estimate, error, count, alpha)),
        upper=-float(bound_estimate(-estimate, error, count, share)),
        rows=count,
        needed=count_for_errors(count, float(error), margin, alpha),
    )


def _read(change: Change, margin: float) -> Result:
    if change.lower > -margin:
        return Result.PASSED
    return Result.FAILED if change.estimate < -margin and change.upper < 0 else Result.UNDECIDABLE


def _detail(change: Change, result: Result) -> Detail:
    estimate, lower, upper = (round(number, DIGITS) for number in (change.estimate, change.lower, change.upper))
    return Detail(name=change.kind, result=result, estimate=estimate, lower=lower, upper=upper, rows=change.rows)


def _describe_alone(report: ProbeReport) -> str:
    """Say how the first model bears each change by itself: for people to know, and for nobody to judge."""
    known = [reading for reading in report.readings if reading.reference is not None]
    said = [f"{reading.name} {reading.value:.3f} after {reading.reference:.3f}" for reading in known]
    return "by itself: " + ", ".join(said) if said else "nothing to tell"
