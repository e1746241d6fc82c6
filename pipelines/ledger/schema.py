"""The one table of the ledger, and the triggers by which the database itself refuses to change or remove a row.

Times and payloads are kept as the very text that was hashed, so that no driver's idea of a time or of a number lies between a
row and its hash.
"""

from __future__ import annotations

from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, Text

METADATA = MetaData()

EVENTS = Table(
    "events",
    METADATA,
    Column("domain", String, primary_key=True),
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("kind", String, nullable=False),
    Column("actor", String, nullable=False),
    Column("recorded_at", String, nullable=False),
    Column("payload", Text, nullable=False),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    sqlite_with_rowid=False,
)
"""One row an event. Without SQLite's hidden row id, ``(domain, seq)`` is the only key by which a row could be replaced."""

_SQLITE_TRIGGERS = (
    """CREATE TRIGGER IF NOT EXISTS events_refuse_update BEFORE UPDATE ON events
       BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: UPDATE refused'); END""",
    """CREATE TRIGGER IF NOT EXISTS events_refuse_delete BEFORE DELETE ON events
       BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: DELETE refused'); END""",
    # INSERT OR REPLACE removes the old row without firing a DELETE trigger (https://sqlite.org/lang_conflict.html)
    """CREATE TRIGGER IF NOT EXISTS events_refuse_replace BEFORE INSERT ON events
       WHEN EXISTS (SELECT 1 FROM events WHERE domain = NEW.domain AND seq = NEW.seq)
       BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: REPLACE refused'); END""",
)

_POSTGRESQL_TRIGGERS = (
    """CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
           MESSAGE = 'the ledger is append-only: ' || TG_OP || ' refused'; END
       $$""",
    """CREATE OR REPLACE TRIGGER events_refuse_change BEFORE UPDATE OR DELETE ON events
       FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
    """CREATE OR REPLACE TRIGGER events_refuse_truncate BEFORE TRUNCATE ON events
       FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
)


_NAMES = {
    "sqlite": ("events_refuse_delete", "events_refuse_replace", "events_refuse_update"),
    "postgresql": ("events_refuse_change", "events_refuse_truncate"),
}

_STANDING = {
    "sqlite": "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'events'",
    # a trigger that is disabled ('D') or fires on replicas only ('R') stands in the catalogue and guards nothing
    "postgresql": "SELECT tgname FROM pg_trigger WHERE tgrelid = 'events'::regclass AND tgenabled IN ('O', 'A')",
}


def install_guards(connection: Connection) -> None:
    """Put the triggers in place where they are missing; the caller's transaction makes many take turns."""
    is_postgresql = connection.dialect.name == "postgresql"
    for statement in _POSTGRESQL_TRIGGERS if is_postgresql else _SQLITE_TRIGGERS:
        connection.exec_driver_sql(statement)


def find_missing_guards(connection: Connection) -> list[str]:
    """Return the names of triggers that should stand and do not, or are disabled."""
    standing = set(connection.exec_driver_sql(_STANDING[connection.dialect.name]).scalars())
    return [name for name in _NAMES[connection.dialect.name] if name not in standing]
