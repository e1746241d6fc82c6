"""Ledgers with a clock that stands still, and promotions with defaults."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pipelines.clock import Clock, SetClock
from pipelines.domain.identities import Digest, DomainName, RunId, digest_value
from pipelines.domain.promotions import Promotion
from pipelines.ledger.heads import SignedHeads
from pipelines.ledger.keys import KeyRing
from pipelines.ledger.ledgers import Ledger

DOMAIN = DomainName("clinical")
START = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)


def open_ledger(folder: Path, clock: Clock | None = None, actor: str = "tester") -> Ledger:
    return Ledger.open(f"sqlite:///{folder / 'ledger.sqlite'}", clock or SetClock(START), actor)


def open_raw(folder: Path, *, is_unguarded: bool = False) -> sqlite3.Connection:
    """Open the file behind the ledger's back; ``is_unguarded`` also drops what guards it."""
    connection = sqlite3.connect(folder / "ledger.sqlite", isolation_level=None)
    if is_unguarded:
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f"DROP TRIGGER {name}")
    return connection


def build_promotion(version: int = 1, previous: int | None = None, **fields: Any) -> Promotion:
    defaults: dict[str, Any] = {
        "domain": DOMAIN,
        "version": version,
        "digest": digest_value(["model", version]),
        "ingest_seq": version,
        "run_id": RunId(f"run-{version}"),
        "previous": previous,
        "verdict": Digest(digest_value(["verdict", version])),
        "reason": "all gates passed",
        "approved_by": None,
    }
    return Promotion(**{**defaults, **fields})


def build_heads(folder: Path) -> SignedHeads:
    """The log of an installation whose home is ``folder``."""
    return SignedHeads(folder / "heads", KeyRing(folder / "keys" / "ledger.pem", folder / "keys"))


def open_signed(folder: Path, url: str | None = None, clock: Clock | None = None) -> Ledger:
    """A ledger whose heads are signed and noted beside it."""
    url = url or f"sqlite:///{folder / 'ledger.sqlite'}"
    return Ledger.open(url, clock or SetClock(START), "tester", build_heads(folder))
