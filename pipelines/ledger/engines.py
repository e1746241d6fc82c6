"""How the two databases are spoken to, so that the rest of the room need not know which one it is.

SQLite: write-ahead log, a busy time-out, and ``BEGIN IMMEDIATE`` for every write, so that a writer waits at the door and not
in mid-transaction. PostgreSQL: writers of a domain take turns by an advisory lock. Connections are never kept: a ledger may be
handed to threads, and outlive a fork.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, IntegrityError, NoSuchModuleError, OperationalError, SQLAlchemyError
from sqlalchemy.pool import NullPool, PoolProxiedConnection

from pipelines.domain.errors import LedgerError

BUSY_MS = 60_000
_WRITING = "addendum_is_writing"


def connect(url: str) -> Engine:
    """Return an engine for ``url``; raises :class:`LedgerError` for an address or a database that is not ours."""
    try:
        address = _name_driver(make_url(url))
        engine = create_engine(address, poolclass=NullPool)
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise LedgerError(
            f"the ledger's address cannot be used ({error}): set ADDENDUM_LEDGER_URL to sqlite:///… or postgresql://…"
        ) from error
    if engine.dialect.name == "sqlite":
        if not address.database or address.database == ":memory:":
            raise LedgerError("a ledger in memory is no record: set ADDENDUM_LEDGER_URL to sqlite:///path/to/a/file")
        Path(address.database).parent.mkdir(parents=True, exist_ok=True)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    elif engine.dialect.name != "postgresql":
        raise LedgerError(f"the ledger knows SQLite and PostgreSQL, not {engine.dialect.name}: set ADDENDUM_LEDGER_URL")
    return engine


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that only reads, and that sees one state of the database throughout where the database can."""
    with engine.connect() as connection, connection.begin():
        yield connection


@contextmanager
def writing(engine: Engine) -> Iterator[Connection]:
    """Open a transaction that writes; committed when the block ends, rolled back when it raises."""
    with engine.connect().execution_options(**{_WRITING: True}) as connection, connection.begin():
        yield connection


def take_turn(connection: Connection, domain: str) -> None:
    """Wait until no other writer of ``domain`` is at work; its turn ends with the transaction."""
    if connection.dialect.name == "postgresql":
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext(%(domain)s))", {"domain": f"addendum {domain}"})


def is_contention(error: Exception) -> bool:
    """Tell whether trying again can help: somebody else took the number, or held the lock for too long."""
    return isinstance(error, IntegrityError) or (
        isinstance(error, OperationalError) and any(word in str(error.orig) for word in ("locked", "deadlock", "serialize"))
    )


@contextmanager
def naming(engine: Engine) -> Iterator[None]:
    """Turn a database's error into ours, which names the ledger and neither its password nor a row's content."""
    try:
        yield
    except SQLAlchemyError as error:
        where = engine.url.render_as_string(hide_password=True)
        reason = getattr(error, "orig", None) or type(error).__name__
        raise LedgerError(f"the ledger at {where} refused: {type(error).__name__}: {reason}") from error


def _name_driver(address: URL) -> URL:
    # MLflow and Prefect are given `postgresql://…` too; SQLAlchemy would take psycopg 3 for it, which none of us brings
    return address.set(drivername="postgresql+psycopg2") if address.drivername == "postgresql" else address


def _prepare_sqlite(connection: sqlite3.Connection, _: PoolProxiedConnection) -> None:
    connection.isolation_level = None  # transactions are begun by _begin_sqlite, not guessed by the driver
    connection.text_factory = _read_text
    connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
    (mode,) = connection.execute("PRAGMA journal_mode").fetchone()
    if mode != "wal":
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")


def _begin_sqlite(connection: Connection) -> None:
    is_writing = connection.get_execution_options().get(_WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")


def _read_text(content: bytes) -> str:
    # a byte that somebody flipped must reach the verification, not stop it
    return content.decode("utf-8", "surrogateescape")
