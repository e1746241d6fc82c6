"""Looks at the holdout, and the α that each may spend: reserved before evaluation, so that no look is free and none is lost.

Each look lowers what the next may spend, by α_t = 6α/(π²t²). Since Σ 1/t² = π²/6, the looks of one period spend at most α
together however many they are: P(any false promotion in the period) ≤ α by the union bound, whatever was seen in between.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DomainName
from pipelines.domain.pins import Look
from pipelines.ledger.ledgers import Draft, Ledger

PROMOTIONS_A_GENERATION = 10


def spend(alpha: float, t: int) -> float:
    """Return α_t = 6α/(π²t²), the level at which look number ``t`` (from 1) of a period is judged."""
    if not 0 < alpha < 1 or t < 1:
        raise LedgerError(f"α must lie between 0 and 1 and looks count from 1; got α = {alpha}, t = {t}")
    return 6 * alpha / (math.pi**2 * t**2)


def reserve_look(
    ledger: Ledger, domain: DomainName, plan: Digest, inputs: Digest, alpha: float = 0.05, period_days: int = 365
) -> Look:
    """Reserve the domain's next look for ``inputs`` (corpus pin, champion, anchor and plan) and return it.

    The same inputs get the look they have already. ``t`` counts the looks of the period, across generations of the holdout; a
    period opens with a look and lasts ``period_days``, and the next look after it opens another at t = 1.
    """

    def take(standing: Sequence[Event]) -> list[Draft]:
        looks = [event for event in standing if event.kind is Kind.LOOK_RESERVED]
        if _find(looks, inputs):
            return []
        t = _count_on(looks, ledger.clock.now(), period_days)
        promotions = len(standing) - len(looks)
        return [
            Draft(
                Kind.LOOK_RESERVED,
                {
                    "generation": 1 + promotions // PROMOTIONS_A_GENERATION,
                    "t": t,
                    "alpha": spend(alpha, t),
                    "plan": plan,
                    "inputs": inputs,
                },
            )
        ]

    added = ledger.decide(domain, (Kind.LOOK_RESERVED, Kind.PROMOTED), take)
    event = added[0] if added else _find(ledger.events(domain, (Kind.LOOK_RESERVED,)), inputs)
    if event is None or event.payload["plan"] != plan:
        raise LedgerError(f"{domain}: these inputs have a look under another plan: the plan must be part of the inputs' digest")
    return _read_look(event)


def _count_on(looks: Sequence[Event], now: datetime, period_days: int) -> int:
    if not looks:
        return 1
    opening = next(event for event in reversed(looks) if event.payload["t"] == 1)
    is_over = now >= opening.recorded_at + timedelta(days=period_days)
    return 1 if is_over else cast("int", looks[-1].payload["t"]) + 1


def _find(events: Sequence[Event], inputs: Digest) -> Event | None:
    return next((event for event in events if event.payload.get("inputs") == inputs), None)


def _read_look(event: Event) -> Look:
    payload = event.payload
    return Look(
        generation=cast("int", payload["generation"]),
        t=cast("int", payload["t"]),
        alpha=cast("float", payload["alpha"]),
        plan=Digest(str(payload["plan"])),
    )
