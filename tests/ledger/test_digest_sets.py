"""A set of digests answers as a set does, reads little, and never answers from what was altered."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Collection
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.domain.errors import LedgerError
from pipelines.domain.identities import Digest, digest_value
from pipelines.ledger.digest_sets import MAGIC, PIECES, WIDTH, holds_any, pack_digests
from pipelines.ledger.evidence import EvidenceStore

BUSY = settings(deadline=None, max_examples=40)
# few first bytes, so that pieces hold several digests, and neighbours that differ in the last byte alone
DIGESTS = st.builds(
    lambda first, middle, last: Digest(f"{first:02x}" + f"{middle:02x}" * 30 + f"{last:02x}"),
    st.sampled_from([0, 1, 127, 255]),
    st.integers(0, 255),
    st.integers(0, 255),
)


def number(count: int) -> list[Digest]:
    return [digest_value(each) for each in range(count)]


def keep(folder: Path, digests: Collection[str]) -> tuple[EvidenceStore, Digest, Digest]:
    store, packed = EvidenceStore(folder), pack_digests(digests)
    return store, store.put(packed.index), store.put(packed.body)


def spoil(store: EvidenceStore, digest: Digest, place: int) -> None:
    path = store._path(digest)
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.chmod(0o644)
    path.write_bytes(content)


@BUSY
@given(held=st.sets(DIGESTS, max_size=40), asked=st.sets(DIGESTS, min_size=1, max_size=5))
def test_answers_as_a_set_does(held: set[Digest], asked: set[Digest]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        kept = keep(Path(folder), held)
        assert holds_any(*kept, asked) is bool(held & asked)
        assert all(holds_any(*kept, [one]) for one in held)


@BUSY
@given(held=st.lists(DIGESTS, max_size=20), order=st.randoms(use_true_random=False))
def test_order_and_repetition_leave_the_same_bytes(held: list[Digest], order: object) -> None:
    shuffled = [*held, *held[:3]]
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert pack_digests(shuffled) == pack_digests(held)


def test_an_empty_set_holds_nothing(tmp_path: Path) -> None:
    store, index, body = keep(tmp_path, [])
    assert not holds_any(store, index, body, number(3))
    assert not holds_any(*keep(tmp_path, number(3)), [])


def test_what_is_no_digest_is_left_out() -> None:
    assert pack_digests([*number(2), "general text 1", "AB" * 32, "ab"]) == pack_digests(number(2))


def test_reads_one_piece_of_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store, index, body = keep(tmp_path, number(20_000))
    read: list[int] = []
    honest = EvidenceStore.read_piece

    def count(self: EvidenceStore, digest: Digest, start: int, size: int) -> bytes:
        read.append(size)
        return honest(self, digest, start, size)

    monkeypatch.setattr(EvidenceStore, "read_piece", count)
    assert holds_any(store, index, body, [digest_value(19_999)])
    assert len(read) == 1
    assert read[0] < 2 * 20_000 * WIDTH / PIECES


@pytest.mark.parametrize("place", [0, WIDTH - 1, -1])
def test_never_answers_from_a_piece_that_was_altered(tmp_path: Path, place: int) -> None:
    digests = sorted(number(500))
    store, index, body = keep(tmp_path, digests)
    spoil(store, body, place)
    (asked,) = [digests[-1]] if place == -1 else [digests[0]]
    with pytest.raises(LedgerError, match="altered"):
        holds_any(store, index, body, [asked])


def test_never_answers_from_an_index_that_was_altered(tmp_path: Path) -> None:
    store, index, body = keep(tmp_path, number(50))
    spoil(store, index, len(MAGIC) + 5)
    with pytest.raises(LedgerError, match="altered"):
        holds_any(store, index, body, number(1))


def test_a_body_that_was_cut_short_is_altered(tmp_path: Path) -> None:
    store, index, body = keep(tmp_path, number(50))
    path = store._path(body)
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-WIDTH])
    with pytest.raises(LedgerError, match="altered"):
        holds_any(store, index, body, [max(number(50))])


def test_a_body_that_is_gone_is_missing(tmp_path: Path) -> None:
    store, index, body = keep(tmp_path, number(50))
    store.erase(body)
    with pytest.raises(LedgerError, match="missing"):
        holds_any(store, index, body, number(1))


def test_refuses_a_file_that_is_no_index(tmp_path: Path) -> None:
    store, _, body = keep(tmp_path, number(5))
    other = store.put(b"something else")
    with pytest.raises(LedgerError, match="no index of digests"):
        holds_any(store, other, body, number(1))


def test_the_form_is_as_it_is_described() -> None:
    """Anybody can read it with a hash function and this page alone."""
    digests = sorted(number(300))
    packed = pack_digests(digests)
    assert packed.body == b"".join(bytes.fromhex(digest) for digest in digests)
    first = [bytes.fromhex(digest) for digest in digests if digest.startswith("00")]
    listed = packed.index[len(MAGIC) : len(MAGIC) + 36]
    assert listed == len(first).to_bytes(4, "big") + hashlib.sha256(b"".join(first)).digest()
