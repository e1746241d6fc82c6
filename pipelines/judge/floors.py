"""The absolute floor: a candidate's own value, shown to reach a minimum."""

from __future__ import annotations

from pipelines.domain.errors import NotMeasurableError
from pipelines.domain.verdicts import Finding, Result
from pipelines.judge.comparisons import measure
from pipelines.judge.evidence import Evidence
from pipelines.judge.params import Floor
from pipelines.judge.sentences import describe_level, describe_place, describe_value, round_score


def find_floor(gate: Floor, evidence: Evidence) -> Finding:
    """Return PASSED where the lower bound reaches the minimum, FAILED where not even the estimate does."""
    place = describe_place(gate.metric, gate.slice)
    try:
        measured = measure(evidence, gate.metric, gate.slice)
    except NotMeasurableError as error:
        return Finding(
            gate=gate.kind, result=Result.NOT_MEASURED, sentence=f"{place}: not measured: {error}", is_blocking=gate.is_blocking
        )
    result, words = _read(measured.estimate, measured.lower, gate.minimum, measured.rows)
    estimate, lower, minimum = (describe_value(gate.metric, x) for x in (measured.estimate, measured.lower, gate.minimum))
    return Finding(
        gate=gate.kind,
        result=result,
        sentence=f"{place}: {estimate} (bound {lower} at {describe_level(evidence.alpha)}; floor {minimum}): {words}",
        metric=gate.metric,
        estimate=round_score(measured.estimate, gate.slice),
        lower=round_score(measured.lower, gate.slice),
        margin=gate.minimum,
        rows=measured.rows,
        is_blocking=gate.is_blocking,
        part=gate.slice,
    )


def _read(estimate: float, lower: float, minimum: float, rows: int) -> tuple[Result, str]:
    if lower >= minimum:
        return Result.PASSED, "reaches the floor"
    if estimate < minimum:
        return Result.FAILED, "below the floor"
    return Result.UNDECIDABLE, f"undecidable on {rows:,} examples"
