"""Reigns, read from the events that begin and end them: pure functions, for whoever decides within a transaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import cast

from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DomainName, Json, RunId
from pipelines.domain.models import Champion
from pipelines.domain.promotions import Promotion

CROWNING = (Kind.PROMOTED, Kind.ROLLED_BACK, Kind.RESTORED)
FREEZING = (Kind.FROZEN, Kind.UNFROZEN)


def fold_champions(events: Sequence[Event]) -> list[Champion]:
    """Return the stack of champions, the present one last; ``since_seq`` is the event that made each champion (again)."""
    stack: list[Champion] = []
    for event in select(events, CROWNING):
        if event.kind is Kind.ROLLED_BACK:
            del stack[-2:]
        stack.append(read_champion(event))
    return stack


def read_champion(event: Event) -> Champion:
    """Return the champion that an event made."""
    payload = event.payload
    return Champion(
        domain=event.domain,
        version=cast("int", payload["version"]),
        digest=Digest(str(payload["digest"])),
        ingest_seq=cast("int", payload["ingest_seq"]),
        run_id=RunId(str(payload["run_id"])),
        since_seq=event.seq,
    )


def write_champion(model: Champion) -> dict[str, Json]:
    """Return a champion as the event carries it that makes it champion again."""
    return {"version": model.version, "digest": model.digest, "ingest_seq": model.ingest_seq, "run_id": model.run_id}


def write_promotion(promotion: Promotion) -> dict[str, Json]:
    """Return a promotion as its event carries it; the domain is the chain's."""
    payload: dict[str, Json] = {key: value for key, value in asdict(promotion).items() if key not in {"domain", "is_override"}}
    return {**payload, "override": promotion.is_override}


def is_denied(events: Sequence[Event], promotion: Promotion) -> bool:
    """Tell whether an approver denied this very model, under this verdict or another."""
    denials = select(events, (Kind.APPROVAL_DENIED,))
    return any(event.payload.get("digest") == promotion.digest for event in denials)


def find_second(domain: DomainName, stack: Sequence[Champion]) -> Champion:
    """Return the champion before the present one; raises :class:`LedgerError` where there is none."""
    if not stack:
        raise LedgerError(f"{domain}: no champion serves: there is nothing to go back to")
    if len(stack) < 2:
        raise LedgerError(f"{domain}: there is no champion before {name_version(stack[-1].version)} to go back to")
    return stack[-2]


def find_top(stack: Sequence[Champion]) -> Champion | None:
    """Return the present champion."""
    return stack[-1] if stack else None


def select(events: Sequence[Event], kinds: Sequence[Kind]) -> list[Event]:
    """Return the events of these kinds, in order."""
    return [event for event in events if event.kind in kinds]


def has_frozen(events: Sequence[Event]) -> bool:
    """Tell whether the last freezing among the events stands."""
    freezing = select(events, FREEZING)
    return bool(freezing) and freezing[-1].kind is Kind.FROZEN


def find_same(events: Sequence[Event], promotion: Promotion) -> Event | None:
    """Return the event of this very promotion, where it is the last that made a champion."""
    crowning = select(events, CROWNING)
    if not crowning or crowning[-1].kind is not Kind.PROMOTED:
        return None
    payload = crowning[-1].payload
    is_same = all(payload[key] == getattr(promotion, key) for key in ("version", "digest", "run_id", "previous", "verdict"))
    return crowning[-1] if is_same else None


def find_same_rollback(events: Sequence[Event], reason: str) -> Event | None:
    """Return the rollback for this reason, where it is the last that made a champion and still freezes promotion."""
    crowning = select(events, CROWNING)
    if not crowning or crowning[-1].kind is not Kind.ROLLED_BACK or not has_frozen(events):
        return None
    return crowning[-1] if crowning[-1].payload["reason"] == reason else None


def name_version(version: int | None) -> str:
    """Return how a sentence names a champion."""
    return "no champion" if version is None else f"version {version}"
