"""What was signed outside the database cannot be unsaid inside it."""

from __future__ import annotations

import json
import shutil
import threading
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.clock import SystemClock
from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import DomainName
from pipelines.ledger.chains import Break
from pipelines.ledger.heads import SignedHeads, current_head, find_forgery, head_of
from pipelines.ledger.keys import KeyRing
from pipelines.ledger.ledgers import Draft, Ledger
from tests.builders.ledgers import DOMAIN, build_heads, open_ledger, open_signed

OTHER = DomainName("other")


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    ledger = open_signed(tmp_path)
    for number in range(1, 5):
        ledger.append(DOMAIN, Kind.DROP_LANDED, {"number": number})
    return ledger


@pytest.fixture
def heads(ledger: Ledger) -> SignedHeads:
    assert isinstance(ledger.heads, SignedHeads)
    return ledger.heads


def log_of(heads: SignedHeads, domain: DomainName = DOMAIN) -> Path:
    return heads.folder / f"{domain}.jsonl"


def find(ledger: Ledger, domain: DomainName = DOMAIN, rows: int | None = None) -> list[Break]:
    assert isinstance(ledger.heads, SignedHeads)
    return ledger.heads.find_breaks(domain, ledger.rows(domain)[:rows])


def test_every_event_has_its_head_signed_in_order(ledger: Ledger, heads: SignedHeads) -> None:
    events, (key,) = ledger.events(DOMAIN), heads.keys.read_publics()
    noted = [head for head in heads.read(DOMAIN) if head is not None]
    assert [(head.domain, head.seq, head.hash, head.recorded_at, head.key) for head in noted] == [
        (DOMAIN, event.seq, event.hash, event.recorded_at.isoformat(), key) for event in events
    ]
    assert find(ledger) == []
    assert heads.domains() == [DOMAIN]


def test_the_log_is_one_object_a_line_for_anybody_to_read(heads: SignedHeads) -> None:
    lines = [json.loads(line) for line in log_of(heads).read_text().splitlines()]
    assert [line["seq"] for line in lines] == [1, 2, 3, 4]
    assert set(lines[0]) == {"domain", "seq", "hash", "recorded_at", "key", "signature"}


def test_events_added_together_are_noted_together_and_none_adds_none(ledger: Ledger, heads: SignedHeads) -> None:
    ledger.decide(OTHER, [], lambda _: [])
    assert heads.domains() == [DOMAIN]
    ledger.decide(OTHER, [], lambda _: [Draft(Kind.ROLLED_BACK, {}), Draft(Kind.FROZEN, {})])
    assert [head.seq for head in heads.read(OTHER) if head] == [1, 2]


def test_an_event_that_was_refused_is_not_noted(ledger: Ledger, heads: SignedHeads) -> None:
    with pytest.raises(LedgerError):
        ledger.append(DOMAIN, Kind.FROZEN, {"x": float("nan")})
    assert len(heads.read(DOMAIN)) == 4


@pytest.mark.parametrize("length", [0, 1, 2, 3])
def test_a_chain_that_is_shorter_than_its_log_was_cut(ledger: Ledger, length: int) -> None:
    (found,) = find(ledger, rows=length)
    assert found.seq == length + 1
    assert found.problem == f"the chain ends at event {length}, but the head of event 4 was signed: its tail was cut off"


@pytest.mark.parametrize("missing", [1, 2, 4])
def test_a_log_that_lags_behind_is_no_break_and_the_next_note_goes_on(ledger: Ledger, heads: SignedHeads, missing: int) -> None:
    """As after a crash between the commit and the note."""
    lines = log_of(heads).read_bytes().splitlines(keepends=True)
    log_of(heads).write_bytes(b"".join(lines[:-missing]))
    assert find(ledger) == []
    ledger.append(DOMAIN, Kind.FROZEN, {})
    assert [head.seq for head in heads.read(DOMAIN) if head] == [*range(1, 5 - missing), 5]
    assert find(ledger) == []


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(1, 300))
def test_a_line_that_a_crash_cut_short_is_as_good_as_never_begun(ledger: Ledger, heads: SignedHeads, cut: int) -> None:
    whole = log_of(heads).read_bytes()
    length = len(whole.splitlines(keepends=True)[-1])
    log_of(heads).write_bytes(whole[: -(cut % length) or None])
    assert find(ledger) == []
    event = ledger.append(DOMAIN, Kind.FROZEN, {})
    assert find(ledger) == []
    assert [head.seq for head in heads.read(DOMAIN) if head][-1] == event.seq
    assert None not in heads.read(DOMAIN)
    log_of(heads).write_bytes(whole)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(position=st.integers(0, 4_000), bit=st.integers(0, 7))
def test_any_flipped_bit_of_the_log_is_found(ledger: Ledger, heads: SignedHeads, position: int, bit: int) -> None:
    before = log_of(heads).read_bytes()
    end = len(before) - 1  # without the last line's end: that is a line cut short
    content = bytearray(before)
    content[position % end] ^= 1 << bit
    log_of(heads).write_bytes(bytes(content))
    assert find(ledger)
    log_of(heads).write_bytes(before)
    assert find(ledger) == []


def test_a_rewritten_chain_is_named_at_the_event_where_it_parts(ledger: Ledger, tmp_path: Path) -> None:
    """Somebody takes the tail off and writes another: the chain verifies by itself, and was never signed."""
    (tmp_path / "forged").mkdir()
    forged = open_ledger(tmp_path / "forged")
    for number in (1, 2, 33, 4, 5):
        forged.append(DOMAIN, Kind.DROP_LANDED, {"number": number})
    assert forged.verify(DOMAIN) == []
    assert isinstance(ledger.heads, SignedHeads)
    found = ledger.heads.find_breaks(DOMAIN, forged.rows(DOMAIN))
    assert [each.seq for each in found] == [3, 4]
    assert "forked or rewritten" in found[0].problem


def test_heads_signed_by_somebody_else_are_named_with_their_key(ledger: Ledger, tmp_path: Path) -> None:
    stranger = build_heads(tmp_path / "stranger")
    theirs = replace(stranger, folder=log_of(build_heads(tmp_path)).parent)
    theirs.note(ledger.events(DOMAIN)[-1:])
    (found,) = find(ledger)
    assert (found.seq, "line 5" in found.problem) == (4, True)
    assert "signed by a key that is not known" in found.problem


def test_a_head_that_was_put_into_the_log_of_another_domain_is_named(ledger: Ledger, heads: SignedHeads) -> None:
    shutil.copy(log_of(heads), log_of(heads, OTHER))
    found = find(ledger, OTHER)
    assert [each.seq for each in found] == [1, 2, 3, 4]
    assert all("another domain" in each.problem for each in found)


@pytest.mark.parametrize("line", [b"", b"[]", b"{}", b"nonsense", b'{"seq": 1}', b"\xff\xfe"])
def test_a_line_that_is_none_of_ours_is_named_by_its_number(ledger: Ledger, heads: SignedHeads, line: bytes) -> None:
    log_of(heads).write_bytes(line + b"\n" + log_of(heads).read_bytes())
    (found,) = find(ledger)
    assert found.problem == "line 1 of the log of signed heads cannot be read"


@pytest.mark.parametrize("field", ["domain", "hash", "recorded_at", "key", "signature", "seq"])
@pytest.mark.parametrize("value", [None, 7.5, True, ["x"]])
def test_a_field_of_another_kind_is_named_and_stops_nothing(
    ledger: Ledger, heads: SignedHeads, field: str, value: object
) -> None:
    head = heads.read(DOMAIN)[0]
    assert head is not None
    line = json.dumps({**asdict(head), field: value}, sort_keys=True, separators=(",", ":"))
    log_of(heads).write_text(line + "\n")
    assert [each.problem for each in find(ledger)] == ["line 1 of the log of signed heads cannot be read"]


def test_a_lost_log_is_a_log_that_lags(ledger: Ledger, heads: SignedHeads) -> None:
    log_of(heads).unlink()
    assert (find(ledger), heads.read(DOMAIN), heads.domains()) == ([], [], [])


def test_the_log_of_a_domain_that_is_gone_still_shows_it(ledger: Ledger, heads: SignedHeads, tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").rename(tmp_path / "elsewhere.sqlite")
    emptied = open_signed(tmp_path)
    assert emptied.domains() == []
    assert heads.domains() == [DOMAIN]
    assert "ends at event 0" in find(emptied)[0].problem


def test_the_present_head_is_the_last_one_noted(ledger: Ledger, heads: SignedHeads) -> None:
    assert current_head(ledger, DOMAIN) == heads.read(DOMAIN)[-1]
    assert find_forgery(current_head(ledger, DOMAIN), DOMAIN, heads.keys.read_publics()) is None


def test_the_head_of_an_event_is_the_same_whenever_it_is_asked(ledger: Ledger) -> None:
    event = ledger.events(DOMAIN)[1]
    before = head_of(ledger, event)
    ledger.append(DOMAIN, Kind.FROZEN, {})
    assert head_of(ledger, event) == before
    assert (before.seq, before.hash) == (2, event.hash)


def test_there_is_no_head_of_nothing_and_none_without_a_key(ledger: Ledger, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="no event yet"):
        current_head(ledger, OTHER)
    with pytest.raises(LedgerError, match="opened without a key"):
        current_head(open_ledger(tmp_path), DOMAIN)


def test_nothing_is_recorded_where_nothing_could_be_signed(tmp_path: Path) -> None:
    keys = KeyRing(tmp_path / "nowhere.pem", tmp_path / "keys", is_made=False)
    ledger = replace(open_ledger(tmp_path), heads=SignedHeads(tmp_path / "heads", keys))
    with pytest.raises(LedgerError, match=r"nowhere\.pem is missing"):
        ledger.append(DOMAIN, Kind.FROZEN, {})
    assert ledger.events(DOMAIN) == []


def test_says_that_the_event_stands_where_its_head_cannot_be_noted(ledger: Ledger, heads: SignedHeads) -> None:
    log_of(heads, OTHER).mkdir()
    with pytest.raises(LedgerError, match="event 1 of other is recorded, but its head could not be noted"):
        ledger.append(OTHER, Kind.FROZEN, {})
    assert len(ledger.events(OTHER)) == 1


@pytest.mark.parametrize("name", ["../escape", "a/b", "..", "ü %", "."])
def test_no_name_of_a_domain_leads_out_of_the_folder(ledger: Ledger, heads: SignedHeads, name: str) -> None:
    domain = DomainName(name)
    ledger.append(domain, Kind.FROZEN, {})
    assert domain in heads.domains()
    assert find(ledger, domain) == []
    assert {path.parent for path in heads.folder.parent.rglob("*.jsonl")} == {heads.folder}


def test_many_writers_note_whole_lines(tmp_path: Path) -> None:
    def write(name: int) -> None:
        ledger = open_signed(tmp_path, clock=SystemClock())
        for _ in range(4):
            ledger.append(DOMAIN, Kind.DROP_LANDED, {"writer": name})

    threads = [threading.Thread(target=write, args=(name,)) for name in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger = open_signed(tmp_path)
    noted = build_heads(tmp_path).read(DOMAIN)
    assert sorted(head.seq for head in noted if head is not None) == list(range(1, 25))
    assert find(ledger) == []


def test_a_ledger_without_a_log_writes_none(tmp_path: Path) -> None:
    open_ledger(tmp_path).append(DOMAIN, Kind.FROZEN, {})
    assert sorted(path.name for path in tmp_path.iterdir() if path.is_dir()) == []


class Interrupted:
    """Stands for a process that is killed right after the commit."""

    def prepare(self) -> None:
        return None

    def note(self, _: object) -> None:
        raise KeyboardInterrupt


def test_what_was_committed_before_the_kill_is_recorded_and_the_log_lags(tmp_path: Path) -> None:
    killed = replace(open_signed(tmp_path), heads=Interrupted())
    with pytest.raises(KeyboardInterrupt):
        killed.append(DOMAIN, Kind.FROZEN, {})
    ledger = open_signed(tmp_path)
    events: list[Event] = ledger.events(DOMAIN)
    assert [event.seq for event in events] == [1]
    assert find(ledger) == []
    ledger.append(DOMAIN, Kind.UNFROZEN, {})
    assert find(ledger) == []
