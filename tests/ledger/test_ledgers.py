"""What may be recorded and when it is said to have been; what every database promises is in the contract of ledgers."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from pipelines.clock import SetClock, SystemClock
from pipelines.domain.errors import LedgerError
from pipelines.domain.events import GENESIS, Kind
from pipelines.ledger.ledgers import Draft, Ledger
from tests.builders.ledgers import DOMAIN, START, open_ledger


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


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://host/x", "not a url", "nonsense:///x"])
def test_refuses_an_address_that_keeps_no_record(url: str) -> None:
    with pytest.raises(LedgerError, match="ADDENDUM_LEDGER_URL"):
        Ledger.open(url, SystemClock(), "tester")


def test_names_the_ledger_when_the_database_is_none_of_ours(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_bytes(b"this is no database at all, but a text of some length" * 40)
    with pytest.raises(LedgerError, match=r"ledger\.sqlite refused"):
        open_ledger(tmp_path)
