"""Who serves: a fold over promotions, rollbacks and restorations. There is no second table that could say something else.

The champions of a domain form a stack: a promotion or a restoration puts one on top, a rollback takes the top one off. So two
rollbacks go back two champions, and never to and fro between a bad one and a worse one.
"""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.domain.errors import ChampionMovedError, LedgerError, PromotionFrozenError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import DomainName
from pipelines.domain.models import Champion
from pipelines.domain.promotions import Promotion
from pipelines.ledger.ledgers import Draft, Ledger
from pipelines.ledger.reigns import (
    CROWNING,
    FREEZING,
    find_same,
    find_same_rollback,
    find_second,
    find_top,
    fold_champions,
    has_frozen,
    is_denied,
    name_version,
    read_champion,
    select,
    write_champion,
    write_promotion,
)


def champion(ledger: Ledger, domain: DomainName) -> Champion | None:
    """Return the model that serves, or ``None`` before the first promotion."""
    return find_top(fold_champions(ledger.events(domain, CROWNING)))


def anchor(ledger: Ledger, domain: DomainName) -> Champion | None:
    """Return the frozen reference: the first model that was ever promoted."""
    first = ledger.events(domain, (Kind.PROMOTED,))
    return read_champion(first[0]) if first else None


def history(ledger: Ledger, domain: DomainName) -> list[Champion]:
    """Return who served, a reign at a time in order; a model that came back stands in it again."""
    return [read_champion(event) for event in ledger.events(domain, CROWNING)]


def is_frozen(ledger: Ledger, domain: DomainName) -> bool:
    """Tell whether a rollback froze promotion and nobody has unfrozen it."""
    return has_frozen(ledger.events(domain, FREEZING))


def promote(ledger: Ledger, promotion: Promotion) -> Event:
    """Swap the champion, if it still is ``promotion.previous``; the same promotion again returns the event that stands.

    Raises :class:`ChampionMovedError` when somebody else moved it, :class:`PromotionFrozenError` while frozen, and
    :class:`LedgerError` for a version that was champion before (that is a restoration) and for one that was denied.
    """

    def swap(standing: Sequence[Event]) -> list[Draft]:
        present = find_top(fold_champions(standing))
        if find_same(standing, promotion):
            return []
        if (present.version if present else None) != promotion.previous:
            raise ChampionMovedError(
                f"{promotion.domain}: version {promotion.version} was judged against {name_version(promotion.previous)}, but "
                f"{name_version(present.version if present else None)} serves now: pin and retrain against it"
            )
        if has_frozen(standing):
            raise PromotionFrozenError(f"{promotion.domain}: a rollback froze promotion: `addendum unfreeze {promotion.domain}`")
        if any(read_champion(event).version == promotion.version for event in select(standing, CROWNING)):
            raise LedgerError(f"{promotion.domain}: version {promotion.version} was champion before: `addendum restore` it")
        if is_denied(standing, promotion):
            raise LedgerError(f"{promotion.domain}: version {promotion.version} was denied: another retraining makes another")
        return [Draft(Kind.PROMOTED, write_promotion(promotion))]

    added = ledger.decide(promotion.domain, (*CROWNING, *FREEZING, Kind.APPROVAL_DENIED), swap)
    return added[0] if added else _expect(find_same(ledger.events(promotion.domain, CROWNING), promotion))


def find_rollback(ledger: Ledger, domain: DomainName, reason: str) -> Champion:
    """Return whom :func:`roll_back` for this reason would give back; raises :class:`LedgerError` where there is nobody."""
    standing = ledger.events(domain, CROWNING + FREEZING)
    done = find_same_rollback(standing, reason)
    return read_champion(done) if done else find_second(domain, fold_champions(standing))


def roll_back(ledger: Ledger, domain: DomainName, reason: str, expected: int | None = None) -> Event:
    """Return to the champion before the present one and freeze promotion, in one transaction; returns the rollback.

    While promotion is frozen the same reason again is the same rollback, tried again after a crash: the event that stands is
    returned. Another reason goes back one more. Raises :class:`LedgerError` where there is no champion before, and
    :class:`ChampionMovedError` where that champion is not the version ``expected``, the one that was looked at before.
    """

    def swap(standing: Sequence[Event]) -> list[Draft]:
        if find_same_rollback(standing, reason):
            return []
        stack = fold_champions(standing)
        before = find_second(domain, stack)
        if expected is not None and before.version != expected:
            raise ChampionMovedError(f"{domain}: the champion moved meanwhile: run the command again")
        payload = {**write_champion(before), "from": stack[-1].version, "reason": reason}
        return [Draft(Kind.ROLLED_BACK, payload), Draft(Kind.FROZEN, {"reason": reason})]

    added = ledger.decide(domain, CROWNING + FREEZING, swap)
    return added[0] if added else _expect(find_same_rollback(ledger.events(domain, CROWNING + FREEZING), reason))


def unfreeze(ledger: Ledger, domain: DomainName, reason: str) -> Event:
    """Allow promotion again; where that was done already, return the event that did it.

    Raises :class:`LedgerError` for a domain that never was frozen.
    """

    def thaw(standing: Sequence[Event]) -> list[Draft]:
        if has_frozen(standing):
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
        reigns = {past.version: past for past in map(read_champion, select(standing, CROWNING))}
        if version not in reigns:
            raise LedgerError(f"{domain}: version {version} never was champion: it can only be promoted by a verdict")
        if stack[-1].version == version:
            return []
        if has_frozen(standing):
            raise PromotionFrozenError(f"{domain}: a rollback froze promotion: `addendum unfreeze {domain}` first")
        payload = {**write_champion(reigns[version]), "from": stack[-1].version, "reason": reason, "approved_by": approved_by}
        return [Draft(Kind.RESTORED, payload)]

    added = ledger.decide(domain, CROWNING + FREEZING, swap)
    return added[0] if added else _expect(ledger.last(domain, *CROWNING))


def _expect(event: Event | None) -> Event:
    if event is None:
        raise LedgerError("the ledger moved while it was read: run the command again")
    return event
