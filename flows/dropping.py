"""What became of every drop, read from the ledger, and how an admitted one is taken out again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flows.places import Place
from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import DomainName, DropId, Json, SourceName
from pipelines.ledger.champions import champion

ARRIVALS = (Kind.DROP_LANDED, Kind.DROP_REFUSED, Kind.QUARANTINE_RELEASED)
"""A row released from quarantine arrives as a drop of its own, and can be taken out again like any other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DropRecord:
    """One drop as the ledger has it; ``ingest_seq`` is ``None`` for a refused one."""

    domain: DomainName
    drop_id: DropId
    source: SourceName
    recorded_at: datetime
    admitted: int
    quarantined: int
    state: str
    ingest_seq: int | None
    reasons: tuple[str, ...]


def list_drops(place: Place, domain: DomainName) -> list[DropRecord]:
    """Return a domain's drops, oldest first."""
    place.of(domain)
    withdrawn = {str(event.payload["drop"]) for event in place.ledger.events(domain, [Kind.DROP_WITHDRAWN])}
    return [_record(event, withdrawn) for event in place.ledger.events(domain, ARRIVALS)]


def find_drop(place: Place, beginning: str) -> DropRecord:
    """Return the one drop of any domain whose id begins so; raises :class:`LedgerError` for none or several."""
    found = [drop for domain in place.params.domains for drop in list_drops(place, domain) if drop.drop_id.startswith(beginning)]
    if len(found) != 1:
        problem = f"no drop begins with {beginning!r}" if not found else f"{len(found)} drops begin with {beginning!r}"
        raise LedgerError(f"{problem}: `addendum drop list DOMAIN` shows them")
    return found[0]


def withdraw_drop(place: Place, drop: DropRecord, reason: str) -> bool:
    """Take the drop out of the corpus's present, once; return whether the champion was trained on it.

    Raises:
        LedgerError: when the drop was refused and so never got in.
    """
    if drop.ingest_seq is None:
        raise LedgerError(f"drop {drop.drop_id[:12]} was refused at admission: there is nothing of it in the corpus")
    place.corpus(drop.domain).withdraw_drop(drop.drop_id)
    events = place.ledger.events(drop.domain, [Kind.DROP_WITHDRAWN])
    if not any(event.payload["drop"] == drop.drop_id for event in events):
        payload: dict[str, Json] = {"drop": drop.drop_id, "ingest_seq": drop.ingest_seq, "reason": reason}
        place.ledger.append(drop.domain, Kind.DROP_WITHDRAWN, payload)
    serving = champion(place.ledger, drop.domain)
    return serving is not None and drop.ingest_seq <= serving.ingest_seq


def is_tainted(place: Place, domain: DomainName, run_id: str, ingest_seq: int) -> bool:
    """Say whether a drop that arrived by ``ingest_seq`` was taken out after the run's pin was made: the run still saw it."""
    starts = [e for e in place.ledger.events(domain, [Kind.RETRAIN_STARTED]) if e.payload["run"] == run_id]
    as_of = int(str(starts[-1].payload["as_of"])) if starts else 0
    withdrawals = place.ledger.events(domain, [Kind.DROP_WITHDRAWN], since=as_of)
    return any(int(str(event.payload["ingest_seq"])) <= ingest_seq for event in withdrawals)


def _record(event: Event, withdrawn: set[str]) -> DropRecord:
    payload = event.payload
    drop_id = DropId(str(payload["drop"]))
    state = "refused" if event.kind is Kind.DROP_REFUSED else "withdrawn" if drop_id in withdrawn else "admitted"
    sequence, reasons = payload.get("ingest_seq"), payload.get("reasons")
    return DropRecord(
        domain=event.domain,
        drop_id=drop_id,
        source=SourceName(str(payload["source"])),
        recorded_at=event.recorded_at,
        admitted=int(str(payload.get("admitted", 1))),
        quarantined=int(str(payload.get("quarantined", 0))),
        state=state,
        ingest_seq=None if sequence is None else int(str(sequence)),
        reasons=tuple(str(reason) for reason in reasons) if isinstance(reasons, list) else (),
    )
