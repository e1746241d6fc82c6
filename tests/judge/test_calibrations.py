"""A confidence may not come to mean less; where that cannot be told, the finding says so, and blocks only where told to."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from pipelines.domain.models import Role
from pipelines.domain.scorecards import Outcome, Slice
from pipelines.domain.verdicts import Decision, Finding, Result
from pipelines.judge.calibrations import find_calibration
from pipelines.judge.judging import decide
from pipelines.judge.screen_params import Calibration
from tests.builders.outcomes import build_evidence, build_outcomes


def build_contest(claimed: float, rows: int = 4_000, claimed_before: float = 0.9) -> list[Outcome]:
    """Return a candidate that is right on nine rows of ten and claims to be so on ``claimed``, and its champion."""
    claims = {Role.CANDIDATE: claimed, Role.CHAMPION: claimed_before}
    luck = np.random.default_rng(1).random(rows)
    wrong = np.flatnonzero(luck > 0.9).tolist()
    jitter = np.random.default_rng(2).uniform(-0.04, 0.04, rows)
    return [
        replace(one, confidence=min(claim + float(jitter[row]), 1.0))
        for role, claim in claims.items()
        for row, one in enumerate(build_outcomes(role, Slice.HOLDOUT, rows, wrong))
    ]


def give(outcomes: list[Outcome], gate: Calibration | None = None, **pin: Any) -> Finding:
    return find_calibration(gate or Calibration(), build_evidence(outcomes, **pin))


def test_a_model_as_well_calibrated_as_the_champion_passes() -> None:
    finding = give(build_contest(0.9))
    assert (finding.result, finding.is_safety, finding.is_blocking) == (Result.PASSED, True, True)
    assert "not further off" in finding.sentence
    assert (finding.metric, finding.against, finding.part, finding.rows) == ("calibration_error", "champion", "holdout", 4_000)


def test_a_model_that_claims_much_more_than_before_fails_and_refuses() -> None:
    finding = give(build_contest(0.96))
    assert finding.result is Result.FAILED
    assert "further off by more than the margin" in finding.sentence
    assert decide([finding]) is Decision.REFUSE


def test_bounds_are_turned_so_that_more_is_better() -> None:
    finding = give(build_contest(0.96))
    assert finding.estimate is not None
    assert finding.lower is not None
    assert finding.upper is not None
    assert finding.lower < finding.estimate < finding.upper < 0
    assert finding.estimate == pytest.approx(-0.05, abs=0.015)
    assert finding.margin == 0.02


@pytest.mark.parametrize("must_be_decided", [False, True])
def test_too_few_rows_decide_nothing_and_hold_only_where_told(*, must_be_decided: bool) -> None:
    finding = give(build_contest(0.9, rows=200), Calibration(must_be_decided=must_be_decided))
    assert (finding.result, finding.is_blocking) == (Result.UNDECIDABLE, must_be_decided)
    assert "undecidable on 200 examples" in finding.sentence


def test_an_increase_that_is_shown_but_within_the_margin_is_no_failure() -> None:
    outcomes = build_contest(0.93)
    assert give(outcomes, Calibration(margin=0.1)).result is Result.PASSED
    assert give(outcomes, Calibration(margin=0.04)).result is not Result.FAILED


@pytest.mark.parametrize("must_be_decided", [False, True])
def test_a_language_model_is_said_to_state_no_confidence(*, must_be_decided: bool) -> None:
    outcomes = [replace(one, confidence=None, correct=None) for one in build_contest(0.9, rows=100)]
    finding = give(outcomes, Calibration(must_be_decided=must_be_decided))
    assert (finding.result, finding.is_blocking) == (Result.NOT_MEASURED, must_be_decided)
    assert "a language model states no confidence in an answer" in finding.sentence


def test_a_first_candidate_is_told_its_own_error_and_not_held_up() -> None:
    own = [one for one in build_contest(0.97) if one.role is Role.CANDIDATE]
    finding = give(own, Calibration(must_be_decided=True), champion=None, anchor=None)
    assert (finding.result, finding.is_blocking) == (Result.NOT_MEASURED, False)
    assert "points on 4,000 examples; there is no champion to compare with" in finding.sentence
    assert float(finding.sentence.split(": ")[1].split()[0]) == pytest.approx(6.5, abs=1.5)


def test_few_families_tell_nothing() -> None:
    outcomes = [replace(one, family_id=f"family {int(one.row_id[-6:]) % 9}") for one in build_contest(0.9, rows=100)]
    finding = give(outcomes)
    assert finding.result is Result.NOT_MEASURED
    assert "9 families are too few" in finding.sentence


def test_a_gate_that_is_only_told_never_blocks() -> None:
    gate = Calibration(is_blocking=False, must_be_decided=True)
    assert not give(build_contest(0.99), gate).is_blocking
    assert not give(build_contest(0.9, rows=200), gate).is_blocking


def test_a_missing_holdout_is_said() -> None:
    finding = give([])
    assert (finding.result, finding.is_blocking) == (Result.NOT_MEASURED, False)
    assert "has no rows in the holdout slice" in finding.sentence
