"""What was in force on a day, as laws over any history and as the cases that regulators and journals make."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.domain.revisions import Entry, Status, resolve_statuses
from pipelines.domain.validity import find_in_force
from tests.builders.revisions import build_entry
from tests.domain.test_revisions import BUSY, FIRST, histories

DAYS = st.integers(-1, 12).map(lambda days: FIRST + timedelta(days=days))
JANUARY, MARCH, MAY, JULY = (date(2026, month, 1) for month in (1, 3, 5, 7))


def in_force(day: date, *entries: Entry) -> list[str]:
    return [entry.revision.text for entry in find_in_force(entries, day)]


def build(text: str, arrival: int, since: date, **fields: object) -> Entry:
    return build_entry(text=text, ingest_seq=arrival, effective_from=since, **fields)


@BUSY
@given(history=histories(), day=DAYS)
def test_at_most_one_revision_of_a_document_is_in_force_and_none_before_it_begins_or_after_it_ends(
    history: list[Entry], day: date
) -> None:
    found = find_in_force(history, day)
    assert len({entry.revision.document_id for entry in found}) == len(found)
    for entry in found:
        assert entry in history
        assert entry.revision.effective_from <= day
        assert entry.revision.effective_to is None or day < entry.revision.effective_to


@BUSY
@given(history=histories(), day=DAYS, order=st.randoms(use_true_random=False))
def test_the_order_in_which_they_are_given_decides_nothing(history: list[Entry], day: date, order: object) -> None:
    shuffled = list(history)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert find_in_force(shuffled, day) == find_in_force(history, day)


@BUSY
@given(history=histories())
def test_when_all_days_have_passed_what_holds_is_what_is_active(history: list[Entry]) -> None:
    active = {entry.digest for entry in resolve_statuses(history) if entry.revision.status is Status.ACTIVE}
    open_ended = {entry.digest for entry in history if entry.revision.effective_to is None}
    assert {entry.digest for entry in find_in_force(history, date.max)} == active & open_ended


@BUSY
@given(history=histories(), day=DAYS)
def test_a_document_has_nothing_to_do_with_another(history: list[Entry], day: date) -> None:
    one = [entry for entry in history if entry.revision.document_id == "one"]
    together = [entry for entry in find_in_force(history, day) if entry.revision.document_id == "one"]
    assert find_in_force(one, day) == together


def test_an_amendment_is_in_force_from_its_own_day_and_not_from_the_day_that_we_learned_of_it() -> None:
    before, amended = build("before", 1, JANUARY), build("amended", 2, MAY)
    assert in_force(MAY - timedelta(days=1), before, amended) == ["before"]
    assert in_force(MAY, before, amended) == ["amended"]
    assert in_force(MAY, before) == ["before"], "as we knew it before the amendment arrived"


def test_a_correction_replaces_from_the_first_day_what_it_corrects() -> None:
    wrong, right = build("wrong", 1, MARCH), build("right", 2, MARCH)
    assert in_force(MARCH, wrong, right) == ["right"]
    assert in_force(MARCH, wrong) == ["wrong"]


def test_a_withdrawn_rule_was_in_force_until_it_was_withdrawn() -> None:
    rule, end = build("rule", 1, JANUARY), build("", 2, MAY, status=Status.WITHDRAWN)
    assert in_force(MARCH, rule, end) == ["rule"]
    assert in_force(MAY, rule, end) == []


def test_a_withdrawal_takes_a_scheduled_amendment_with_it() -> None:
    rule, planned = build("rule", 1, JANUARY), build("planned", 2, JULY)
    end = build("", 3, MAY, status=Status.WITHDRAWN)
    assert in_force(MARCH, rule, planned, end) == ["rule"]
    assert in_force(JULY, rule, planned, end) == []


def test_a_rule_that_came_back_leaves_a_gap() -> None:
    rule, end = build("rule", 1, JANUARY), build("", 2, MARCH, status=Status.WITHDRAWN)
    again = build("again", 3, MAY)
    assert [in_force(day, rule, end, again) for day in (JANUARY, MARCH, MAY)] == [["rule"], [], ["again"]]


def test_a_withdrawal_that_was_a_mistake_leaves_no_gap() -> None:
    rule, end = build("rule", 1, JANUARY), build("", 2, MAY, status=Status.WITHDRAWN)
    again = build("corrected", 3, MARCH)
    assert in_force(JULY, rule, end, again) == ["corrected"]


@pytest.mark.parametrize("status", [Status.RETRACTED, Status.ERASED])
def test_what_is_retracted_never_held_and_was_believed_until_we_knew(status: Status) -> None:
    paper, notice = build("paper", 1, JANUARY), build("", 2, MAY, status=status)
    assert in_force(MARCH, paper, notice) == []
    assert in_force(MARCH, paper) == ["paper"]
