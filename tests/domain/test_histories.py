"""Two times, as laws over any history: nothing that is learned later changes what was known before, and nothing is deleted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pipelines.domain.histories import Stay, as_of, select_known
from pipelines.domain.revisions import RETIRING, Entry, Status, resolve_statuses
from tests.builders.revisions import build_entry
from tests.domain.test_revisions import BUSY, FIRST, histories

START = datetime(2026, 1, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DAYS = st.integers(-1, 12).map(lambda days: FIRST + timedelta(days=days))
TODAYS = st.integers(1, 12).map(lambda days: FIRST + timedelta(days=days))
"""No earlier than the day on which everything was recorded."""
HOURS = st.integers(0, 14).map(lambda hours: START + hours * HOUR)


@st.composite
def worlds(draw: st.DrawFn) -> tuple[list[Entry], dict[str, Stay]]:
    """A history whose arrivals are drops: the n-th landed in the n-th hour, and some were taken out in a later one."""
    entries = [replace(entry, drop_id=f"drop-{entry.ingest_seq}") for entry in draw(histories())]
    stays = {}
    for number in range(1, 7):
        landed = START + number * HOUR
        withdrawn = draw(st.none() | st.integers(1, 5).map(lambda hours, landed=landed: landed + hours * HOUR))  # type: ignore[misc]
        stays[f"drop-{number}"] = Stay(landed=landed, withdrawn=withdrawn)
    return entries, stays


def stay(hours: int, withdrawn: int | None = None) -> Stay:
    return Stay(landed=START + hours * HOUR, withdrawn=None if withdrawn is None else START + withdrawn * HOUR)


@BUSY
@given(world=worlds(), day=DAYS, known=HOURS)
def test_what_is_learned_later_changes_no_answer_of_before(
    world: tuple[list[Entry], dict[str, Stay]], day: date, known: datetime
) -> None:
    entries, stays = world
    seen = {drop: one for drop, one in stays.items() if one.landed <= known}
    ends = {drop: one.withdrawn if one.withdrawn and one.withdrawn <= known else None for drop, one in seen.items()}
    then = {drop: Stay(landed=one.landed, withdrawn=ends[drop]) for drop, one in seen.items()}
    told = [entry for entry in entries if entry.drop_id in seen]
    assert as_of(entries, stays, day, known) == as_of(told, then, day, known)


@BUSY
@given(world=worlds(), earlier=HOURS, later=HOURS)
def test_knowing_longer_never_takes_away_what_nobody_took_out(
    world: tuple[list[Entry], dict[str, Stay]], earlier: datetime, later: datetime
) -> None:
    entries, stays = world
    earlier, later = sorted((earlier, later))
    then, now = ({entry.digest for entry in select_known(entries, stays, time)} for time in (earlier, later))
    taken_out = {entry.digest for entry in entries if (end := stays[entry.drop_id].withdrawn) is not None and end <= later}
    assert then - now <= taken_out


@BUSY
@given(world=worlds(), day=DAYS, known=HOURS)
def test_an_answer_is_made_of_what_was_known_then_and_is_one_a_document(
    world: tuple[list[Entry], dict[str, Stay]], day: date, known: datetime
) -> None:
    entries, stays = world
    found = as_of(entries, stays, day, known)
    assert {entry.digest for entry in found} <= {entry.digest for entry in select_known(entries, stays, known)}
    assert len({entry.revision.document_id for entry in found}) == len(found)


@BUSY
@given(world=worlds(), day=DAYS)
def test_when_all_has_happened_what_is_known_is_what_is_present(world: tuple[list[Entry], dict[str, Stay]], day: date) -> None:
    entries, stays = world
    assert as_of(entries, stays, day) == as_of(entries, stays, day, START + 100 * HOUR)


@BUSY
@given(history=histories(), today=TODAYS)
def test_today_as_known_now_is_what_the_snapshot_calls_active_but_for_what_is_dated_otherwise(
    history: list[Entry], today: date
) -> None:
    """A snapshot has no day: it counts a rule as active that is scheduled, and one whose time has run out."""
    stays = {entry.drop_id: stay(0) for entry in history}
    past = [entry for entry in history if entry.revision.effective_from <= today]
    active = [entry for entry in resolve_statuses(past) if entry.revision.status is Status.ACTIVE]
    unexpired = {entry.digest for entry in active if entry.revision.effective_to is None or entry.revision.effective_to > today}
    assert {entry.digest for entry in as_of(past, stays, today)} == unexpired


@BUSY
@given(history=histories())
def test_a_supersession_closes_and_deletes_nothing(history: list[Entry]) -> None:
    """Each revision of a document that was never ended holds on its own first day, unless a later word holds from that day on."""
    stays = {entry.drop_id: stay(0) for entry in history}
    ended = {entry.revision.document_id for entry in history if entry.revision.status in RETIRING}
    for entry in history:
        first = entry.revision.effective_from
        rivals = [
            other
            for other in history
            if (other.revision.document_id, other.revision.effective_from) == (entry.revision.document_id, first)
        ]
        if entry.revision.document_id not in ended and entry == max(rivals, key=lambda one: (one.ingest_seq, one.digest)):
            assert entry.digest in {one.digest for one in as_of(history, stays, first)}


def test_a_drop_that_was_taken_out_was_known_until_that_moment() -> None:
    entry, stays = build_entry(), {"drop-1": stay(1, withdrawn=3)}
    asked = [as_of([entry], stays, FIRST, START + hours * HOUR) for hours in range(5)]
    assert [len(found) for found in asked] == [0, 1, 1, 0, 0]
    assert as_of([entry], stays, FIRST) == []


def test_taking_out_an_amendment_brings_back_what_it_amended() -> None:
    before, after = build_entry(), build_entry(ingest_seq=2, drop_id="drop-2", text="Amended.", effective_from=FIRST)
    stays = {"drop-1": stay(1), "drop-2": stay(2, withdrawn=4)}
    asked = [as_of([before, after], stays, FIRST, START + hours * HOUR)[0].revision.text for hours in (1, 2, 4)]
    assert asked == [before.revision.text, "Amended.", before.revision.text]


def test_a_drop_that_nobody_recorded_was_never_known() -> None:
    assert as_of([build_entry()], {}, FIRST) == []
