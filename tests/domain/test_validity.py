"""What was in force on a day, as laws over any history and as the cases that regulators and journals make."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

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
def test_at_most_one_revision_of_a_document_is_in_force_and_its_days_hold_the_day(history: list[Entry], day: date) -> None:
    found = find_in_force(history, day)
    received = {entry.digest for entry in history}
    assert len({entry.revision.document_id for entry in found}) == len(found)
    for entry in found:
        assert entry.digest in received
        assert entry.revision.effective_from <= day
        assert entry.revision.effective_to is None or day < entry.revision.effective_to


@BUSY
@given(history=histories(), day=DAYS)
def test_what_ends_on_a_day_holds_until_then_and_no_longer(history: list[Entry], day: date) -> None:
    for entry in find_in_force(history, day):
        end = entry.revision.effective_to or date.max
        assert entry in find_in_force(history, (end - timedelta(days=1)) if end != date.max else end)
        assert end == date.max or entry.digest not in {one.digest for one in find_in_force(history, end)}


@BUSY
@given(history=histories(), day=DAYS, since=st.integers(0, 10), document=st.sampled_from(["one", "two"]))
def test_a_revision_that_arrives_changes_nothing_before_its_own_first_day(
    history: list[Entry], day: date, since: int, document: str
) -> None:
    first = FIRST + timedelta(days=since)
    arrival = build_entry(document, ingest_seq=7, text="The newest.", effective_from=first)
    before, after = ({one.digest for one in find_in_force(known, day)} for known in (history, [*history, arrival]))
    assert day >= first or before == after


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


def test_a_source_that_does_not_say_when_it_withdrew_did_so_when_we_learned_of_it() -> None:
    rule = build("rule", 1, JANUARY)
    gone = build("", 2, JANUARY, status=Status.WITHDRAWN, recorded_at=datetime(2026, 3, 1, 9, tzinfo=UTC))
    assert in_force(MARCH - timedelta(days=1), rule, gone) == ["rule"]
    assert in_force(MARCH, rule, gone) == []


def test_the_end_that_an_amendment_or_a_withdrawal_set_is_told() -> None:
    rule, amended = build("rule", 1, JANUARY), build("amended", 2, MARCH)
    gone = build("", 3, MAY, status=Status.WITHDRAWN)
    (first,), (second,) = (find_in_force([rule, amended, gone], day) for day in (JANUARY, MARCH))
    assert (first.revision.effective_to, second.revision.effective_to) == (MARCH, MAY)


def test_an_amendment_after_a_return_opens_no_gap_in_the_past() -> None:
    first, second = build("first", 1, JANUARY), build("second", 2, FIRST + timedelta(days=45))
    gone, back = build("", 3, MARCH, status=Status.WITHDRAWN), build("back", 4, FIRST + timedelta(days=31))
    assert in_force(MARCH, first, second, gone, back) == ["second"]
    assert in_force(MARCH, first, second, gone, back, build("amended", 5, MAY)) == ["second"]


def test_a_withdrawal_that_was_a_mistake_leaves_no_gap() -> None:
    rule, end = build("rule", 1, JANUARY), build("", 2, MAY, status=Status.WITHDRAWN)
    again = build("corrected", 3, MARCH)
    assert in_force(JULY, rule, end, again) == ["corrected"]


@pytest.mark.parametrize("status", [Status.RETRACTED, Status.ERASED])
def test_what_is_retracted_never_held_and_was_believed_until_we_knew(status: Status) -> None:
    paper, notice = build("paper", 1, JANUARY), build("", 2, MAY, status=status)
    assert in_force(MARCH, paper, notice) == []
    assert in_force(MARCH, paper) == ["paper"]
