"""A ledger as the first release made it: no version is noted in it, and the text of its tables is that release's own."""

from __future__ import annotations

from sqlalchemy import text

from pipelines.ledger.engines import connect, writing

_COLUMNS = """
    domain VARCHAR NOT NULL, seq INTEGER NOT NULL, kind VARCHAR NOT NULL, actor VARCHAR NOT NULL, recorded_at VARCHAR NOT NULL,
    payload TEXT NOT NULL, previous_hash VARCHAR(64) NOT NULL, hash VARCHAR(64) NOT NULL, PRIMARY KEY (domain, seq)
"""
_SQLITE = (
    f"CREATE TABLE IF NOT EXISTS events ({_COLUMNS}) WITHOUT ROWID",
    """CREATE TRIGGER IF NOT EXISTS events_refuse_update BEFORE UPDATE ON events
       BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: UPDATE refused'); END""",
    """CREATE TRIGGER IF NOT EXISTS events_refuse_delete BEFORE DELETE ON events
       BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: DELETE refused'); END""",
    """CREATE TRIGGER IF NOT EXISTS events_refuse_replace BEFORE INSERT ON events
       WHEN EXISTS (SELECT 1 FROM events WHERE domain = NEW.domain AND seq = NEW.seq)
       BEGIN SELECT RAISE(ABORT, 'the ledger is append-only: REPLACE refused'); END""",
)
_POSTGRESQL = (
    f"CREATE TABLE IF NOT EXISTS events ({_COLUMNS})",
    """CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
       BEGIN RAISE EXCEPTION USING ERRCODE = 'integrity_constraint_violation',
           MESSAGE = 'the ledger is append-only: ' || TG_OP || ' refused'; END
       $$""",
    """CREATE OR REPLACE TRIGGER events_refuse_change BEFORE UPDATE OR DELETE ON events
       FOR EACH ROW EXECUTE FUNCTION refuse_change()""",
    """CREATE OR REPLACE TRIGGER events_refuse_truncate BEFORE TRUNCATE ON events
       FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()""",
)
_EVENT = (
    "clinical",
    1,
    "drop landed",
    "tester",
    "2026-03-01T12:00:00.123456+00:00",
    '{"number":1}',
    "0" * 64,
    "9d4bc3ab565ed9dde94d5cf2e44b93df9b0ae6151bc4a354111eafca392660b4",
)


def make_early_ledger(url: str) -> None:
    """Make it, with one event."""
    with writing(connect(url)) as connection:
        for statement in _SQLITE if url.startswith("sqlite") else _POSTGRESQL:
            connection.execute(text(statement.replace(":", r"\:")))
        names = ("domain", "seq", "kind", "actor", "recorded_at", "payload", "previous_hash", "hash")
        values = ", ".join(f":{name}" for name in names)
        insert = f"INSERT INTO events VALUES ({values})"  # noqa: S608  # the names are those above
        connection.execute(text(insert), dict(zip(names, _EVENT, strict=True)))
