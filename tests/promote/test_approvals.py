"""An approval says one thing about one candidate; where it stands follows from the ledger's events and the time alone."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DomainName, Json, RunId
from pipelines.domain.verdicts import Decision
from pipelines.ledger.ledgers import Ledger
from pipelines.promote.approvals import (
    APPROVAL_KINDS,
    Answer,
    Proof,
    Standing,
    Statement,
    end_after,
    fold_approvals,
    is_proven,
    read_statement,
)
from pipelines.promote.keys import read_key, sign
from tests.builders.approvals import MODEL, VERDICT, build_event, build_statement, make_approver
from tests.builders.ledgers import DOMAIN, START, open_ledger

ELSE: dict[str, Any] = {
    "domain": DomainName("regulatory"),
    "version": 2,
    "digest": Digest("d" * 64),
    "run": RunId("run-2"),
    "verdict": Digest("e" * 64),
    "decision": Decision.HOLD,
    "answer": Answer.DENIED,
    "by": "A. Lindqvist",
    "reason": "another",
}


@pytest.mark.parametrize("field", [field.name for field in fields(Statement)])
def test_no_part_of_a_statement_can_be_exchanged_under_its_signature(field: str) -> None:
    assert build_statement().encode() != replace(build_statement(), **{field: ELSE[field]}).encode()


def test_what_is_signed_is_canonical_and_says_what_it_is() -> None:
    content = build_statement().encode()
    said = json.loads(content)
    assert content == json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    assert said["form"] == "addendum approval 1"
    assert set(said) == {"form", *ELSE}


def record(ledger: Ledger, statement: Statement, **payload: Json) -> Event:
    return ledger.append(DOMAIN, Kind.APPROVAL_GRANTED, {**statement.as_payload(), **payload})


def test_a_statement_comes_back_from_the_ledger_as_it_was(tmp_path: Path) -> None:
    statement = build_statement(answer=Answer.OVERRIDE, decision=Decision.HOLD)
    event = record(open_ledger(tmp_path), statement, proof=Proof.SELF_DECLARED)
    assert read_statement(event) == statement
    assert not is_proven(event)


def test_a_signed_approval_is_proven_by_its_event_alone_and_an_altered_one_is_not(tmp_path: Path) -> None:
    approver, file = make_approver(tmp_path)
    statement = build_statement()
    signed = {"proof": Proof.SIGNED, "public_key": approver.key, "signature": sign(read_key(file), statement.encode())}
    event = record(open_ledger(tmp_path), statement, **signed)
    assert is_proven(event)
    for name in ("by", "reason", "digest", "verdict", "answer"):
        assert not is_proven(replace(event, payload={**event.payload, name: ELSE[name]}))
    assert not is_proven(replace(event, domain=DomainName("regulatory")))
    other, _ = make_approver(tmp_path, "A. Lindqvist")
    assert not is_proven(replace(event, payload={**event.payload, "public_key": other.key}))


def fold(*events: Event, hours: float = 0.0) -> Standing:
    return fold_approvals(events, MODEL, VERDICT, START + timedelta(hours=hours)).standing


UNTIL = end_after(START, 72)


def test_nothing_said_is_nothing_asked() -> None:
    assert fold() is Standing.NONE


@pytest.mark.parametrize("field", ["digest", "verdict"])
def test_what_is_said_of_another_model_or_verdict_says_nothing_of_this_one(field: str) -> None:
    assert fold(build_event(Kind.APPROVAL_GRANTED, until=UNTIL, **{field: "0" * 64})) is Standing.NONE


def test_an_event_from_before_approvals_named_their_model_says_nothing() -> None:
    assert fold(replace(build_event(Kind.APPROVAL_GRANTED), payload={"run": "run-1", "by": "R. Okafor"})) is Standing.NONE


@pytest.mark.parametrize(("kind", "standing"), [(Kind.APPROVAL_ASKED, Standing.ASKED), (Kind.APPROVAL_GRANTED, Standing.GRANTED)])
def test_it_counts_until_its_end_and_no_longer(kind: Kind, standing: Standing) -> None:
    event = build_event(kind, until=UNTIL)
    assert fold(event, hours=71.99) is standing
    state = fold_approvals([event], MODEL, VERDICT, START + timedelta(hours=72))
    assert (state.standing, state.is_lapsed, state.event) == (Standing.EXPIRED, True, event)


def test_an_end_that_was_recorded_is_not_to_be_recorded_again() -> None:
    events = [build_event(Kind.APPROVAL_ASKED, until=UNTIL), build_event(Kind.APPROVAL_EXPIRED)]
    state = fold_approvals(events, MODEL, VERDICT, START + timedelta(hours=100))
    assert (state.standing, state.is_lapsed) == (Standing.EXPIRED, False)


def test_asked_anew_it_can_be_granted_again() -> None:
    late = end_after(START, 200)
    anew = [build_event(Kind.APPROVAL_EXPIRED), build_event(Kind.APPROVAL_ASKED, until=late)]
    assert fold(*anew, hours=100) is Standing.ASKED
    assert fold(*anew, build_event(Kind.APPROVAL_GRANTED, until=late), hours=100) is Standing.GRANTED


@given(
    before=st.lists(st.sampled_from(APPROVAL_KINDS), max_size=5),
    after=st.lists(st.sampled_from(APPROVAL_KINDS), max_size=5),
    hours=st.floats(0, 1000),
)
def test_a_denial_is_final_whatever_came_before_and_after(before: list[Kind], after: list[Kind], hours: float) -> None:
    events = [build_event(kind, until=UNTIL) for kind in (*before, Kind.APPROVAL_DENIED, *after)]
    assert fold(*events, hours=hours) is Standing.DENIED


def test_a_denial_bars_the_model_under_any_verdict_and_a_grant_counts_under_its_own() -> None:
    def stand(kind: Kind) -> Standing:
        return fold_approvals([build_event(kind, until=UNTIL)], MODEL, Digest("0" * 64), START).standing

    assert stand(Kind.APPROVAL_DENIED) is Standing.DENIED
    assert stand(Kind.APPROVAL_GRANTED) is Standing.NONE


@given(kinds=st.lists(st.sampled_from(APPROVAL_KINDS), max_size=8), hours=st.floats(0, 1000))
def test_granted_is_only_what_somebody_granted_last_and_in_time(kinds: list[Kind], hours: float) -> None:
    is_granted = fold(*[build_event(kind, until=UNTIL) for kind in kinds], hours=hours) is Standing.GRANTED
    assert is_granted == (kinds[-1:] == [Kind.APPROVAL_GRANTED] and Kind.APPROVAL_DENIED not in kinds and hours < 72)


def test_an_override_is_told_from_an_approval() -> None:
    for answer in ("granted", "override"):
        state = fold_approvals([build_event(Kind.APPROVAL_GRANTED, answer=answer)], MODEL, VERDICT, START)
        assert state.is_override == (answer == "override")
        assert state.by == "R. Okafor"
