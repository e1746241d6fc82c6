"""The first screen: one word that never flatters, and four questions answered by the findings alone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.domain.verdicts import Decision, Finding, Result
from pipelines.promote.dossier.facts import Facts, Outcome
from pipelines.promote.dossier.headlines import DECISIONS, answer_questions, count_results, find_worst, raise_banner
from tests.builders.dossiers import (
    FIRST,
    OVERRIDDEN,
    PROMOTED,
    REFUSED,
    Record,
    build_verdict,
    judge_version,
    open_record,
    tell_story,
)
from tests.builders.findings import FAILING, PASSING, build_difference, build_finding, build_safety


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Record:
    return tell_story(tmp_path_factory.mktemp("story"))


def answer(facts: Facts, *findings: Finding) -> list[tuple[str, Result]]:
    told = replace(facts, verdict=build_verdict(1, Decision.HOLD, findings))
    return [(one.answer, one.result) for one in answer_questions(told)]


def test_every_outcome_has_a_word_and_a_tone() -> None:
    assert set(DECISIONS) == set(Outcome)


def test_an_override_is_never_called_a_promotion_alone(story: Record) -> None:
    assert raise_banner(story.facts(OVERRIDDEN).standing).word == "Promoted by override"
    assert raise_banner(story.facts(PROMOTED).standing).word == "Promoted"
    assert raise_banner(story.facts(REFUSED).standing).word == "Refused"


def test_whoever_serves_is_told_from_whoever_served(story: Record) -> None:
    assert raise_banner(story.facts(PROMOTED).standing).standing == "champion now"
    assert raise_banner(story.facts(FIRST).standing).standing == "no longer serving"


def test_a_good_candidate_is_told_by_what_it_gains_and_does_not_lose(story: Record) -> None:
    told = [one.answer for one in answer_questions(story.facts(PROMOTED))]
    assert told == [
        "Yes: its accuracy on the fresh rows is better by +2.9 points, which is more than chance.",
        "No: 2 of 2 tests show that it loses less than the margin.",
        "No: the one test shows that it loses less than the margin.",
        "No: 5 of 6 passed and none failed; 1 not measured.",
    ]


def test_a_bad_candidate_is_told_by_what_it_loses(story: Record) -> None:
    told = [(one.answer, one.result) for one in answer_questions(story.facts(REFUSED))]
    assert told[1] == ("Yes: it lost more than the margin in 1 of 2 tests.", Result.FAILED)
    assert told[3] == ("Yes: 1 of 6 failed; 1 not measured.", Result.FAILED)


def test_one_test_that_does_not_decide_leaves_the_question_open(story: Record) -> None:
    open_one = build_difference("established", result=Result.UNDECIDABLE)
    told = answer(story.facts(PROMOTED), build_difference(), open_one)
    assert told[1] == ("It cannot be told: 1 of 2 tests shows that it loses less than the margin.", Result.UNDECIDABLE)


def test_a_first_champion_has_nobody_to_be_compared_with(story: Record) -> None:
    reason = build_finding("reason_to_change", sentence="reason to change: this is the first champion")
    told = answer(story.facts(FIRST), reason)
    assert told[0] == ("Yes: this is the first champion.", Result.PASSED)
    assert told[1] == ("There was no champion to compare with.", Result.NOT_MEASURED)


def test_no_safety_test_is_not_a_safe_model(story: Record) -> None:
    assert answer(story.facts(FIRST), build_difference())[3] == (
        "No safety test is declared for this domain.",
        Result.NOT_MEASURED,
    )


def test_a_safety_test_that_was_not_measured_is_not_shown_as_passed(story: Record) -> None:
    silent = build_safety("phi_leak", "not measured", Result.NOT_MEASURED)
    assert answer(story.facts(FIRST), build_safety("robustness", "fine"), silent)[3][1] is Result.NOT_MEASURED


def test_without_a_verdict_nothing_is_answered(tmp_path: Path) -> None:
    record = open_record(tmp_path)
    judge_version(record, FIRST, Decision.HOLD, against=None, findings=())
    assert answer_questions(record.facts(FIRST)) == ()


def test_the_worst_result_wins_and_nothing_is_not_a_pass() -> None:
    assert find_worst(FAILING) is Result.FAILED
    assert find_worst(PASSING) is Result.NOT_MEASURED
    assert find_worst(()) is Result.NOT_MEASURED


def test_the_counts_add_up() -> None:
    assert sum(count for _, count in count_results(FAILING)) == len(FAILING)
