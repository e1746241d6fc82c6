"""Robustness is not being worse than the champion by any kind of change, at the look's level; chance is never called failure."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.domain.audits import AuditReport, Probe, Reading
from pipelines.domain.verdicts import Finding, Result
from pipelines.judge.audit_params import Robustness
from pipelines.judge.robustness import find_robustness
from tests.builders.audits import build_evidence, build_report
from tests.builders.outcomes import ALPHA_1


def build_share(kind: str, gains: int, losses: int, rows: int) -> list[Reading]:
    return [
        Reading(name=kind, value=0.9 + (gains - losses) / rows, reference=0.9, count=rows),
        Reading(name=f"{kind} gains", value=float(gains), count=rows),
        Reading(name=f"{kind} losses", value=float(losses), count=rows),
    ]


def build_bits(kind: str, difference: float, error: float, rows: int) -> list[Reading]:
    return [
        Reading(name=kind, value=1.2 - difference, reference=1.2, count=rows),
        Reading(name=f"{kind} difference", value=difference, count=rows),
        Reading(name=f"{kind} error", value=error, count=rows),
    ]


def find(*readings: list[Reading], gate: Robustness | None = None, **pin: object) -> Finding:
    report: AuditReport = build_report(Probe.ROBUSTNESS, *(one for kind in readings for one in kind))
    return find_robustness(gate or Robustness(), build_evidence(report, **pin))


def test_an_equal_model_passes_on_enough_rows_and_is_undecidable_on_few() -> None:
    enough = find(build_share("typos", 25, 25, 2_000), build_share("case", 0, 0, 2_000))
    assert (enough.result, enough.is_blocking, enough.is_safety, enough.against) == (Result.PASSED, True, True, "champion")
    assert enough.sentence.startswith("robustness against the champion: typos +0.0 points, case +0.0 points (lowest bound −")
    assert enough.sentence.endswith("margin 2.0): not worse")
    few = find(build_share("typos", 5, 5, 200))
    assert (few.result, few.is_blocking) == (Result.UNDECIDABLE, False)
    assert "undecidable: 200 of 9" in few.sentence


def test_one_kind_that_is_shown_to_be_worse_fails_the_whole() -> None:
    finding = find(build_share("typos", 25, 25, 2_000), build_share("dates", 10, 120, 2_000))
    assert finding.result is Result.FAILED
    assert finding.is_blocking
    assert [(one.name, one.result) for one in finding.details] == [("typos", Result.PASSED), ("dates", Result.FAILED)]
    assert finding.estimate == pytest.approx(-0.055)


def test_worse_by_what_chance_could_explain_holds_and_does_not_refuse() -> None:
    finding = find(build_share("typos", 2, 5, 100))
    assert (finding.result, finding.is_blocking) == (Result.UNDECIDABLE, True)


def test_bits_a_byte_are_bounded_by_their_error() -> None:
    assert find(build_bits("typos", 0.0, 0.005, 300)).result is Result.PASSED
    assert find(build_bits("typos", -0.015, 0.005, 300)).result is Result.UNDECIDABLE
    worse = find(build_bits("typos", -0.05, 0.005, 300))
    assert worse.result is Result.FAILED
    assert "typos −0.050 bits a byte (+ is better)" in worse.sentence
    mixed = find(build_bits("typos", 0.01, 0.001, 300), build_share("numbers", 10, 10, 3_000))
    assert mixed.result is Result.PASSED
    assert "numbers +0.0 points" in mixed.sentence


def test_a_kind_that_changed_nothing_is_left_out_and_none_at_all_is_no_measurement() -> None:
    nothing = [Reading(name="dates", value=0.0)]
    assert [one.name for one in find(build_share("typos", 25, 25, 2_000), nothing).details] == ["typos"]
    finding = find(nothing)
    assert (finding.result, finding.is_blocking) == (Result.NOT_MEASURED, False)
    assert "no row of the holdout has anything to change" in finding.sentence


def test_a_first_model_is_told_of_by_itself() -> None:
    alone = [Reading(name="typos", value=0.8, reference=0.9, count=50), Reading(name="negation", value=0.7, count=50)]
    finding = find(alone, gate=Robustness(must_be_measured=True), champion=None, anchor=None)
    assert (finding.result, finding.is_blocking) == (Result.NOT_MEASURED, False)
    assert finding.sentence.endswith("no champion yet to compare with; by itself: typos 0.800 after 0.900")


def test_at_the_margin_it_passes_no_oftener_than_the_level_and_an_equal_model_is_hardly_ever_refused() -> None:
    """Two kinds, one at the margin: drawn 150 times. The refusals of an equal model on few rows are at most the level."""
    generator = np.random.default_rng(2)
    passed = refused = 0
    for _ in range(150):
        gains, losses, _ = generator.multinomial(3_000, [0.02, 0.04, 0.94])
        passed += find(build_share("typos", 40, 40, 3_000), build_share("case", gains, losses, 3_000)).result is Result.PASSED
        few = [build_share(kind, *generator.multinomial(150, [0.04, 0.04, 0.92])[:2], 150) for kind in ("typos", "case", "dates")]
        refused += find(*few).result is Result.FAILED
    assert passed <= 150 * ALPHA_1 + 3 * np.sqrt(150 * ALPHA_1)
    assert passed > 0
    assert refused <= 150 * ALPHA_1 + 3 * np.sqrt(150 * ALPHA_1)
