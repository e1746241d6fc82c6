"""Whatever is done to any row of a ledger behind the triggers' back is found and named, on SQLite and on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import combinations
from pathlib import Path

import pytest

from pipelines.domain.events import Event, Kind, hash_event
from pipelines.domain.identities import Digest, DomainName
from pipelines.ledger.chains import Break, find_breaks, read_event, write_row
from pipelines.ledger.heads import SignedHeads
from pipelines.ledger.ledgers import Ledger
from tests.builders.ledgers import DOMAIN, open_signed
from tests.builders.tampering import COLUMNS, Tamperer

ROWS = 8
OTHER = DomainName("regulatory")


@dataclass(frozen=True, slots=True)
class Scene:
    """A ledger with rows in two chains, its signed heads, and somebody who may do anything to the database."""

    ledger: Ledger
    heads: SignedHeads
    tamperer: Tamperer

    def verify(self, domain: DomainName = DOMAIN) -> list[Break]:
        rows = self.ledger.rows(domain)
        return find_breaks(domain, rows) + self.heads.find_breaks(domain, rows)

    def named(self) -> set[int]:
        return {found.seq for found in self.verify()}

    @contextmanager
    def undone(self) -> Iterator[None]:
        """Do something to the rows; at the end they are as they were, and verify."""
        before = self.tamperer.rows()
        yield
        self.tamperer.put_back(before)
        assert self.verify() == self.verify(OTHER) == []


@pytest.fixture
def scene(ledger_url: str, tmp_path: Path) -> Scene:
    ledger = open_signed(tmp_path, ledger_url)
    for number in range(1, ROWS + 1):
        ledger.append(DOMAIN, list(Kind)[number], {"number": number, "text": "naïve"})
        ledger.append(OTHER, Kind.DROP_LANDED, {"number": number})
    tamperer = Tamperer(ledger_url)
    tamperer.unguard()
    assert isinstance(ledger.heads, SignedHeads)
    return Scene(ledger, ledger.heads, tamperer)


ALTERED = {
    "domain": "regulatory2",
    "seq": 77,
    "kind": Kind.PROMOTED.value,
    "actor": "tester ",
    "recorded_at": "2026-03-01T12:00:00.123457+00:00",
    "payload": '{"number":0,"text":"naïve"}',
    "previous_hash": "f" * 64,
    "hash": "0" * 64,
}


@pytest.mark.parametrize("column", COLUMNS)
def test_every_row_that_was_edited_is_named(scene: Scene, column: str) -> None:
    for seq in range(1, ROWS + 1):
        with scene.undone():
            scene.tamperer.execute(
                f"UPDATE events SET {column} = :value WHERE domain = 'clinical' AND seq = :seq",  # noqa: S608  # ours
                value=ALTERED[column],
                seq=seq,
            )
            assert seq in scene.named()


@pytest.mark.parametrize("change", ["substr(payload, 2)", "payload || ' '", "upper(payload)", "''"])
def test_every_payload_that_was_spoiled_is_named(scene: Scene, change: str) -> None:
    for seq in range(1, ROWS + 1):
        with scene.undone():
            scene.tamperer.execute(f"UPDATE events SET payload = {change} WHERE domain = 'clinical' AND seq = {seq}")  # noqa: S608
            assert scene.named() == {seq}


def test_every_row_that_was_removed_is_named(scene: Scene) -> None:
    for seq in range(1, ROWS + 1):
        with scene.undone():
            scene.tamperer.execute(f"DELETE FROM events WHERE domain = 'clinical' AND seq = {seq}")  # noqa: S608
            assert seq in scene.named()


def test_every_row_that_was_removed_and_closed_up_is_named(scene: Scene) -> None:
    for seq in range(1, ROWS + 1):
        with scene.undone():
            scene.tamperer.execute(f"DELETE FROM events WHERE domain = 'clinical' AND seq = {seq}")  # noqa: S608
            for later in range(seq + 1, ROWS + 1):
                scene.tamperer.execute(f"UPDATE events SET seq = {later - 1} WHERE domain = 'clinical' AND seq = {later}")  # noqa: S608
            assert seq in scene.named()


def test_every_pair_of_rows_that_was_swapped_is_named(scene: Scene) -> None:
    for one, other in combinations(range(1, ROWS + 1), 2):
        with scene.undone():
            for old, new in ((one, -1), (other, one), (-1, other)):
                scene.tamperer.execute(f"UPDATE events SET seq = {new} WHERE domain = 'clinical' AND seq = {old}")  # noqa: S608
            assert {one, other} <= scene.named()


def test_every_tail_that_was_cut_is_named_where_it_was_cut(scene: Scene) -> None:
    for left in range(ROWS):
        with scene.undone():
            scene.tamperer.execute(f"DELETE FROM events WHERE domain = 'clinical' AND seq > {left}")  # noqa: S608
            (found,) = scene.verify()
            assert (found.seq, "tail was cut off" in found.problem) == (left + 1, True)


def test_every_history_that_was_rewritten_from_some_row_on_is_named(scene: Scene) -> None:
    """The forger knows how chains are made: his is sound in itself. He does not have the key."""
    for first in range(1, ROWS + 1):
        with scene.undone():
            rewrite(scene, first)
            assert find_breaks(DOMAIN, scene.ledger.rows(DOMAIN)) == []
            assert min(scene.named()) == first


def rewrite(scene: Scene, first: int) -> None:
    events = [read_event(row) for row in scene.ledger.rows(DOMAIN)]
    previous = events[first - 1].previous_hash
    for event in events[first - 1 :]:
        forged = forge(event, previous)
        row = write_row(forged)
        scene.tamperer.execute(
            "UPDATE events SET actor = :actor, previous_hash = :previous, hash = :hash WHERE domain = 'clinical' AND seq = :seq",
            actor=row.actor,
            previous=row.previous_hash,
            hash=row.hash,
            seq=row.seq,
        )
        previous = forged.hash


def forge(event: Event, previous: Digest) -> Event:
    changed = replace(event, actor="somebody else", previous_hash=previous)
    return replace(changed, hash=hash_event(changed))


def test_a_whole_ledger_put_back_to_an_older_copy_is_named(scene: Scene) -> None:
    older = scene.tamperer.rows()
    for _ in range(3):
        scene.ledger.append(DOMAIN, Kind.PROMOTED, {})
    with scene.undone():
        scene.tamperer.put_back(older)
        (found,) = scene.verify()
        assert (
            found.problem == f"the chain ends at event {ROWS}, but the head of event {ROWS + 3} was signed: its tail was cut off"
        )
        scene.ledger.append(DOMAIN, Kind.UNFROZEN, {})
        assert {each.seq for each in scene.verify()} == {ROWS + 1, ROWS + 2}
        log = scene.heads.folder / f"{DOMAIN}.jsonl"
        log.write_bytes(b"".join(log.read_bytes().splitlines(keepends=True)[:-1]))
