"""Looks at the holdout, and the α that each may spend: reserved before evaluation, so that no look is free and none is lost.

Each look lowers what the next may spend, by α_t = 6α/(π²t²). Since Σ 1/t² = π²/6, the looks of one period spend at most α
together however many they are: P(any false promotion in the period) ≤ α by the union bound, whatever was seen in between.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DomainName, Json
from pipelines.domain.pins import Look
from pipelines.domain.spending import spend
from pipelines.ledger.generations import WEARING, fold_generations
from pipelines.ledger.ledgers import Draft, Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class LookRequest:
    """A look that is wanted: under which plan, for a run made from which ``inputs`` (one digest of all of them), at which α.

    ``inputs`` must cover the plan and the generation of the holdout, so that a change of either is another look.
    """

    plan: Digest
    inputs: Digest
    alpha: float = 0.05
    period_days: int = 365


def reserve_look(ledger: Ledger, domain: DomainName, request: LookRequest) -> Look:
    """Reserve the domain's next look for what ``request`` is made from and return it, with the generation it looks at.

    The same inputs get the look they have already. ``t`` counts the looks of the period, across generations of the holdout. A
    period opens with a look and lasts as long as that look declared, whatever is declared later; the next look after it opens
    another at t = 1. Raises :class:`LedgerError` where these inputs have a look under another plan or at another generation.
    """

    def take(standing: Sequence[Event]) -> list[Draft]:
        if _find(standing, request.inputs):
            return []
        t = _count_on(standing, ledger.clock.now())
        state = fold_generations(standing)
        payload: dict[str, Json] = {
            "generation": state.generation.number,
            "promotions": state.promotions,
            "t": t,
            "alpha": spend(request.alpha, t),
            "plan": request.plan,
            "inputs": request.inputs,
            "period_days": request.period_days,
        }
        return [Draft(Kind.LOOK_RESERVED, payload)]

    if request.period_days < 1:
        raise LedgerError(f"{domain}: a period of {request.period_days} days is none: it lasts a day or more")
    added = ledger.decide(domain, WEARING, take)
    return _read_look(added[0]) if added else _take_up(ledger, domain, request)


def count_next_look(ledger: Ledger, domain: DomainName) -> int:
    """Return the number t that the domain's next look would have, were it reserved now; nothing is reserved."""
    return _count_on(ledger.events(domain, WEARING), ledger.clock.now())


def _take_up(ledger: Ledger, domain: DomainName, request: LookRequest) -> Look:
    standing = ledger.events(domain, WEARING)
    found = _find(standing, request.inputs)
    if found is None or found.payload["plan"] != request.plan:
        raise LedgerError(f"{domain}: these inputs have a look under another plan: the plan must be part of the inputs' digest")
    look, present = _read_look(found), fold_generations(standing).generation
    if look.generation != present.number:
        raise LedgerError(
            f"{domain}: these inputs have a look at generation {look.generation} of the holdout and generation {present.number} "
            "stands now: the generation must be part of the inputs' digest"
        )
    return look


def _count_on(standing: Sequence[Event], now: datetime) -> int:
    looks = _select(standing)
    if not looks:
        return 1
    opening = next(event for event in reversed(looks) if event.payload["t"] == 1)
    lasts = timedelta(days=cast("int", opening.payload.get("period_days", 365)))
    return 1 if now >= opening.recorded_at + lasts else cast("int", looks[-1].payload["t"]) + 1


def _find(events: Sequence[Event], inputs: Digest) -> Event | None:
    return next((event for event in _select(events) if event.payload["inputs"] == inputs), None)


def _select(events: Sequence[Event]) -> list[Event]:
    return [event for event in events if event.kind is Kind.LOOK_RESERVED]


def _read_look(event: Event) -> Look:
    payload = event.payload
    return Look(
        generation=cast("int", payload["generation"]),
        t=cast("int", payload["t"]),
        alpha=cast("float", payload["alpha"]),
        plan=Digest(str(payload["plan"])),
        inputs=Digest(str(payload["inputs"])),
        promotions=cast("int", payload.get("promotions", 0)),
    )
