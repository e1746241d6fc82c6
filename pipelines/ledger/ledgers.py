"""The append-only record: one chain of events a domain, in SQLite or PostgreSQL, and one way to add to it.

Whatever must be decided on what stands in the chain is decided inside the transaction that adds to it (:meth:`Ledger.decide`).
That is a compare-and-swap on any database: the next number in the chain is taken before the chain is read, so a decision made
on a chain that has moved meanwhile collides on ``(domain, seq)``, is rolled back, and is made again on what stands there now.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC
from typing import Protocol, Self

import stamina
from sqlalchemy import Connection, Engine, Select, func, insert, select

from pipelines.clock import Clock
from pipelines.domain.errors import LedgerError
from pipelines.domain.events import GENESIS, Event, Kind, hash_event
from pipelines.domain.identities import Digest, DomainName, Json
from pipelines.ledger.chains import BLANK, Break, Row, find_breaks, read_event, write_row
from pipelines.ledger.engines import connect, is_contention, naming, reading, take_turn, writing
from pipelines.ledger.migrating import migrate
from pipelines.ledger.schema import EVENTS, find_missing_guards, install_guards

ATTEMPTS = 50


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that is about to be recorded: the ledger adds its number, actor, time and hashes."""

    kind: Kind
    payload: Mapping[str, Json]


Decision = Callable[[Sequence[Event]], Sequence[Draft]]
"""From what stands in a chain to what is to be added; may be called again, so it must do nothing else. Raises to refuse."""


class HeadLog(Protocol):
    """Whoever notes the heads of the chains outside the database."""

    def prepare(self) -> None:
        """Raise :class:`LedgerError` where nothing can be noted; asked before anything is recorded."""

    def note(self, events: Sequence[Event]) -> None:
        """Note events of one domain that are committed."""


@dataclass(frozen=True, slots=True)
class Ledger:
    """A database of events, the clock that dates them, the actor who answers for them, and who notes them outside."""

    engine: Engine
    clock: Clock
    actor: str
    heads: HeadLog | None = None

    @classmethod
    def open(cls, url: str, clock: Clock, actor: str, heads: HeadLog | None = None) -> Self:
        """Open the ledger at a SQLAlchemy ``url``, made or brought to the present schema where it must be.

        Raises :class:`LedgerError`, also for a schema that is newer than this code.
        """
        engine = connect(url)
        with naming(engine):
            for attempt in stamina.retry_context(on=is_contention, attempts=ATTEMPTS, timeout=60, wait_initial=0.01, wait_max=1):
                with attempt:
                    migrate(engine)
        return cls(engine, clock, actor, heads)

    def append(self, domain: DomainName, kind: Kind, payload: Mapping[str, Json]) -> Event:
        """Add one event to the end of the domain's chain and return it; raises :class:`LedgerError`."""
        return self.decide(domain, (), lambda _: [Draft(kind, payload)])[0]

    def decide(self, domain: DomainName, kinds: Collection[Kind], decision: Decision) -> list[Event]:
        """Add what ``decision`` makes of the domain's events of ``kinds``, all in one transaction; return what was added.

        Raises whatever ``decision`` raises, with nothing added, and :class:`LedgerError` when the database refuses.
        """
        if self.heads:
            self.heads.prepare()
        added = self._decide_patiently(domain, kinds, decision)
        if self.heads and added:
            self.heads.note(added)
        return added

    def events(self, domain: DomainName, kinds: Collection[Kind] | None = None, since: int = 0) -> list[Event]:
        """Return the domain's events with a number above ``since``, in order; all kinds when ``kinds`` is ``None``."""
        with naming(self.engine), reading(self.engine) as connection:
            return _read(connection, _choose(domain, kinds, since))

    def last(self, domain: DomainName, *kinds: Kind) -> Event | None:
        """Return the domain's latest event of ``kinds`` (of any kind when none is named)."""
        query = _choose(domain, kinds or None, 0).order_by(None).order_by(EVENTS.c.seq.desc()).limit(1)
        with naming(self.engine), reading(self.engine) as connection:
            found = _read(connection, query)
        return found[0] if found else None

    def head(self, domain: DomainName) -> Digest:
        """Return the hash of the domain's last event: what to note outside the database, so that a cut tail shows."""
        with naming(self.engine), reading(self.engine) as connection:
            return _find_head(connection, domain)[1]

    def domains(self) -> list[DomainName]:
        """Return every domain that has a chain, in order."""
        query = select(EVENTS.c.domain).distinct().order_by(EVENTS.c.domain)
        with naming(self.engine), reading(self.engine) as connection:
            return [DomainName(name) for name in connection.execute(query).scalars()]

    def verify(self, domain: DomainName, head: Digest | None = None) -> list[Break]:
        """Walk the domain's chain and return every break in it; ``head`` is a hash noted outside the database earlier."""
        return find_breaks(domain, self.rows(domain), head)

    def rows(self, domain: DomainName) -> list[Row]:
        """Return the domain's chain as the very text that is stored, in order, whatever somebody made of it."""
        with naming(self.engine), reading(self.engine) as connection:
            return [Row(**row) for row in connection.execute(_choose(domain, None, 0)).mappings()]

    def find_missing_guards(self) -> list[str]:
        """Return the triggers that should refuse every change of a row, and do not stand."""
        with naming(self.engine), reading(self.engine) as connection:
            return find_missing_guards(connection)

    def restore_guards(self) -> None:
        """Put the triggers that are missing back."""
        with naming(self.engine), writing(self.engine) as connection:
            install_guards(connection)

    def _decide_patiently(self, domain: DomainName, kinds: Collection[Kind], decision: Decision) -> list[Event]:
        with naming(self.engine):
            for attempt in stamina.retry_context(on=is_contention, attempts=ATTEMPTS, timeout=60, wait_initial=0.01, wait_max=1):
                with attempt, writing(self.engine) as connection:
                    return self._decide_once(connection, domain, kinds, decision)
        raise LedgerError(f"the ledger of {domain} was busy too long: try again")  # pragma: no cover

    def _decide_once(
        self, connection: Connection, domain: DomainName, kinds: Collection[Kind], decision: Decision
    ) -> list[Event]:
        take_turn(connection, domain)
        seq, previous = _find_head(connection, domain)
        standing = _read(connection, _choose(domain, kinds, 0)) if kinds else []
        added: list[Event] = []
        for draft in decision(standing):
            event = self._date(domain, draft, seq + 1, previous)
            connection.execute(insert(EVENTS).values(**_write(event)))
            seq, previous = event.seq, event.hash
            added.append(event)
        return added

    def _date(self, domain: DomainName, draft: Draft, seq: int, previous: Digest) -> Event:
        now = self.clock.now()
        if now.tzinfo is None:
            raise LedgerError("the clock's time has no zone: an event must say when it was, in UTC")
        event = Event(
            domain=domain,
            seq=seq,
            kind=draft.kind,
            actor=self.actor,
            recorded_at=now.astimezone(UTC),
            payload=draft.payload,
            previous_hash=previous,
            hash=BLANK,
        )
        try:
            plain = read_event(write_row(event))  # as every reader will see it: that is what the hash must stand for
            return replace(plain, hash=hash_event(plain))
        except (TypeError, ValueError) as error:
            raise LedgerError(f"{draft.kind.value}: the payload is not plain JSON ({error})") from error


def _choose(domain: DomainName, kinds: Collection[Kind] | None, since: int) -> Select[tuple[object, ...]]:
    query = select(EVENTS).where(EVENTS.c.domain == domain, EVENTS.c.seq > since).order_by(EVENTS.c.seq)
    return query if kinds is None else query.where(EVENTS.c.kind.in_([kind.value for kind in kinds]))


def _read(connection: Connection, query: Select[tuple[object, ...]]) -> list[Event]:
    rows = [Row(**row) for row in connection.execute(query).mappings()]
    try:
        return [read_event(row) for row in rows]
    except (TypeError, ValueError) as error:
        raise LedgerError("the ledger holds a row that it did not write: `addendum verify` names it") from error


def _write(event: Event) -> dict[str, object]:
    return asdict(write_row(event))


def _find_head(connection: Connection, domain: DomainName) -> tuple[int, Digest]:
    last = select(func.max(EVENTS.c.seq)).where(EVENTS.c.domain == domain).scalar_subquery()
    row = connection.execute(select(EVENTS.c.seq, EVENTS.c.hash).where(EVENTS.c.domain == domain, EVENTS.c.seq == last)).first()
    return (int(row.seq), Digest(row.hash)) if row else (0, GENESIS)
