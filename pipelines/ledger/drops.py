"""What arrived, as the ledger tells it: the drops of a domain, and where each source was left off."""

from __future__ import annotations

from pipelines.domain.drops import Cursor
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import DomainName, SourceName
from pipelines.ledger.ledgers import Ledger

ARRIVALS = (Kind.DROP_LANDED, Kind.DROP_REFUSED)


def drops(ledger: Ledger, domain: DomainName, since: int = 0) -> list[Event]:
    """Return the drops that landed or were refused, in order, after the event numbered ``since``."""
    return ledger.events(domain, ARRIVALS, since)


def last_cursor(ledger: Ledger, domain: DomainName, source: SourceName) -> Cursor | None:
    """Return where ``source`` was left off: the cursor of its latest drop that names one, ``None`` before the first.

    A look that finds nothing new records nothing and so keeps the cursor; a refused drop moves it only where it carries one.
    """
    for event in reversed(drops(ledger, domain)):
        position = event.payload.get("cursor")
        if event.payload.get("source") == source and isinstance(position, str):
            return Cursor(position)
    return None
