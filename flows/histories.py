"""The corpus as of two times: what was in force on a day, as this installation knew it on another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from flows.dropping import ARRIVALS
from flows.places import Place
from pipelines.domain.events import Kind
from pipelines.domain.histories import Stay, as_of
from pipelines.domain.identities import DocumentId, DomainName
from pipelines.domain.revisions import Entry


def read_as_of(
    place: Place, domain: DomainName, valid_time: date, known_time: datetime | None = None, document: DocumentId | None = None
) -> list[Entry]:
    """Return what was in force on ``valid_time``, of one document or all, as we knew it at ``known_time`` (UTC; ``None``: now).

    A drop was known from the ledger's word that it landed until its word that somebody took it out. What was erased since is
    not known at any time.

    Raises:
        ParamsError: for a domain that is not in ``params.yaml``.
    """
    place.of(domain)
    return as_of(place.corpus(domain).arrived(document), list_stays(place, domain), valid_time, known_time)


def list_stays(place: Place, domain: DomainName) -> Mapping[str, Stay]:
    """Return when each drop landed and was taken out, by its id, from the ledger; drops that were refused never came in."""
    events = place.ledger.events(domain)
    withdrawn = {str(event.payload["drop"]): event.recorded_at for event in events if event.kind is Kind.DROP_WITHDRAWN}
    landed = [event for event in events if event.kind in ARRIVALS and event.kind is not Kind.DROP_REFUSED]
    found: dict[str, Stay] = {}
    for event in landed:
        drop = str(event.payload["drop"])
        # the first word counts: a drop lands once
        found.setdefault(drop, Stay(landed=event.recorded_at, withdrawn=withdrawn.get(drop)))
    return found
