"""The same laws on PostgreSQL, where a server is at hand: ``ADDENDUM_TEST_POSTGRESQL`` is the URL of a database to throw away."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from pipelines.clock import SystemClock
from pipelines.domain.errors import ChampionMovedError, LedgerError
from pipelines.domain.events import Kind
from pipelines.ledger.champions import champion, promote
from pipelines.ledger.engines import connect, reading, writing
from pipelines.ledger.ledgers import Ledger
from tests.builders.ledgers import DOMAIN, build_promotion, open_ledger

URL = os.environ.get("ADDENDUM_TEST_POSTGRESQL", "")
on_postgresql = pytest.mark.skipif(not URL, reason="set ADDENDUM_TEST_POSTGRESQL to the URL of a database to throw away")


@pytest.fixture
def server() -> Iterator[str]:
    engine = connect(URL)
    with writing(engine) as connection:
        connection.execute(text("DROP TABLE IF EXISTS events CASCADE"))
    yield URL
    with writing(engine) as connection:
        connection.execute(text("DROP TABLE IF EXISTS events CASCADE"))


def contend(url: str, version: int, won: list[int]) -> None:
    try:
        promote(Ledger.open(url, SystemClock(), f"promoter-{version}"), build_promotion(version, 1))
    except ChampionMovedError:
        return
    won.append(version)


@on_postgresql
def test_of_twenty_promoters_on_postgresql_one_wins(server: str) -> None:
    ledger, won = Ledger.open(server, SystemClock(), "tester"), list[int]()
    promote(ledger, build_promotion(1))
    threads = [threading.Thread(target=contend, args=(server, version, won)) for version in range(2, 22)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (serving := champion(ledger, DOMAIN)) is not None
    assert won == [serving.version]
    assert ledger.verify(DOMAIN) == []


@on_postgresql
@pytest.mark.parametrize("statement", ["UPDATE events SET actor = 'x'", "DELETE FROM events", "TRUNCATE events"])
def test_postgresql_refuses_to_change_or_remove_a_row(server: str, statement: str) -> None:
    ledger = Ledger.open(server, SystemClock(), "tester")
    written = ledger.append(DOMAIN, Kind.DROP_LANDED, {"x": 0.1})
    with pytest.raises(Exception, match="append-only"), writing(ledger.engine) as connection:
        connection.execute(text(statement))
    assert ledger.events(DOMAIN) == [written]
    assert ledger.verify(DOMAIN) == []


def test_says_what_is_missing_where_postgresql_cannot_be_spoken_to() -> None:
    with pytest.raises(LedgerError, match=r"refused|ADDENDUM_LEDGER_URL") as caught:
        Ledger.open("postgresql+psycopg2://somebody:secret@127.0.0.1:1/nothing", SystemClock(), "tester")
    assert "secret" not in str(caught.value)


def test_a_reader_does_not_wait_for_a_writer(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.append(DOMAIN, Kind.DROP_LANDED, {})
    with writing(ledger.engine), reading(ledger.engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM events")).scalar() == 1
        assert len(ledger.events(DOMAIN)) == 1


def test_keeps_a_write_ahead_log_and_syncs_every_commit(tmp_path: Path) -> None:
    with reading(open_ledger(tmp_path).engine) as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 60_000
