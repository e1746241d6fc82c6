"""What became of a candidate, told from the events alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Kind
from pipelines.domain.verdicts import Decision
from pipelines.promote.dossier.facts import Outcome, Standing
from pipelines.promote.dossier.standing import find_judged, find_known, fold_standing
from tests.builders.dossiers import (
    APPROVER,
    FIRST,
    OVERRIDDEN,
    PROMOTED,
    REFUSED,
    Record,
    crown,
    grant,
    judge_version,
    name_run,
    open_record,
    roll_back,
    tell_story,
)
from tests.builders.ledgers import DOMAIN


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Record:
    return tell_story(tmp_path_factory.mktemp("story"))


@pytest.fixture
def record(tmp_path: Path) -> Record:
    return open_record(tmp_path)


def stand(record: Record, version: int) -> Standing:
    return fold_standing(record.events, find_judged(record.events, DOMAIN, version))


def test_each_candidate_of_the_story_ends_as_it_did(story: Record) -> None:
    outcomes = [stand(story, version).outcome for version in (FIRST, OVERRIDDEN, REFUSED, PROMOTED)]
    assert outcomes == [Outcome.SERVED, Outcome.SERVED, Outcome.REFUSED, Outcome.SERVES]


def test_the_sentence_names_who_serves_and_since_when(story: Record) -> None:
    assert stand(story, PROMOTED).sentence == "Version 4 serves since 3 March 2026, in the place of version 2."
    known = find_known(story.events, find_judged(story.events, DOMAIN, REFUSED))
    then = [event for event in story.events if event.seq <= known]
    told = fold_standing(then, find_judged(then, DOMAIN, REFUSED)).sentence
    assert told == "Version 3 was refused, because it failed a gate; version 2 goes on serving."


def test_an_override_is_told_on_its_own_page_with_who_and_why(story: Record) -> None:
    override = stand(story, OVERRIDDEN).override
    assert override is not None
    assert (override.by, override.proof) == (APPROVER, "signed")
    assert "cannot wait" in override.reason
    assert ", by an override" in stand(story, OVERRIDDEN).sentence


@pytest.mark.parametrize("version", [REFUSED, PROMOTED])
def test_an_override_is_told_on_every_successors_page(story: Record, version: int) -> None:
    standing = stand(story, version)
    assert [one.version for one in standing.inherited] == [OVERRIDDEN]
    assert standing.override is None


def test_a_predecessor_does_not_inherit_from_its_successor(story: Record) -> None:
    assert stand(story, FIRST).inherited == ()


def test_a_promotion_against_its_verdict_is_an_override_even_if_it_does_not_say_so(record: Record) -> None:
    judge_version(record, FIRST, Decision.HOLD, against=None)
    crown(record, FIRST, None)
    override = stand(record, FIRST).override
    assert override is not None
    assert override.by == APPROVER
    assert override.proof == "not recorded"


def test_an_override_that_was_rolled_back_is_not_inherited(record: Record) -> None:
    judge_version(record, FIRST, Decision.PROMOTE, against=None)
    crown(record, FIRST, None)
    judge_version(record, OVERRIDDEN, Decision.HOLD, against=FIRST)
    crown(record, OVERRIDDEN, FIRST, override=True)
    roll_back(record, FIRST, OVERRIDDEN)
    judge_version(record, REFUSED, Decision.PROMOTE, against=FIRST)
    assert stand(record, REFUSED).inherited == ()
    assert stand(record, OVERRIDDEN).override is not None


def test_a_rollback_ends_a_reign_and_begins_another(record: Record) -> None:
    judge_version(record, FIRST, Decision.PROMOTE, against=None)
    crown(record, FIRST, None)
    judge_version(record, OVERRIDDEN, Decision.PROMOTE, against=FIRST)
    crown(record, OVERRIDDEN, FIRST)
    roll_back(record, FIRST, OVERRIDDEN)
    fallen, back = stand(record, OVERRIDDEN), stand(record, FIRST)
    assert fallen.outcome is Outcome.SERVED
    assert fallen.sentence.endswith("in the place of version 1; rolled back.")
    assert [reign.how for reign in back.reigns] == ["promoted", "given back by a rollback"]
    assert back.outcome is Outcome.SERVES


def test_before_an_answer_a_good_candidate_waits_and_after_a_no_it_is_denied(record: Record) -> None:
    judge_version(record, FIRST, Decision.PROMOTE, against=None)
    waiting = stand(record, FIRST)
    record.add(Kind.APPROVAL_DENIED, {"run": name_run(FIRST), "by": APPROVER, "reason": "labels look odd"})
    denied = stand(record, FIRST)
    assert (waiting.outcome, denied.outcome) == (Outcome.WAITS, Outcome.DENIED)
    assert "no version serves yet" in waiting.sentence
    assert "denied by a person" in denied.sentence


def test_a_held_candidate_is_held(record: Record) -> None:
    judge_version(record, FIRST, Decision.HOLD, against=None)
    assert stand(record, FIRST).outcome is Outcome.HELD


def test_what_was_never_judged_has_no_standing(record: Record) -> None:
    judge_version(record, FIRST, Decision.HOLD, against=None)
    with pytest.raises(LedgerError, match="clinical has no judged version 7"):
        find_judged(record.events, DOMAIN, 7)


def test_what_does_not_concern_a_version_changes_nothing_of_it(record: Record) -> None:
    judged = judge_version(record, FIRST, Decision.HOLD, against=None)
    judge_version(record, OVERRIDDEN, Decision.PROMOTE, against=None)
    grant(record, OVERRIDDEN, "good")
    crown(record, OVERRIDDEN, None)
    record.add(Kind.DROP_LANDED, {"drop": "d"})
    assert find_known(record.events, judged) == judged.seq


def test_a_versions_promotion_and_the_end_of_its_time_do_concern_it(record: Record) -> None:
    judged = judge_version(record, FIRST, Decision.PROMOTE, against=None)
    granted = grant(record, FIRST, "good")
    assert find_known(record.events, judged) == granted.seq
    crowned = crown(record, FIRST, None)
    assert find_known(record.events, judged) == crowned.seq
    judge_version(record, OVERRIDDEN, Decision.PROMOTE, against=FIRST)
    replaced = crown(record, OVERRIDDEN, FIRST)
    assert find_known(record.events, judged) == replaced.seq
