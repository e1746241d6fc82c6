"""The one table of the ledger. Its triggers are put in place after every migration, since they guard any version of it."""

from __future__ import annotations

from alembic import op
from sqlalchemy import Column, Integer, String, Text

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the table of events."""
    op.create_table(
        "events",
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
