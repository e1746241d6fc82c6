"""Generations of the holdout: a holdout that has carried ten promotions is worn out, and families that arrived since replace it.

Which generation a domain is in, and what it has carried, is a fold over the ledger: a renewal opens the next generation, and
every promotion since then, by duty or by override too, was a choice made on its rows. A rollback or a restoration chooses
nothing on the holdout, so it wears nothing out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import DomainName
from pipelines.domain.pins import FIRST_GENERATION, PROMOTIONS_A_GENERATION, Generation
from pipelines.ledger.ledgers import Draft, Ledger

WEARING = (Kind.HOLDOUT_RENEWED, Kind.LOOK_RESERVED, Kind.PROMOTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class GenerationState:
    """The present generation, how many promotions it has carried, and the number of the event that reserved its last look.

    ``last_look_seq`` is 0 where nobody has looked at this generation yet.
    """

    generation: Generation
    promotions: int
    last_look_seq: int

    @property
    def is_retired(self) -> bool:
        """Tell whether this generation can carry no further promotion."""
        return self.promotions >= PROMOTIONS_A_GENERATION


def current_generation(ledger: Ledger, domain: DomainName) -> GenerationState:
    """Return the generation of the domain's holdout as it stands; before any renewal it is the first, of all families."""
    return fold_generations(ledger.events(domain, WEARING))


def renew(ledger: Ledger, domain: DomainName, since: int, rows: int) -> Generation:
    """Open the next generation: families that arrived after arrival number ``since``, of which ``rows`` are in the holdout.

    The same renewal again returns the generation that stands. Raises :class:`LedgerError` while the present generation is not
    retired, and where the next one would have no rows or hold families of this one.
    """

    def open_next(standing: Sequence[Event]) -> list[Draft]:
        state = fold_generations(standing)
        if _is_the_same(standing, since, rows):
            return []
        _refuse_early(domain, state, since, rows)
        return [Draft(Kind.HOLDOUT_RENEWED, {"generation": state.generation.number + 1, "since": since, "rows": rows})]

    added = ledger.decide(domain, WEARING, open_next)
    return _read(added[0]) if added else current_generation(ledger, domain).generation


def fold_generations(events: Sequence[Event]) -> GenerationState:
    """Return where a domain's generations stand after ``events``, in their order; other kinds than :data:`WEARING` are passed."""
    generation, promotions, last_look = FIRST_GENERATION, 0, 0
    for event in events:
        if event.kind is Kind.HOLDOUT_RENEWED:
            generation, promotions, last_look = _read(event), 0, 0
        elif event.kind is Kind.PROMOTED:
            promotions += 1
        elif event.kind is Kind.LOOK_RESERVED:
            last_look = event.seq
    return GenerationState(generation=generation, promotions=promotions, last_look_seq=last_look)


def _refuse_early(domain: DomainName, state: GenerationState, since: int, rows: int) -> None:
    present = state.generation
    if not state.is_retired:
        raise LedgerError(
            f"{domain}: generation {present.number} of the holdout has carried {state.promotions} of "
            f"{PROMOTIONS_A_GENERATION} promotions: it is renewed when it has carried them all"
        )
    if since <= present.since or rows < 1:
        raise LedgerError(
            f"{domain}: generation {present.number + 1} would begin after arrival {since} with {rows} rows: it must begin after "
            f"arrival {present.since}, and have rows"
        )


def _is_the_same(standing: Sequence[Event], since: int, rows: int) -> bool:
    renewals = [event for event in standing if event.kind is Kind.HOLDOUT_RENEWED]
    return bool(renewals) and (renewals[-1].payload["since"], renewals[-1].payload["rows"]) == (since, rows)


def _read(event: Event) -> Generation:
    return Generation(number=cast("int", event.payload["generation"]), since=cast("int", event.payload["since"]))
