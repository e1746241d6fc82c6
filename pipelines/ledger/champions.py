"""Who serves: a fold over promotions, rollbacks and restorations. There is no second table that could say something else.

The champions of a domain form a stack: a promotion or a restoration puts one on top, a rollback takes the top one off. So two
rollbacks go back two champions, and never to and fro between a bad one and a worse one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import cast

from pipelines.domain.errors import ChampionMovedError, LedgerError, PromotionFrozenError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DomainName, Json, RunId
from pipelines.domain.models import Champion
from pipelines.domain.promotions import Promotion
from pipelines.ledger.ledgers import Draft, Ledger

CROWNING = (Kind.PROMOTED, Kind.ROLLED_BACK, Kind.RESTORED)
FREEZING = (Kind.FROZEN, Kind.UNFROZEN)


def champion(ledger: Ledger, domain: DomainName) -> Champion | None:
    """Return the model that serves, or ``None`` before the first promotion."""
    return _top(fold_champions(ledger.events(domain, CROWNING)))


def anchor(ledger: Ledger, domain: DomainName) -> Champion | None:
    """Return the frozen reference: the first model that was ever promoted."""
    first = ledger.events(domain, (Kind.PROMOTED,))
    return _crown(first[0]) if first else None


def history(ledger: Ledger, domain: DomainName) -> list[Champion]:
    """Return who served, a reign at a time in order; a model that came back stands in it again."""
    return [_crown(event) for event in ledger.events(domain, CROWNING)]


def is_frozen(ledger: Ledger, domain: DomainName) -> bool:
    """Tell whether a rollback froze promotion and nobody has unfrozen it."""
    return _is_frozen(ledger.events(domain, FREEZING))


def promote(ledger: Ledger, promotion: Promotion) -> Event:
    """Swap the champion, if it still is ``promotion.previous``; the same promotion again returns the event that stands.

    Raises :class:`ChampionMovedError` when somebody else moved it, :class:`PromotionFrozenError` while frozen, and
    :class:`LedgerError` for a version that was champion before (that is a restoration).
    """

    def swap(standing: Sequence[Event]) -> list[Draft]:
        present = _top(fold_champions(standing))
        if _find_same(standing, promotion):
            return []
        if (present.version if present else None) != promotion.previous:
            raise ChampionMovedError(
                f"{promotion.domain}: version {promotion.version} was judged against {_name(promotion.previous)}, but "
                f"{_name(present.version if present else None)} serves now: pin and retrain against it"
            )
        if _is_frozen(standing):
            raise PromotionFrozenError(f"{promotion.domain}: a rollback froze promotion: `addendum unfreeze {promotion.domain}`")
        if any(_crown(event).version == promotion.version for event in _select(standing, CROWNING)):
            raise LedgerError(f"{promotion.domain}: version {promotion.version} was champion before: `addendum restore` it")
        payload: dict[str, Json] = {key: value for key, value in asdict(promotion).items() if key != "domain"}
        return [Draft(Kind.PROMOTED, payload)]

    added = ledger.decide(promotion.domain, CROWNING + FREEZING, swap)
    return added[0] if added else _expect(_find_same(ledger.events(promotion.domain, CROWNING), promotion))


def roll_back(ledger: Ledger, domain: DomainName, reason: str) -> Event:
    """Return to the champion before the present one and freeze promotion, in one transaction; returns the rollback.

    While promotion is frozen the same reason again is the same rollback, tried again after a crash: the event that stands is
    returned. Another reason goes back one more. Raises :class:`LedgerError` where there is no champion before.
    """

    def swap(standing: Sequence[Event]) -> list[Draft]:
        if _find_same_rollback(standing, reason):
            return []
        stack = fold_champions(standing)
        if len(stack) < 2:
            raise LedgerError(
                f"{domain}: there is no champion before {_name(stack[-1].version if stack else None)} to go back to"
            )
        payload = {**_carry(stack[-2]), "from": stack[-1].version, "reason": reason}
        return [Draft(Kind.ROLLED_BACK, payload), Draft(Kind.FROZEN, {"reason": reason})]

    added = ledger.decide(domain, CROWNING + FREEZING, swap)
    return added[0] if added else _expect(_find_same_rollback(ledger.events(domain, CROWNING + FREEZING), reason))


def unfreeze(ledger: Ledger, domain: DomainName, reason: str) -> Event:
    """Allow promotion again; where that was done already, return the event that did it.

    Raises :class:`LedgerError` for a domain that never was frozen.
    """

    def thaw(standing: Sequence[Event]) -> list[Draft]:
        if _is_frozen(standing):
            return [Draft(Kind.UNFROZEN, {"reason": reason})]
        if not standing:
            raise LedgerError(f"{domain}: promotion is not frozen: there is nothing to unfreeze")
        return []

    added = ledger.decide(domain, FREEZING, thaw)
    return added[0] if added else _expect(ledger.last(domain, Kind.UNFROZEN))


def restore(ledger: Ledger, domain: DomainName, version: int, reason: str, approved_by: str) -> Event:
    """Make a version that was champion once champion again, by approval and without a new look.

    The champion that serves already is returned as it stands. Raises :class:`PromotionFrozenError` while frozen and
    :class:`LedgerError` for a version that never was champion.
    """

    def swap(standing: Sequence[Event]) -> list[Draft]:
        stack = fold_champions(standing)
        reigns = {past.version: past for past in map(_crown, _select(standing, CROWNING))}
        if version not in reigns:
            raise LedgerError(f"{domain}: version {version} never was champion: it can only be promoted by a verdict")
        if stack[-1].version == version:
            return []
        if _is_frozen(standing):
            raise PromotionFrozenError(f"{domain}: a rollback froze promotion: `addendum unfreeze {domain}` first")
        payload = {**_carry(reigns[version]), "from": stack[-1].version, "reason": reason, "approved_by": approved_by}
        return [Draft(Kind.RESTORED, payload)]

    added = ledger.decide(domain, CROWNING + FREEZING, swap)
    return added[0] if added else _expect(ledger.last(domain, *CROWNING))


def fold_champions(events: Sequence[Event]) -> list[Champion]:
    """Return the stack of champions, the present one last; ``since_seq`` is the event that made each champion (again)."""
    stack: list[Champion] = []
    for event in _select(events, CROWNING):
        if event.kind is Kind.ROLLED_BACK:
            del stack[-2:]
        stack.append(_crown(event))
    return stack


def _crown(event: Event) -> Champion:
    payload = event.payload
    return Champion(
        domain=event.domain,
        version=cast("int", payload["version"]),
        digest=Digest(str(payload["digest"])),
        ingest_seq=cast("int", payload["ingest_seq"]),
        run_id=RunId(str(payload["run_id"])),
        since_seq=event.seq,
    )


def _carry(model: Champion) -> dict[str, Json]:
    return {"version": model.version, "digest": model.digest, "ingest_seq": model.ingest_seq, "run_id": model.run_id}


def _top(stack: Sequence[Champion]) -> Champion | None:
    return stack[-1] if stack else None


def _select(events: Sequence[Event], kinds: Sequence[Kind]) -> list[Event]:
    return [event for event in events if event.kind in kinds]


def _is_frozen(events: Sequence[Event]) -> bool:
    freezing = _select(events, FREEZING)
    return bool(freezing) and freezing[-1].kind is Kind.FROZEN


def _find_same(events: Sequence[Event], promotion: Promotion) -> Event | None:
    crowning = _select(events, CROWNING)
    if not crowning or crowning[-1].kind is not Kind.PROMOTED:
        return None
    payload = crowning[-1].payload
    is_same = all(payload[key] == getattr(promotion, key) for key in ("version", "digest", "run_id", "previous", "verdict"))
    return crowning[-1] if is_same else None


def _find_same_rollback(events: Sequence[Event], reason: str) -> Event | None:
    crowning = _select(events, CROWNING)
    if not crowning or crowning[-1].kind is not Kind.ROLLED_BACK or not _is_frozen(events):
        return None
    return crowning[-1] if crowning[-1].payload["reason"] == reason else None


def _expect(event: Event | None) -> Event:
    if event is None:
        raise LedgerError("the ledger moved while it was read: run the command again")
    return event


def _name(version: int | None) -> str:
    return "no champion" if version is None else f"version {version}"
