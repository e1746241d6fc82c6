"""From any schema that a ledger was ever made with to the present one, by Alembic, a step a version and all in one transaction.

A process that opens a ledger asks for its version first, by one query; Alembic is imported only where there is something to
do. The version stands in a table of our own name, since MLflow or Prefect may share the database and Alembic's default is theirs.
"""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from pipelines.domain.errors import LedgerError
from pipelines.ledger.engines import reading, take_turn, writing
from pipelines.ledger.schema import EVENTS, install_guards

PRESENT = "0001"
"""The version that this code reads and writes; the last of ``migrations/versions``."""

ADOPTED = "0001"
"""The version of ledgers that were made before versions were kept."""

VERSION_TABLE = "ledger_version"


def find_version(connection: Connection) -> str | None:
    """Return the version that the ledger says it has, ``None`` where it says none."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()  # noqa: S608  # a name of ours
    return None if found is None else str(found)


def migrate(engine: Engine) -> None:
    """Bring the ledger to :data:`PRESENT`, making it where there is none; many at once take turns.

    Raises :class:`LedgerError` for a version that this code does not know, and for a table ``events`` that is not a ledger's.
    """
    with reading(engine) as connection:
        if find_version(connection) == PRESENT:
            return
    with writing(engine) as connection:
        take_turn(connection, "schema of all domains")
        found = find_version(connection)
        if found != PRESENT:
            _upgrade(connection, found)


def _upgrade(connection: Connection, found: str | None) -> None:
    from alembic.config import Config
    from alembic.migration import MigrationContext
    from alembic.operations import Operations
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    scripts = ScriptDirectory.from_config(config)
    context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
    start = found or _adopt(connection)
    if start is not None and start not in {script.revision for script in scripts.walk_revisions()}:
        raise LedgerError(
            f"the ledger has schema {start}, which this version of Addendum does not know (it knows {PRESENT}): update Addendum"
        )
    with Operations.context(context):
        for script in reversed(list(scripts.iterate_revisions(PRESENT, start or "base"))):
            script.module.upgrade()
    install_guards(connection)
    context.stamp(scripts, PRESENT)


def _adopt(connection: Connection) -> str | None:
    """Return the version of a ledger that says none: :data:`ADOPTED` where its table stands, ``None`` where nothing does."""
    inspector = inspect(connection)
    if not inspector.has_table(EVENTS.name):
        return None
    columns = {column["name"] for column in inspector.get_columns(EVENTS.name)}
    if columns != {"domain", "seq", "kind", "actor", "recorded_at", "payload", "previous_hash", "hash"}:
        raise LedgerError("the database has a table `events` that is no ledger's: set ADDENDUM_LEDGER_URL to another database")
    return ADOPTED
