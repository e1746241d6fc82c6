"""Whoever holds the private key can sign, nobody else, and anybody can check."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.domain.errors import LedgerError
from pipelines.ledger.keys import KeyRing, is_signed


@pytest.fixture
def ring(tmp_path: Path) -> KeyRing:
    return KeyRing(tmp_path / "keys" / "ledger.pem", tmp_path / "keys")


def test_the_key_is_made_on_first_use_and_stays(ring: KeyRing) -> None:
    first = ring.sign(b"x")
    assert ring.sign(b"x") == first
    assert list(ring.read_publics()) == [first.key]


def test_only_its_owner_can_read_the_private_key(ring: KeyRing) -> None:
    ring.load()
    assert stat.S_IMODE(ring.private.stat().st_mode) == 0o600
    assert stat.S_IMODE(ring.private.parent.stat().st_mode) == 0o700
    assert sorted(path.suffix for path in ring.private.parent.iterdir()) == [".pem", ".pub"]


def test_no_private_key_stands_in_a_public_file(ring: KeyRing) -> None:
    ring.load()
    (public,) = ring.publics.glob("*.pub")
    assert "PRIVATE" not in public.read_text()
    assert "PUBLIC KEY" in public.read_text()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(statement=st.binary(max_size=50), position=st.integers(0, 511))
def test_one_flipped_bit_of_statement_or_signature_is_noticed(ring: KeyRing, statement: bytes, position: int) -> None:
    signed = ring.sign(statement)
    key = ring.read_publics()[signed.key]
    flipped = bytearray.fromhex(signed.signature)
    flipped[position // 8] ^= 1 << position % 8
    assert is_signed(key, signed.signature, statement)
    assert not is_signed(key, flipped.hex(), statement)
    assert not is_signed(key, signed.signature, statement + b"\0")


@pytest.mark.parametrize("signature", ["", "zz", "00", "0" * 128])
def test_what_is_no_signature_signs_nothing(ring: KeyRing, signature: str) -> None:
    signed = ring.sign(b"x")
    assert not is_signed(ring.read_publics()[signed.key], signature, b"x")


def test_a_signature_is_written_in_one_way(ring: KeyRing) -> None:
    signed = ring.sign(b"x")
    key = ring.read_publics()[signed.key]
    assert not is_signed(key, signed.signature.upper(), b"x")
    assert not is_signed(key, f"{signed.signature[:2]} {signed.signature[2:]}", b"x")


def test_what_an_earlier_key_signed_can_be_checked_after_a_change(ring: KeyRing) -> None:
    before = ring.sign(b"x")
    ring.private.unlink()
    after = ring.sign(b"x")
    publics = ring.read_publics()
    assert set(publics) == {before.key, after.key}
    assert is_signed(publics[before.key], before.signature, b"x")
    assert not is_signed(publics[after.key], before.signature, b"x")


def test_many_who_make_the_key_at_once_make_one(ring: KeyRing) -> None:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(ring.sign(b"x").key)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert list(ring.read_publics()) == [found[0]]


def test_a_key_that_was_named_is_never_made(tmp_path: Path) -> None:
    ring = KeyRing(tmp_path / "mounted" / "key.pem", tmp_path / "keys", is_made=False)
    with pytest.raises(LedgerError, match=r"key\.pem is missing: set ADDENDUM_LEDGER_KEY"):
        ring.sign(b"x")
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_was_named_may_lie_where_nobody_can_write(tmp_path: Path) -> None:
    KeyRing(tmp_path / "mounted" / "key.pem", tmp_path / "elsewhere").load()
    (tmp_path / "mounted").chmod(0o500)
    ring = KeyRing(tmp_path / "mounted" / "key.pem", tmp_path / "keys", is_made=False)
    assert list(ring.read_publics()) == []
    assert ring.sign(b"x").key in ring.read_publics()


def test_refuses_a_key_of_another_kind_and_never_quotes_it(ring: KeyRing) -> None:
    ring.private.parent.mkdir()
    other = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    for content, problem in ((other, "no Ed25519 key"), (b"secret words", "cannot be read")):
        ring.private.write_bytes(content)
        with pytest.raises(LedgerError, match=problem) as caught:
            ring.load()
        assert "secret words" not in str(caught.value)


def test_names_a_public_key_that_was_spoiled(ring: KeyRing) -> None:
    ring.load()
    (ring.publics / "ledger-000000000000.pub").write_text("not a key")
    with pytest.raises(LedgerError, match=r"ledger-000000000000\.pub is no public key"):
        ring.read_publics()
