"""What a chain must be: numbered without a gap, each event carrying the hash of the one before, each hash the hash of its row."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from pipelines.domain.events import GENESIS, Event, Kind, hash_event
from pipelines.domain.identities import Digest, DomainName, Json, encode_canonically

BLANK = Digest("")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An event as the database holds it: every field the very text that was stored."""

    domain: str
    seq: int
    kind: str
    actor: str
    recorded_at: str
    payload: str
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A place where a chain is not what was written: at which event of which domain, and what is wrong."""

    domain: DomainName
    seq: int
    problem: str


def read_event(row: Row) -> Event:
    """Return the row as an event; raises ``ValueError`` where it cannot have been written by us."""
    recorded_at = datetime.fromisoformat(row.recorded_at)
    payload: Mapping[str, Json] = json.loads(row.payload)
    if recorded_at.isoformat() != row.recorded_at or encode_canonically(payload) != row.payload.encode():
        raise ValueError("its time or its payload is not in the form that is written")
    return Event(
        domain=DomainName(row.domain),
        seq=row.seq,
        kind=Kind(row.kind),
        actor=row.actor,
        recorded_at=recorded_at,
        payload=payload,
        previous_hash=Digest(row.previous_hash),
        hash=Digest(row.hash),
    )


def write_row(event: Event) -> Row:
    """Return the event as the text that is stored; raises ``ValueError`` for a payload with NaN or infinities."""
    return Row(
        domain=event.domain,
        seq=event.seq,
        kind=event.kind.value,
        actor=event.actor,
        recorded_at=event.recorded_at.astimezone(UTC).isoformat(),
        payload=encode_canonically(event.payload).decode(),
        previous_hash=event.previous_hash,
        hash=event.hash,
    )


def find_breaks(domain: DomainName, rows: Iterable[Row], head: Digest | None = None) -> list[Break]:
    """Walk a chain in the order of ``seq`` and return everything that is wrong with it.

    A chain alone cannot show that its tail was cut off; ``head``, the hash of an event noted outside the database, can.
    """
    breaks: list[Break] = []
    expected, previous, hashes = 1, GENESIS, {GENESIS}
    for row in rows:
        if row.seq != expected:
            breaks.append(Break(domain=domain, seq=expected, problem=f"event {expected} is missing: the next one is {row.seq}"))
        if row.previous_hash != previous:
            breaks.append(Break(domain=domain, seq=row.seq, problem="it does not carry the hash of the event before it"))
        problem = _find_problem(row)
        if problem:
            breaks.append(Break(domain=domain, seq=row.seq, problem=problem))
        expected, previous = row.seq + 1, Digest(row.hash)
        hashes.add(previous)
    if head is not None and head not in hashes:
        breaks.append(Break(domain=domain, seq=expected, problem="the chain no longer holds the head that was noted outside it"))
    return breaks


def _find_problem(row: Row) -> str | None:
    try:
        event = read_event(row)
        digest = hash_event(event)
    except (ValueError, TypeError) as error:
        return f"it cannot be read as an event ({type(error).__name__})"
    return None if digest == event.hash else "its content is not what its hash says"
