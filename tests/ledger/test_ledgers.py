"""The record only grows, says what was said, and is the same to everybody who reads it."""

from __future__ import annotations

import sqlite3
import threading
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.clock import SetClock, SystemClock
from pipelines.domain.errors import LedgerError
from pipelines.domain.events import GENESIS, Kind, hash_event
from pipelines.domain.identities import DomainName
from pipelines.ledger.ledgers import Draft, Ledger
from tests.builders.ledgers import DOMAIN, START, open_ledger, open_raw

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


def test_numbers_from_one_and_chains_each_event_to_the_one_before(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    first = ledger.append(DOMAIN, Kind.DROP_LANDED, {"drop": "a"})
    second = ledger.append(DOMAIN, Kind.DROP_REFUSED, {"drop": "b"})
    assert (first.seq, first.previous_hash, first.actor) == (1, GENESIS, "tester")
    assert (second.seq, second.previous_hash) == (2, first.hash)
    assert second.hash == hash_event(second)
    assert ledger.head(DOMAIN) == second.hash


def test_keeps_the_chains_of_domains_apart(tmp_path: Path) -> None:
    ledger, other = open_ledger(tmp_path), DomainName("regulatory")
    ledger.append(DOMAIN, Kind.DROP_LANDED, {})
    assert ledger.append(other, Kind.DROP_LANDED, {}).seq == 1
    assert ledger.domains() == [DOMAIN, other]
    assert ledger.head(DomainName("unknown")) == GENESIS


def test_reads_back_exactly_what_it_returned(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    written = ledger.append(DOMAIN, Kind.DROP_LANDED, {"α": 0.1, "list": [1, None, True, "ß"], "deep": {"x": {}}})
    assert open_ledger(tmp_path).events(DOMAIN) == [written]
    assert written.recorded_at == START
    assert written.recorded_at.tzinfo is UTC


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_any_plain_payload_survives_and_verifies(tmp_path: Path, payload: dict[str, object]) -> None:
    ledger = open_ledger(tmp_path)
    written = ledger.append(DOMAIN, Kind.DROP_LANDED, payload)  # type: ignore[arg-type]  # drawn from JSON
    assert ledger.last(DOMAIN) == written
    assert ledger.verify(DOMAIN) == []


@pytest.mark.parametrize("micros", [0, 1, 999_999])
def test_keeps_the_time_to_the_microsecond(tmp_path: Path, micros: int) -> None:
    ledger = open_ledger(tmp_path, SetClock(START.replace(microsecond=micros)))
    ledger.append(DOMAIN, Kind.DROP_LANDED, {})
    assert ledger.events(DOMAIN)[0].recorded_at == START.replace(microsecond=micros)
    assert ledger.verify(DOMAIN) == []


def test_records_in_utc_whatever_zone_the_clock_has(tmp_path: Path) -> None:
    there = START.astimezone(timezone(timedelta(hours=5, minutes=30)))
    event = open_ledger(tmp_path, SetClock(there)).append(DOMAIN, Kind.DROP_LANDED, {})
    assert event.recorded_at.isoformat() == START.isoformat()


def test_refuses_a_time_without_a_zone(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path, SetClock(datetime(2026, 1, 1)))  # noqa: DTZ001  # that is the point
    with pytest.raises(LedgerError, match="no zone"):
        ledger.append(DOMAIN, Kind.DROP_LANDED, {})


@pytest.mark.parametrize("payload", [{"x": float("nan")}, {"x": float("inf")}, {"x": object()}, {"x": b"bytes"}])
def test_refuses_a_payload_that_is_not_json(tmp_path: Path, payload: dict[str, object]) -> None:
    ledger = open_ledger(tmp_path)
    with pytest.raises(LedgerError, match="not plain JSON"):
        ledger.append(DOMAIN, Kind.DROP_LANDED, payload)  # type: ignore[arg-type]  # that is the point
    assert ledger.events(DOMAIN) == []


def test_selects_by_kind_and_number(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    for kind in (Kind.DROP_LANDED, Kind.DROP_REFUSED, Kind.DROP_LANDED):
        ledger.append(DOMAIN, kind, {})
    assert [event.seq for event in ledger.events(DOMAIN, [Kind.DROP_LANDED])] == [1, 3]
    assert [event.seq for event in ledger.events(DOMAIN, since=1)] == [2, 3]
    assert ledger.events(DOMAIN, []) == []
    assert (last := ledger.last(DOMAIN, Kind.DROP_REFUSED)) is not None
    assert last.seq == 2
    assert ledger.last(DOMAIN, Kind.PROMOTED) is None


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET actor = 'somebody else'",
        "DELETE FROM events",
        "REPLACE INTO events SELECT domain, seq, kind, 'somebody else', recorded_at, payload, previous_hash, hash FROM events",
        "INSERT OR REPLACE INTO events VALUES ('clinical', 1, 'promoted', 'x', 'x', '{}', 'x', 'x')",
        "INSERT INTO events VALUES ('clinical', 1, 'promoted', 'x', 'x', '{}', 'x', 'x')",
    ],
)
def test_the_database_itself_refuses_to_change_or_remove_a_row(tmp_path: Path, statement: str) -> None:
    ledger = open_ledger(tmp_path)
    ledger.append(DOMAIN, Kind.DROP_LANDED, {})
    raw = open_raw(tmp_path)
    try:
        with pytest.raises(sqlite3.IntegrityError, match="append-only"):
            raw.execute(statement)
    finally:
        raw.close()
    assert ledger.verify(DOMAIN) == []
    assert ledger.events(DOMAIN)[0].actor == "tester"


def test_a_decision_that_raises_adds_nothing(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)

    def refuse(_: object) -> list[Draft]:
        raise LedgerError("no")

    with pytest.raises(LedgerError, match="no"):
        ledger.decide(DOMAIN, [Kind.PROMOTED], refuse)
    assert ledger.head(DOMAIN) == GENESIS


def test_several_drafts_are_added_together_or_not_at_all(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    both = [Draft(Kind.ROLLED_BACK, {}), Draft(Kind.FROZEN, {"x": float("nan")})]
    with pytest.raises(LedgerError):
        ledger.decide(DOMAIN, [], lambda _: both)
    assert ledger.events(DOMAIN) == []
    added = ledger.decide(DOMAIN, [], lambda _: [both[0], Draft(Kind.FROZEN, {})])
    assert [event.seq for event in added] == [1, 2]
    assert ledger.verify(DOMAIN) == []


def test_decides_again_on_what_stands_when_a_number_was_taken_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a database where readers do not wait: the first decision is made on a chain that has already moved."""
    from pipelines.ledger import ledgers

    ledger = open_ledger(tmp_path)
    ledger.append(DOMAIN, Kind.DROP_LANDED, {})
    find_head, stale = ledgers._find_head, [True]
    monkeypatch.setattr(ledgers, "_find_head", lambda *asked: (0, GENESIS) if stale and stale.pop() else find_head(*asked))
    seen: list[int] = []

    def count(standing: object) -> list[Draft]:
        seen.append(len(standing))  # type: ignore[arg-type]  # a sequence of events
        return [Draft(Kind.DROP_REFUSED, {})]

    assert ledger.decide(DOMAIN, [Kind.DROP_LANDED], count)[0].seq == 2
    assert seen == [1, 1]
    assert ledger.verify(DOMAIN) == []


def test_many_writers_lose_nothing(tmp_path: Path) -> None:
    def write(name: int) -> None:
        ledger = open_ledger(tmp_path, SystemClock(), f"writer-{name}")
        for number in range(5):
            ledger.append(DOMAIN, Kind.DROP_LANDED, {"writer": name, "number": number})

    threads = [threading.Thread(target=write, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger = open_ledger(tmp_path)
    events = ledger.events(DOMAIN)
    assert [event.seq for event in events] == list(range(1, 41))
    assert {(event.payload["writer"], event.payload["number"]) for event in events} == {
        (w, n) for w in range(8) for n in range(5)
    }
    assert ledger.verify(DOMAIN) == []


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://host/x", "not a url", "nonsense:///x"])
def test_refuses_an_address_that_keeps_no_record(url: str) -> None:
    with pytest.raises(LedgerError, match="ADDENDUM_LEDGER_URL"):
        Ledger.open(url, SystemClock(), "tester")


def test_names_the_ledger_when_the_database_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"this is no database at all, but a text of some length" * 40)
    with pytest.raises(LedgerError, match=r"ledger\.sqlite refused"):
        open_ledger(tmp_path)
