"""An answer counts once, for one candidate under one verdict, from somebody who may give it, in time; a denial is final."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from flows.answering import answer_or_ask_again, answer_version
from flows.approving import Approval, answer_candidate, ask_approval, check_early, read_approval
from flows.candidates import find_judged, read_verdict
from flows.places import Place
from flows.promoting import list_overrides, promote_latest, promote_version
from pipelines.clock import SetClock
from pipelines.domain.errors import ApprovalError, LedgerError
from pipelines.domain.events import Event, Kind
from pipelines.domain.verdicts import Finding, Result
from pipelines.ledger.champions import champion
from pipelines.promote.approvals import APPROVAL_KINDS, Answer, Standing, is_proven
from pipelines.promote.approvers import Approver
from tests.builders.approvals import make_approver
from tests.builders.ledgers import START
from tests.builders.places import DOMAIN, judge_candidate, with_section

YES = Approval(by="R. Okafor", reason="reviewed with the safety board")
TOO_FEW = Finding(gate="power", result=Result.UNDECIDABLE, sentence="undecidable: 812 of 3,690 examples")


def events(place: Place, *kinds: Kind) -> list[Event]:
    return place.ledger.events(DOMAIN, kinds or APPROVAL_KINDS)


def kinds(place: Place) -> list[Kind]:
    return [event.kind for event in events(place)]


def serving(place: Place) -> int | None:
    found = champion(place.ledger, DOMAIN)
    return found.version if found else None


def say(place: Place, answer: Answer = Answer.GRANTED, approval: Approval = YES, version: int = 1) -> bool:
    return answer_version(place, DOMAIN, version, answer, approval).is_promoted


def later(place: Place, hours: float) -> Place:
    clock = SetClock(START + timedelta(hours=hours))
    settings = place.settings.model_copy(update={"now": clock.now()})
    return replace(place, settings=settings, ledger=replace(place.ledger, clock=clock))


def with_approvers(place: Place, approvers: Sequence[Approver], **fields: Any) -> Place:
    return with_section(place, promote=place.of(DOMAIN).promote.model_copy(update={"approvers": tuple(approvers), **fields}))


@pytest.fixture
def judged(place: Place) -> Place:
    judge_candidate(place, "approving-1")
    return place


def test_an_approval_promotes_and_is_recorded_with_all_that_it_stands_on(judged: Place) -> None:
    assert say(judged)
    (granted,) = events(judged)
    candidate = find_judged(judged, DOMAIN)
    assert granted.payload == {
        "run": "approving-1",
        "version": 1,
        "digest": candidate.digest,
        "verdict": candidate.verdict,
        "decision": "promote",
        "answer": "granted",
        "by": "R. Okafor",
        "reason": "reviewed with the safety board",
        "proof": "self-declared",
        "until": (START + timedelta(hours=72)).isoformat(),
    }
    assert serving(judged) == 1


def test_the_same_approval_twice_is_once(judged: Place) -> None:
    assert say(judged)
    assert say(judged)
    assert kinds(judged) == [Kind.APPROVAL_GRANTED]
    assert len(events(judged, Kind.PROMOTED)) == 1


def test_many_who_approve_at_once_are_one_approval(judged: Place) -> None:
    candidate = find_judged(judged, DOMAIN)
    names = [Approval(by=f"approver {number}", reason="reviewed") for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        states = list(pool.map(lambda approval: answer_candidate(judged, candidate, Answer.GRANTED, approval), names))
    (granted,) = events(judged)
    assert {state.by for state in states} == {granted.payload["by"]}


def test_an_asking_is_recorded_once_and_says_until_when(judged: Place) -> None:
    candidate = find_judged(judged, DOMAIN)
    state = ask_approval(judged, candidate)
    assert ask_approval(later(judged, 1), candidate) == state
    assert state.until == START + timedelta(hours=72)
    assert kinds(judged) == [Kind.APPROVAL_ASKED]


def test_a_denial_leaves_the_champion_alone_and_is_final_whoever_approves_later(judged: Place) -> None:
    assert not say(judged, Answer.DENIED)
    assert not say(judged, Answer.DENIED)
    with pytest.raises(ApprovalError, match="Okafor, which is final"):
        say(judged, approval=Approval(by="A. Lindqvist", reason="I see it otherwise"))
    assert "was denied by R. Okafor" in promote_latest(judged, DOMAIN, YES).sentence
    assert kinds(judged) == [Kind.APPROVAL_DENIED]
    assert serving(judged) is None


def test_a_denial_bars_even_a_candidate_that_needs_no_approval(judged: Place) -> None:
    say(judged)
    judge_candidate(judged, "approving-2", against=1)
    assert not say(judged, Answer.DENIED, version=2)
    assert not promote_latest(judged, DOMAIN, None).is_promoted
    assert serving(judged) == 1


def test_a_denial_of_one_candidate_says_nothing_of_the_next(judged: Place) -> None:
    say(judged, Answer.DENIED)
    judge_candidate(judged, "approving-2")
    assert say(judged, version=2)


def test_an_approval_that_was_not_used_yet_can_still_be_denied(judged: Place) -> None:
    answer_candidate(judged, find_judged(judged, DOMAIN), Answer.GRANTED, YES)
    assert not say(judged, Answer.DENIED, Approval(by="A. Lindqvist", reason="a doubt"))
    assert not promote_latest(judged, DOMAIN, None).is_promoted


def test_what_was_promoted_is_denied_too_late(judged: Place) -> None:
    say(judged)
    with pytest.raises(ApprovalError, match="addendum rollback clinical"):
        say(judged, Answer.DENIED)
    assert kinds(judged) == [Kind.APPROVAL_GRANTED]


def test_nobody_answers_after_the_end_and_then_it_is_asked_anew(judged: Place) -> None:
    promote_latest(judged, DOMAIN, None)
    late = later(judged, 72)
    assert "ran out" in promote_latest(late, DOMAIN, None).sentence
    assert "ran out" in promote_latest(late, DOMAIN, None).sentence
    assert kinds(judged) == [Kind.APPROVAL_ASKED, Kind.APPROVAL_EXPIRED]
    assert not say(late), "what answers an asking that is over answers nothing"
    assert kinds(judged) == [Kind.APPROVAL_ASKED, Kind.APPROVAL_EXPIRED, Kind.APPROVAL_ASKED]
    assert serving(judged) is None
    assert say(late)
    assert serving(judged) == 1


def test_an_approval_that_nobody_used_in_time_counts_no_longer(judged: Place) -> None:
    answer_candidate(judged, find_judged(judged, DOMAIN), Answer.GRANTED, YES)
    late = later(judged, 73)
    assert not promote_latest(late, DOMAIN, None).is_promoted
    assert kinds(judged) == [Kind.APPROVAL_GRANTED, Kind.APPROVAL_EXPIRED]


def test_how_long_it_waits_is_what_the_params_say(judged: Place) -> None:
    params = judged.of(DOMAIN).promote.model_copy(update={"expires_hours": 2.0})
    promote_latest(with_section(judged, promote=params), DOMAIN, None)
    assert say(later(judged, 1.9))


@pytest.mark.parametrize("actor", ["R. Okafor", "r.  okafor"])
def test_whoever_started_the_training_does_not_approve_it(judged: Place, actor: str) -> None:
    started = replace(judged.ledger, actor=actor)
    started.append(DOMAIN, Kind.RETRAIN_STARTED, {"run": "approving-1", "as_of": 0})
    with pytest.raises(ApprovalError, match="must be somebody else"):
        say(judged)
    assert events(judged) == []
    assert say(judged, approval=Approval(by="A. Lindqvist", reason="reviewed"))


def test_whoever_started_the_training_may_deny_it(judged: Place) -> None:
    started = replace(judged.ledger, actor="R. Okafor")
    started.append(DOMAIN, Kind.RETRAIN_STARTED, {"run": "approving-1", "as_of": 0})
    assert not say(judged, Answer.DENIED)
    assert kinds(judged) == [Kind.APPROVAL_DENIED]


def test_who_started_another_training_may_approve_this_one(judged: Place) -> None:
    replace(judged.ledger, actor="R. Okafor").append(DOMAIN, Kind.RETRAIN_STARTED, {"run": "another"})
    assert say(judged)


@pytest.mark.parametrize("approval", [Approval(by=" ", reason="r"), Approval(by="R. Okafor", reason="  ")])
def test_an_answer_without_a_name_or_a_reason_is_refused(judged: Place, approval: Approval) -> None:
    with pytest.raises(ApprovalError, match="a name and a reason"):
        say(judged, approval=approval)


def test_a_signed_approval_is_proven_by_the_listed_key(judged: Place, tmp_path: Path) -> None:
    approver, file = make_approver(tmp_path)
    assert say(with_approvers(judged, [approver]), approval=replace(YES, key_file=file))
    (granted,) = events(judged)
    assert granted.payload["proof"] == "signed"
    assert granted.payload["public_key"] == approver.key
    assert is_proven(granted)


def test_a_key_that_is_not_listed_or_anothers_is_refused(judged: Place, tmp_path: Path) -> None:
    okafor, _ = make_approver(tmp_path)
    lindqvist, other_file = make_approver(tmp_path, "A. Lindqvist")
    signed = replace(YES, key_file=other_file)
    for listed in ([], [okafor], [lindqvist], [okafor, lindqvist]):
        with pytest.raises(ApprovalError, match="this key is not listed for R"):
            say(with_approvers(judged, listed), approval=signed)
    assert events(judged) == []


def test_where_approvers_are_listed_a_name_alone_is_not_enough_unless_the_params_say_so(judged: Place, tmp_path: Path) -> None:
    approver, _ = make_approver(tmp_path)
    strict, lax = with_approvers(judged, [approver]), with_approvers(judged, [approver], accept_self_declared=True)
    with pytest.raises(ApprovalError, match="a name alone is not enough"):
        say(strict)
    with pytest.raises(ApprovalError, match="Lindqvist is not an approver of clinical"):
        say(lax, approval=Approval(by="A. Lindqvist", reason="r"))
    assert say(lax, approval=Approval(by="r. okafor", reason="reviewed"))
    assert events(judged)[0].payload["by"] == "R. Okafor", "as the params write it"


def test_where_only_a_signature_counts_no_form_is_asked_to_be_filled(judged: Place, tmp_path: Path) -> None:
    approver, _ = make_approver(tmp_path)
    outcome = promote_latest(with_approvers(judged, [approver]), DOMAIN, None)
    assert outcome.asked is None
    assert "--key FILE" in outcome.sentence
    assert promote_latest(judged, DOMAIN, None).asked is not None


def test_an_approval_in_advance_that_would_not_count_is_refused_before_the_training(judged: Place, tmp_path: Path) -> None:
    approver, _ = make_approver(tmp_path)
    with pytest.raises(ApprovalError, match="not enough"):
        check_early(with_approvers(judged, [approver]), DOMAIN, YES)
    with pytest.raises(ApprovalError, match="must be somebody else"):
        check_early(judged, DOMAIN, Approval(by="A Test", reason="r"))
    replace(judged.ledger, actor="R. Okafor").append(DOMAIN, Kind.RETRAIN_STARTED, {"run": "open"})
    with pytest.raises(ApprovalError, match="must be somebody else"):
        check_early(judged, DOMAIN, YES)
    check_early(judged, DOMAIN, Approval(by="A Test", reason="r"))


def test_a_candidate_that_was_held_is_not_approved_but_may_be_overridden(place: Place) -> None:
    judge_candidate(place, "approving-1")
    say(place)
    judge_candidate(place, "approving-2", decision="hold", against=1, findings=(TOO_FEW,))
    with pytest.raises(ApprovalError, match=r"cannot be approved: .*`addendum override clinical 2`"):
        say(place, version=2)
    assert say(place, Answer.OVERRIDE, version=2)
    (overridden,) = list_overrides(place, DOMAIN)
    assert (overridden.payload["version"], overridden.payload["override"], overridden.payload["approved_by"]) == (
        2,
        True,
        "R. Okafor",
    )
    assert serving(place) == 2
    judge_candidate(place, "approving-3", against=2)
    assert promote_latest(place, DOMAIN, None).is_promoted
    assert list_overrides(place, DOMAIN) == (overridden,)


@pytest.mark.parametrize(
    ("decision", "findings"),
    [
        ("promote", ()),
        ("refuse", (Finding(gate="floor", result=Result.FAILED, sentence="s"),)),
        ("hold", (TOO_FEW, Finding(gate="phi_leak", result=Result.FAILED, sentence="s", is_safety=True, is_blocking=False))),
        ("hold", (TOO_FEW, Finding(gate="phi_leak", result=Result.NOT_MEASURED, sentence="s", is_safety=True))),
    ],
    ids=["decided already", "failed", "a safety gate failed", "a safety gate that must be measured was not"],
)
def test_nothing_else_can_be_overridden(place: Place, decision: str, findings: tuple[Finding, ...]) -> None:
    judge_candidate(place, "approving-1", decision=decision, findings=findings)
    with pytest.raises(ApprovalError, match="only a candidate that was held for want of evidence"):
        say(place, Answer.OVERRIDE)
    assert events(place) == []


def test_what_the_ledger_says_was_overridden_is_weighed_again_against_the_verdict(place: Place) -> None:
    """An event that somebody wrote past the commands does not make a champion."""
    leak = Finding(gate="phi_leak", result=Result.FAILED, sentence="s", is_safety=True)
    judge_candidate(place, "approving-1", decision="hold", findings=(leak,))
    about = find_judged(place, DOMAIN)
    forged = {"digest": about.digest, "verdict": about.verdict, "answer": "override", "by": "R. Okafor"}
    place.ledger.append(DOMAIN, Kind.APPROVAL_GRANTED, forged)
    assert read_approval(place, about).standing is Standing.GRANTED
    assert not promote_latest(place, DOMAIN, None).is_promoted


def test_a_verdict_is_read_from_the_evidence_or_the_run_and_never_altered(place: Place) -> None:
    judge_candidate(place, "approving-1", decision="hold", findings=(TOO_FEW,))
    about = find_judged(place, DOMAIN)
    file = place.home.run(DOMAIN, about.run) / "data" / DOMAIN / "verdict" / "verdict.json"
    verdict, content = read_verdict(place, about), file.read_bytes()
    file.write_bytes(content.replace(b"undecidable", b"passed"))
    with pytest.raises(LedgerError, match="was altered"):
        read_verdict(place, about)
    place.evidence.put(content)
    assert read_verdict(place, about) == verdict
    place.evidence.erase(about.verdict)
    file.unlink()
    with pytest.raises(LedgerError, match="neither in the evidence nor at"):
        read_verdict(place, about)


def test_what_the_envelope_leaves_to_a_person_waits_for_one(judged: Place) -> None:
    say(judged)
    judge_candidate(judged, "approving-2", against=1, needs_approval=True)
    assert "waits for a named approval" in promote_latest(judged, DOMAIN, None).sentence
    assert say(judged, version=2)


def test_an_older_candidate_is_approved_by_its_own_number(judged: Place) -> None:
    judge_candidate(judged, "approving-2", decision="refuse")
    assert say(judged, version=1)
    assert serving(judged) == 1
    assert promote_version(judged, DOMAIN, 1, None).is_promoted


def test_a_version_never_judged_is_refused(judged: Place) -> None:
    with pytest.raises(LedgerError, match="no judged version 7"):
        say(judged, version=7)


def test_a_form_that_does_not_count_is_told_why_and_the_question_stays_open(judged: Place) -> None:
    asked = promote_latest(judged, DOMAIN, None).asked
    outcome = answer_or_ask_again(judged, DOMAIN, 1, Answer.GRANTED, Approval(by=" ", reason="r"))
    assert (outcome.asked, outcome.is_promoted) == (asked, False)
    assert outcome.sentence.startswith("an answer needs a name and a reason")
    assert answer_or_ask_again(judged, DOMAIN, 1, Answer.GRANTED, YES).is_promoted


def test_a_form_that_comes_too_late_opens_another(judged: Place) -> None:
    asked = promote_latest(judged, DOMAIN, None).asked
    late = later(judged, 80)
    outcome = answer_or_ask_again(late, DOMAIN, 1, Answer.GRANTED, YES)
    assert not outcome.is_promoted
    assert outcome.asked not in {None, asked}
    assert answer_or_ask_again(late, DOMAIN, 1, Answer.GRANTED, YES).is_promoted
