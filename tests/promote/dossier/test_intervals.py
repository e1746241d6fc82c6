"""Findings as lines of a drawing: in points where they are shares, against whom, and above which limit they must stay."""

from __future__ import annotations

import pytest

from pipelines.domain.verdicts import Decision, Detail, Finding, Result
from pipelines.promote.dossier.intervals import Interval, list_details, list_differences, split_by_reference, split_by_unit
from tests.builders.dossiers import build_verdict
from tests.builders.findings import BASELINE, FLOOR, PASSING, build_difference, build_finding, build_harm


def read(*findings: Finding) -> tuple[Interval, ...]:
    return list_differences(build_verdict(1, Decision.PROMOTE, findings))


def test_a_share_is_drawn_in_points_and_its_limit_is_the_margin_below_nothing() -> None:
    (one,) = read(build_difference("holdout", 0.013, lower=0.002, upper=0.03))
    assert (one.name, one.against, one.unit, one.rows) == ("Accuracy, holdout", "champion", "points", 4212)
    assert (one.estimate, one.lower, one.upper, one.limit) == pytest.approx((1.3, 0.2, 3.0, -1.0))


def test_bits_keep_their_unit() -> None:
    (one,) = read(build_difference("holdout", 0.013, metric="bits_per_byte", margin=0.02))
    assert one.unit.startswith("bits a byte")
    assert (one.estimate, one.limit) == pytest.approx((0.013, -0.02))


def test_a_finding_that_compares_with_nobody_is_no_difference() -> None:
    assert read(FLOOR, build_finding("power", rows=3)) == ()


def test_a_finding_that_was_not_measured_is_no_difference() -> None:
    assert read(build_difference(estimate=0.0, result=Result.NOT_MEASURED).__class__(
        gate="non_inferiority", result=Result.NOT_MEASURED, sentence="none", metric="accuracy", against="champion"
    )) == ()  # fmt: skip


def test_a_bound_that_no_test_gives_is_not_made_up() -> None:
    (one,) = read(build_finding("baseline", metric="accuracy", against="baseline", estimate=0.1))
    assert (one.lower, one.upper, one.limit) == (None, None, None)


def test_the_champion_comes_first_then_the_anchor_then_the_others() -> None:
    found = read(BASELINE, build_difference("anchor", 0.03, against="anchor"), build_difference())
    assert [one.against for one in found] == ["champion", "anchor", "baseline"]
    assert [against for against, _ in split_by_reference(found)] == ["champion", "anchor", "baseline"]


def test_no_axis_has_two_units() -> None:
    found = read(build_difference(), build_difference(metric="bits_per_byte"), build_difference("fresh"))
    assert [(unit.split()[0], len(members)) for unit, members in split_by_unit(found)] == [("points", 2), ("bits", 1)]


def test_the_details_of_a_finding_are_lines_too_as_far_as_they_were_estimated() -> None:
    harm = build_harm(is_harming=True)
    lines = list_details(harm)
    assert len(lines) == 12
    assert lines[-1].result is Result.FAILED
    assert lines[-1].estimate == pytest.approx(-5.8)
    assert list_details(build_finding(details=(Detail(name="a", result=Result.PASSED),))) == ()


def test_every_difference_of_a_whole_verdict_is_among_the_lines() -> None:
    expected = [one for one in PASSING if one.against and one.estimate is not None and one.gate != "harm_screen"]
    assert len(read(*PASSING)) == len(expected) == 5


def test_a_gate_that_is_not_known_by_what_it_compares_is_named_by_itself() -> None:
    (one,) = read(build_difference(gate="robustness", metric=None, part=None))
    assert (one.name, one.unit) == ("Robustness", "the gate's own unit")
