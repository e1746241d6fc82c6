"""A confidence that people act on must not come to mean less: the candidate's calibration against the champion's.

A raw calibration error says little, since its size is mostly that of the holdout; its increase over a model that serves does.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.domain.errors import NotMeasurableError
from pipelines.domain.models import Role
from pipelines.domain.scorecards import Outcome, Slice
from pipelines.domain.verdicts import Finding, Result
from pipelines.judge.calibration_tests import Confidences, Increase, compare_calibration
from pipelines.judge.evidence import Evidence, Floats, Rows
from pipelines.judge.holdouts import find_holdout
from pipelines.judge.screen_params import Calibration
from pipelines.judge.sentences import describe_level, round_score
from pipelines.judge.statistics import FEW_FAMILIES

WORDS = {Result.PASSED: "not further off", Result.FAILED: "further off by more than the margin"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Paired:
    """Candidate and champion (for a first candidate: itself) on the rows of the holdout."""

    rows: Rows
    models: tuple[Confidences, Confidences]


def find_calibration(gate: Calibration, evidence: Evidence) -> Finding:
    """Return PASSED where the increase is shown to be below ``margin``.

    FAILED where there is an increase for certain (its lower bound is above zero) and its estimate is above ``margin``, else
    UNDECIDABLE. A language model states no confidence in an answer, so nothing can be measured. Neither that nor being
    undecidable blocks, unless the gate ``must_be_decided``; a first candidate is only told what it is.
    """
    try:
        paired = _pair(evidence)
    except NotMeasurableError as error:
        return _say(gate, evidence, Result.NOT_MEASURED, f"not measured: {error}")
    increase = compare_calibration(paired.models, paired.rows.family, evidence.alpha)
    count = len(paired.rows.row_ids)
    if evidence.is_first:
        told = f"{_points(increase.first)} points on {count:,} examples; there is no champion to compare with"
        return _say(gate, evidence, Result.NOT_MEASURED, told)
    result = _read(increase, gate.margin)
    said = (
        f"{_points(increase.first)} points against the champion's {_points(increase.second)} (increase at most "
        f"{_points(increase.upper)} at {describe_level(evidence.alpha)}; margin {100 * gate.margin:.1f}): "
        f"{WORDS.get(result) or f'undecidable on {count:,} examples'}"
    )
    return _say(gate, evidence, result, said, (increase, count))


def _pair(evidence: Evidence) -> _Paired:
    other = Role.CANDIDATE if evidence.is_first else Role.CHAMPION
    rows, _ = evidence.pair(other, Slice.HOLDOUT)
    if rows.families < FEW_FAMILIES:
        raise NotMeasurableError(f"{rows.families} families are too few: at least {FEW_FAMILIES} are needed")
    first, second = (_read_confidences(rows.row_ids, find_holdout(evidence, role)) for role in (Role.CANDIDATE, other))
    return _Paired(rows=rows, models=(first, second))


def _read_confidences(row_ids: tuple[str, ...], outcomes: dict[str, Outcome]) -> Confidences:
    stated = [outcomes[row_id].confidence for row_id in row_ids]
    right = [outcomes[row_id].correct for row_id in row_ids]
    if None in stated or None in right:
        raise NotMeasurableError("a language model states no confidence in an answer")
    return Confidences(stated=np.array(stated, dtype=np.float64), right=np.array(right, dtype=np.float64))


def _read(increase: Increase, margin: float) -> Result:
    if increase.upper < margin:
        return Result.PASSED
    return Result.FAILED if increase.lower > 0 and increase.estimate > margin else Result.UNDECIDABLE


def _points(amount: Floats) -> str:
    return f"{100 * float(amount):.1f}"


def _say(
    gate: Calibration, evidence: Evidence, result: Result, said: str, measured: tuple[Increase, int] | None = None
) -> Finding:
    is_decided = result in {Result.PASSED, Result.FAILED}
    increase, count = measured or (None, None)
    estimate, lower, upper = (
        (None, None, None)
        if increase is None
        # more is better in a finding, so the bounds of the increase change places and sign
        else (round_score(-float(one), Slice.HOLDOUT) for one in (increase.estimate, increase.upper, increase.lower))
    )
    return Finding(
        gate=gate.kind,
        result=result,
        sentence=f"calibration error on the holdout: {said}",
        metric="calibration_error",
        against=Role.CHAMPION,
        estimate=estimate,
        lower=lower,
        upper=upper,
        margin=gate.margin,
        rows=count,
        part=Slice.HOLDOUT,
        is_blocking=gate.is_blocking and (is_decided or (gate.must_be_decided and not evidence.is_first)),
        is_safety=True,
    )
