"""Whatever somebody does to the file behind the ledger's back is found, and named by its event."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.domain.events import GENESIS, Kind
from pipelines.domain.identities import Digest, DomainName
from pipelines.ledger.ledgers import Ledger
from tests.builders.ledgers import DOMAIN, open_ledger, open_raw

COLUMNS = ("kind", "actor", "recorded_at", "payload", "previous_hash", "hash")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = open_ledger(tmp_path)
    for number in range(1, 6):
        ledger.append(DOMAIN, Kind.DROP_LANDED, {"number": number, "text": "naïve"})
    return ledger


@pytest.fixture
def raw(ledger: Ledger, tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = open_raw(tmp_path, is_unguarded=True)
    yield connection
    connection.close()


def fetch(raw: sqlite3.Connection, seq: int, column: str) -> bytes:
    query = f"SELECT CAST({column} AS BLOB) FROM events WHERE seq = ?"  # noqa: S608  # the column is one of ours
    content: bytes = raw.execute(query, (seq,)).fetchone()[0]
    return content


def overwrite(raw: sqlite3.Connection, seq: int, column: str, content: bytes) -> None:
    statement = f"UPDATE events SET {column} = CAST(? AS TEXT) WHERE seq = ?"  # noqa: S608  # the column is one of ours
    raw.execute(statement, (content, seq))


def test_a_chain_as_written_has_no_break(ledger: Ledger) -> None:
    assert ledger.verify(DOMAIN) == []
    assert ledger.verify(DomainName("unknown")) == []


@pytest.mark.parametrize("column", COLUMNS)
def test_names_the_event_whose_byte_was_flipped(ledger: Ledger, raw: sqlite3.Connection, column: str) -> None:
    overwrite(raw, 3, column, b"X" + fetch(raw, 3, column)[1:])
    breaks = ledger.verify(DOMAIN)
    assert breaks
    assert breaks[0].seq == 3


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seq=st.integers(1, 5), column=st.sampled_from(COLUMNS), position=st.integers(0, 200), bit=st.integers(0, 7))
def test_any_flipped_bit_is_found(
    ledger: Ledger, raw: sqlite3.Connection, seq: int, column: str, position: int, bit: int
) -> None:
    before = fetch(raw, seq, column)
    flipped = bytearray(before)
    flipped[position % len(before)] ^= 1 << bit
    overwrite(raw, seq, column, bytes(flipped))
    assert ledger.verify(DOMAIN)[0].seq in {seq, seq + 1}
    overwrite(raw, seq, column, before)
    assert ledger.verify(DOMAIN) == []


def test_a_payload_rewritten_to_mean_the_same_is_found_too(ledger: Ledger, raw: sqlite3.Connection) -> None:
    raw.execute("UPDATE events SET payload = payload || ' ' WHERE seq = 2")
    assert [found.seq for found in ledger.verify(DOMAIN)] == [2]


@pytest.mark.parametrize("seq", [1, 2, 3, 4])
def test_names_a_row_that_was_removed(ledger: Ledger, raw: sqlite3.Connection, seq: int) -> None:
    raw.execute("DELETE FROM events WHERE seq = ?", (seq,))
    breaks = ledger.verify(DOMAIN)
    assert (breaks[0].seq, breaks[0].problem) == (seq, f"event {seq} is missing: the next one is {seq + 1}")


def test_finds_a_removed_row_whose_number_was_closed_up(ledger: Ledger, raw: sqlite3.Connection) -> None:
    raw.execute("DELETE FROM events WHERE seq = 3")
    for seq in (4, 5):
        raw.execute("UPDATE events SET seq = seq - 1 WHERE seq = ?", (seq,))
    assert ledger.verify(DOMAIN)[0].seq == 3


def test_finds_rows_that_were_reordered(ledger: Ledger, raw: sqlite3.Connection) -> None:
    for old, new in ((2, 99), (3, 2), (99, 3)):
        raw.execute("UPDATE events SET seq = ? WHERE seq = ?", (new, old))
    assert {found.seq for found in ledger.verify(DOMAIN)} >= {2, 3}


def test_finds_a_row_moved_to_another_domain(ledger: Ledger, raw: sqlite3.Connection) -> None:
    raw.execute("UPDATE events SET domain = 'other' WHERE seq = 1")
    assert ledger.verify(DOMAIN)
    assert ledger.verify(DomainName("other"))


def test_finds_a_row_with_a_hash_that_was_recomputed(ledger: Ledger, raw: sqlite3.Connection) -> None:
    """A forger who rehashes the row he changed still breaks the next one's link, unless he rewrites the whole tail."""
    from dataclasses import replace

    from pipelines.domain.events import hash_event

    forged = replace(ledger.events(DOMAIN)[2], actor="somebody else")
    raw.execute("UPDATE events SET actor = ?, hash = ? WHERE seq = 3", (forged.actor, hash_event(forged)))
    assert [found.seq for found in ledger.verify(DOMAIN)] == [4]


def test_a_cut_tail_shows_only_against_a_head_noted_outside(ledger: Ledger, raw: sqlite3.Connection) -> None:
    noted = ledger.head(DOMAIN)
    assert ledger.verify(DOMAIN, noted) == []
    raw.execute("DELETE FROM events WHERE seq = 5")
    assert ledger.verify(DOMAIN) == []
    assert "no longer holds the head" in ledger.verify(DOMAIN, noted)[0].problem


def test_an_earlier_head_is_still_in_a_chain_that_has_grown(ledger: Ledger) -> None:
    noted = ledger.head(DOMAIN)
    ledger.append(DOMAIN, Kind.DROP_LANDED, {})
    assert ledger.verify(DOMAIN, noted) == []
    assert ledger.verify(DOMAIN, GENESIS) == []
    assert ledger.verify(DOMAIN, Digest("f" * 64))
