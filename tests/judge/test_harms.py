"""The harm screen names who lost, passes whom nobody can fault, and says what it could not have seen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

import pytest

from pipelines.domain.models import Role
from pipelines.domain.scorecards import Outcome, Slice
from pipelines.domain.verdicts import Decision, Finding, Result
from pipelines.judge.evidence import Evidence
from pipelines.judge.harms import find_harm
from pipelines.judge.judging import decide
from pipelines.judge.screen_params import HarmScreen
from tests.builders.outcomes import build_evidence, build_outcomes

ROWS = 600
SOURCES = ("court", "agency", "journal")


def build_contest(candidate: Iterable[int] = (), champion: Iterable[int] = (), rows: int = ROWS, **fields: Any) -> list[Outcome]:
    """Return both models on rows of three sources, in turn, wrong where told."""
    wrong = {Role.CANDIDATE: candidate, Role.CHAMPION: champion}
    both = [one for role, misses in wrong.items() for one in build_outcomes(role, Slice.HOLDOUT, rows, misses, **fields)]
    return [replace(one, source=SOURCES[int(one.row_id[-6:]) % 3]) for one in both]


def give(outcomes: list[Outcome], gate: HarmScreen | None = None, **pin: Any) -> Finding:
    return find_harm(gate or HarmScreen(), build_evidence(outcomes, **pin))


def build_language(losses: Callable[[Role, int], float], rows: int = ROWS) -> list[Outcome]:
    return [
        replace(one, correct=None, confidence=None, label="", predicted="", loss=losses(one.role, int(one.row_id[-6:])))
        for one in build_contest(rows=rows)
    ]


def test_an_equal_model_passes_and_learns_what_could_have_hidden() -> None:
    finding = give(build_contest(range(60), range(30, 90)))
    assert (finding.result, finding.is_blocking) == (Result.PASSED, True)
    assert "no loss shown in 6 subgroups (α = 0.03 shared by 6)" in finding.sentence
    assert "in 200 rows, the median, a difference of −" in finding.sentence
    assert (finding.metric, finding.against, finding.part, finding.rows) == ("accuracy", "champion", "holdout", ROWS)


def test_a_loss_in_one_source_is_named_though_the_whole_is_better() -> None:
    losses, gains = range(0, 120, 3), [row for row in range(ROWS) if row % 3]  # of the court's rows, and all others'
    finding = give(build_contest(losses, gains))
    assert finding.result is Result.FAILED
    assert "source: court −20.0 points" in finding.sentence
    assert "source: agency" not in finding.sentence
    assert finding.estimate == -0.2


def test_the_details_have_a_line_for_every_subgroup() -> None:
    finding = give(build_contest(range(0, 120, 3)))
    lines = {detail.name: detail for detail in finding.details}
    court, agency = lines["source: court"], lines["source: agency"]
    assert (court.result, court.estimate, court.rows) == (Result.FAILED, -0.2, 200)
    assert court.p_value is not None
    assert court.p_value < 1e-6
    assert court.lower is not None
    assert court.upper is not None
    assert court.lower < -0.2 < court.upper < 0
    assert (agency.result, agency.estimate, agency.p_value) == (Result.PASSED, 0.0, 0.5)
    assert {"label: alpha", "source: journal"} <= set(lines)


def test_labels_years_lengths_and_declared_subgroups_are_all_screened() -> None:
    def vary(one: Outcome) -> Outcome:
        row = int(one.row_id[-6:])
        return replace(one, year=2023 + row % 2, size=100 + row, subgroups=("children",) if row % 5 == 0 else ())

    finding = give([vary(one) for one in build_contest(range(0, 300, 5))])
    kinds = {detail.name.split(":")[0] for detail in finding.details}
    assert kinds == {"source", "year", "length", "label", "declared"}
    assert "declared: children −50.0 points" in finding.sentence


def test_what_is_all_of_the_holdout_is_left_to_the_primary_metrics() -> None:
    names = {detail.name.split(":")[0] for detail in give(build_contest()).details}
    assert names == {"source", "label"}  # all of one year and one length


def test_a_subgroup_that_is_too_small_is_said_to_be_not_measured() -> None:
    outcomes = [replace(one, subgroups=("rare",)) if int(one.row_id[-6:]) < 12 else one for one in build_contest(range(12))]
    finding = give(outcomes)
    rare = next(detail for detail in finding.details if detail.name == "declared: rare")
    assert (finding.result, rare.result, rare.rows) == (Result.PASSED, Result.NOT_MEASURED, 12)
    assert "1 too small to tell" in finding.sentence
    assert give(outcomes, HarmScreen(minimum_rows=12)).result is Result.FAILED


def test_rows_of_a_few_families_tell_nothing() -> None:
    outcomes = [
        replace(one, family_id=f"court {int(one.row_id[-6:]) % 9}") if one.source == "court" else one
        for one in build_contest(range(0, ROWS, 3))
    ]
    lines = {detail.name: detail.result for detail in give(outcomes).details}
    assert lines["source: court"] is Result.NOT_MEASURED
    assert lines["source: agency"] is Result.PASSED


def test_a_first_champion_has_nobody_to_do_worse_than_and_is_not_held_up() -> None:
    own = [one for one in build_contest() if one.role is Role.CANDIDATE]
    finding = give(own, HarmScreen(must_be_measured=True), champion=None, anchor=None)
    assert (finding.result, finding.is_blocking) == (Result.NOT_MEASURED, False)
    assert "there is none yet" in finding.sentence


@pytest.mark.parametrize("must_be_measured", [False, True])
def test_nothing_to_test_is_said_and_holds_only_where_told(*, must_be_measured: bool) -> None:
    gate = HarmScreen(must_be_measured=must_be_measured)
    finding = give(build_contest(rows=45), gate)
    assert (finding.result, finding.is_blocking) == (Result.NOT_MEASURED, must_be_measured)
    assert "no subgroup of the holdout has 20 rows in 10 families" in finding.sentence
    assert {detail.result for detail in finding.details} == {Result.NOT_MEASURED}
    missing = give([one for one in build_contest() if one.role is Role.CANDIDATE], gate)
    assert (missing.result, missing.is_blocking) == (Result.NOT_MEASURED, must_be_measured)


def test_harm_refuses_unless_the_gate_is_only_told() -> None:
    harmed = build_contest(range(0, 120, 3))
    assert decide([give(harmed)]) is Decision.REFUSE
    assert not give(harmed, HarmScreen(is_blocking=False)).is_blocking


def test_fresh_rows_are_screened_once() -> None:
    outcomes = build_contest(range(0, 120, 3))
    fresh = [replace(one, slice=Slice.FRESH) for one in outcomes if int(one.row_id[-6:]) % 2]
    assert give(outcomes + fresh) == give(outcomes)


def test_the_order_of_outcomes_says_nothing() -> None:
    outcomes = build_contest(range(0, 120, 3), range(60))
    assert give(outcomes[::-1]) == give(outcomes)


def test_a_language_model_is_screened_by_its_loss_a_byte() -> None:
    def lose(role: Role, row: int) -> float:
        noise = (row * 37 % 101) / 50 - (row * 53 % 97) / 50
        worse = 30.0 if role is Role.CANDIDATE and row % 3 == 0 else 0.0
        return 100.0 + (noise if role is Role.CANDIDATE else 0.0) + worse

    finding = give(build_language(lose))
    assert (finding.result, finding.metric) == (Result.FAILED, "bits_per_byte")
    assert "source: court −0.43" in finding.sentence
    assert "bits a byte (+ is better)" in finding.sentence
    equal = give(build_language(lambda role, row: 100.0 + (row * (37 if role is Role.CANDIDATE else 41) % 101) / 25))
    assert equal.result is Result.PASSED
    assert "bits a byte" in equal.sentence


def test_empty_texts_have_no_loss_a_byte() -> None:
    outcomes = [replace(one, size=0) if one.source == "court" else one for one in build_language(lambda _, row: 1.0 + row % 7)]
    lines = {detail.name: detail.result for detail in give(outcomes).details}
    assert lines["source: court"] is Result.NOT_MEASURED
    assert lines["source: agency"] is Result.PASSED


def test_a_sentence_names_five_and_counts_the_rest() -> None:
    outcomes = [
        replace(one, source=f"source {int(one.row_id[-6:]) % 8}", label="alpha") for one in build_contest(range(ROWS), rows=800)
    ]
    finding = give(outcomes)
    assert "worse in 8 of 8 subgroups" in finding.sentence
    assert finding.sentence.count("source: ") == 5
    assert finding.sentence.endswith(" and 3 more")


def test_a_screen_has_the_level_of_its_look() -> None:
    outcomes = build_contest(range(0, 36, 3), range(600, 600))
    look = build_evidence(outcomes).look
    late = replace(look, t=40, alpha=1e-6)
    assert give(outcomes).result is Result.FAILED
    assert give(outcomes, look=late).result is Result.PASSED


def test_evidence_is_left_as_it_was() -> None:
    evidence: Evidence = build_evidence(build_contest(range(9)))
    assert find_harm(HarmScreen(), evidence) == find_harm(HarmScreen(), evidence)
