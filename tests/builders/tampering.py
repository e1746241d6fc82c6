"""What somebody with the database's password can do to a ledger behind its back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from sqlalchemy import text

from pipelines.ledger.chains import Row
from pipelines.ledger.engines import connect, reading, writing

COLUMNS = tuple(field.name for field in fields(Row))


@dataclass(frozen=True, slots=True)
class Tamperer:
    """Somebody who can write to the table; :meth:`unguard` first, or the triggers refuse."""

    url: str

    def execute(self, *statements: str, **values: object) -> None:
        with writing(connect(self.url)) as connection:
            for statement in statements:
                connection.execute(text(statement), values)

    def fetch(self, query: str) -> list[Mapping[str, object]]:
        with reading(connect(self.url)) as connection:
            return [dict(row) for row in connection.execute(text(query)).mappings()]

    def unguard(self) -> None:
        if not self.url.startswith("sqlite"):
            self.execute("ALTER TABLE events DISABLE TRIGGER USER")
            return
        for row in self.fetch("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            self.execute(f"DROP TRIGGER {row['name']}")

    def rows(self) -> list[Mapping[str, object]]:
        return self.fetch("SELECT * FROM events ORDER BY domain, seq")

    def put_back(self, rows: list[Mapping[str, object]]) -> None:
        """Make the table these rows, whatever it is now."""
        names = ", ".join(COLUMNS)
        with writing(connect(self.url)) as connection:
            connection.execute(text("DELETE FROM events"))
            if rows:
                values = ", ".join(f":{name}" for name in COLUMNS)
                connection.execute(text(f"INSERT INTO events ({names}) VALUES ({values})"), [dict(row) for row in rows])  # noqa: S608
