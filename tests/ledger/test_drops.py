"""Each source goes on from where its own latest drop left it off."""

from __future__ import annotations

from pathlib import Path

from pipelines.domain.drops import Cursor
from pipelines.domain.events import Kind
from pipelines.domain.identities import SourceName
from pipelines.ledger.drops import drops, last_cursor
from tests.builders.ledgers import DOMAIN, open_ledger

HERE, THERE = SourceName("pubmed"), SourceName("openfda")


def test_a_source_never_looked_at_has_no_cursor(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.append(DOMAIN, Kind.DROP_LANDED, {"source": THERE, "cursor": "7"})
    assert last_cursor(ledger, DOMAIN, HERE) is None


def test_the_latest_drop_of_the_source_says_where_to_go_on(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    for source, position in ((HERE, "1"), (THERE, "9"), (HERE, "2"), (THERE, "8")):
        ledger.append(DOMAIN, Kind.DROP_LANDED, {"source": source, "cursor": position})
    assert last_cursor(ledger, DOMAIN, HERE) == Cursor("2")
    assert last_cursor(ledger, DOMAIN, THERE) == Cursor("8")


def test_a_refused_drop_moves_the_cursor_only_where_it_carries_one(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.append(DOMAIN, Kind.DROP_LANDED, {"source": HERE, "cursor": "1"})
    ledger.append(DOMAIN, Kind.DROP_REFUSED, {"source": HERE})
    assert last_cursor(ledger, DOMAIN, HERE) == Cursor("1")
    ledger.append(DOMAIN, Kind.DROP_REFUSED, {"source": HERE, "cursor": "2"})
    assert last_cursor(ledger, DOMAIN, HERE) == Cursor("2")


def test_lists_what_arrived_and_nothing_else(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    for kind in (Kind.DROP_LANDED, Kind.FROZEN, Kind.DROP_REFUSED, Kind.DROP_WITHDRAWN):
        ledger.append(DOMAIN, kind, {})
    assert [event.seq for event in drops(ledger, DOMAIN)] == [1, 3]
    assert [event.seq for event in drops(ledger, DOMAIN, since=1)] == [3]
