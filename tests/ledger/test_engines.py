"""How each database is spoken to: nobody waits who need not, and nothing committed is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from pipelines.clock import SystemClock
from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Kind
from pipelines.ledger.champions import promote
from pipelines.ledger.engines import connect, reading, writing
from pipelines.ledger.ledgers import Ledger
from tests.builders.ledgers import DOMAIN, build_promotion, open_ledger
from tests.builders.postgresql import PostgreSQL


@pytest.mark.parametrize("scheme", ["postgresql", "postgresql+psycopg2"])
def test_one_address_serves_the_ledger_and_the_programs_beside_it(scheme: str) -> None:
    assert connect(f"{scheme}://somebody@127.0.0.1/ledger").driver == "psycopg2"


@pytest.mark.server
def test_a_role_that_owns_nothing_can_add_and_read_and_no_more(postgresql: PostgreSQL) -> None:
    owned = postgresql.make_database()
    Ledger.open(owned, SystemClock(), "owner")
    name = owned.rpartition("/")[2]
    grants = (f"GRANT SELECT, INSERT ON events TO {name}", f"GRANT SELECT ON ledger_version TO {name}")
    postgresql.execute(name, f"CREATE ROLE {name} LOGIN", *grants)
    url = owned.replace("//addendum@", f"//{name}@")
    ledger = Ledger.open(url, SystemClock(), "writer")
    promote(ledger, build_promotion(1))
    assert ledger.verify(DOMAIN) == ledger.find_missing_guards() == []
    for statement in ("ALTER TABLE events DISABLE TRIGGER ALL", "DELETE FROM events", "DROP TABLE events", "TRUNCATE events"):
        with pytest.raises(SQLAlchemyError, match=r"permission denied|must be owner"), writing(ledger.engine) as connection:
            connection.execute(text(statement))
    assert len(ledger.events(DOMAIN)) == 1


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
