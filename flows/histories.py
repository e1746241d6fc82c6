"""The corpus as of two times: what was in force on a day, as this installation knew it on another."""

from __future__ import annotations

from datetime import date, datetime

from flows.dropping import ARRIVALS
from flows.places import Place
from pipelines.domain.events import Kind
from pipelines.domain.identities import DocumentId, DomainName
from pipelines.domain.revisions import Entry
from pipelines.domain.validity import find_in_force


def read_as_of(
    place: Place, domain: DomainName, day: date, known: datetime | None = None, document: DocumentId | None = None
) -> list[Entry]:
    """Return what was in force on ``day``, of one document or all, as the corpus stood at ``known`` (UTC; ``None``: now).

    A drop was known from the ledger's word that it landed until its word that somebody took it out. What was erased since is
    not known at any time.

    Raises:
        ParamsError: for a domain that is not in ``params.yaml``.
    """
    place.of(domain)
    drops = list_known(place, domain, known)
    return find_in_force([entry for entry in place.corpus(domain).arrived(document) if entry.drop_id in drops], day)


def list_known(place: Place, domain: DomainName, known: datetime | None = None) -> frozenset[str]:
    """Return the ids of the drops that the corpus held at ``known`` (UTC; ``None``: now)."""
    events = [one for one in place.ledger.events(domain) if known is None or one.recorded_at <= known]
    landed = {str(event.payload["drop"]) for event in events if event.kind in ARRIVALS and event.kind is not Kind.DROP_REFUSED}
    return frozenset(landed - {str(event.payload["drop"]) for event in events if event.kind is Kind.DROP_WITHDRAWN})
