"""Whether a domain is being retrained, so that a second retraining is not begun beside the first, nor one forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import DomainName, Json
from pipelines.ledger.ledgers import Draft, Ledger

BOUNDS = (Kind.RETRAIN_STARTED, Kind.RETRAIN_ENDED)


def open_retraining(ledger: Ledger, domain: DomainName) -> Event | None:
    """Return the retraining that was started and has not ended.

    A retraining that was held was never started, so a hold beside an open one closes nothing.
    """
    return _find_open(ledger.events(domain, BOUNDS))


def start_retraining(ledger: Ledger, domain: DomainName, payload: Mapping[str, Json]) -> Event:
    """Record the start of a retraining; the same one again returns the event that stands.

    Raises :class:`LedgerError` while another is open.
    """

    def start(standing: Sequence[Event]) -> list[Draft]:
        open_one = _find_open(standing)
        if open_one is None:
            return [Draft(Kind.RETRAIN_STARTED, payload)]
        if open_one.payload != dict(payload):
            raise LedgerError(
                f"{domain}: the retraining of event {open_one.seq} is still open: take it up again, or `addendum abandon`"
            )
        return []

    added = ledger.decide(domain, BOUNDS, start)
    standing = added[0] if added else open_retraining(ledger, domain)
    if standing is None:
        raise LedgerError(f"{domain}: the retraining ended while it was being started: start it again")
    return standing


def end_retraining(ledger: Ledger, domain: DomainName, payload: Mapping[str, Json]) -> Event | None:
    """Record the end of the open retraining; ``None`` where none is open, since ending twice is ending once."""
    added = ledger.decide(
        domain, BOUNDS, lambda standing: [Draft(Kind.RETRAIN_ENDED, payload)] if _find_open(standing) is not None else []
    )
    return added[0] if added else None


def _find_open(events: Sequence[Event]) -> Event | None:
    return events[-1] if events and events[-1].kind is Kind.RETRAIN_STARTED else None
