"""A private key is its owner's alone; what it signs is known as signed by it, to the last bit, and by nothing else."""

from __future__ import annotations

import base64
import stat
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from hypothesis import given
from hypothesis import strategies as st

from pipelines.domain.errors import ApprovalError
from pipelines.promote.keys import is_signed, make_key, read_key, show_public, sign

WORDS = b"what is signed"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "below" / "okafor.pem"
    make_key(path)
    return path


def test_a_key_is_written_for_its_owner_alone_and_read_again(tmp_path: Path) -> None:
    public = make_key(tmp_path / "okafor.pem")
    assert stat.S_IMODE((tmp_path / "okafor.pem").stat().st_mode) == 0o600
    assert show_public(read_key(tmp_path / "okafor.pem")) == public
    assert len(base64.b64decode(public)) == 32


def test_a_key_is_never_overwritten(tmp_path: Path) -> None:
    make_key(tmp_path / "okafor.pem")
    before = (tmp_path / "okafor.pem").read_bytes()
    with pytest.raises(ApprovalError, match="is there already"):
        make_key(tmp_path / "okafor.pem")
    assert (tmp_path / "okafor.pem").read_bytes() == before


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    make_key(tmp_path / "okafor.pem")
    (tmp_path / "okafor.pem").chmod(0o640)
    with pytest.raises(ApprovalError, match="may be read by others"):
        read_key(tmp_path / "okafor.pem")


def write_private(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def test_what_is_no_key_of_ours_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ApprovalError, match="cannot be read"):
        read_key(tmp_path / "missing.pem")
    with pytest.raises(ApprovalError, match="holds no private key"):
        read_key(write_private(tmp_path / "words.pem", b"these are only words"))
    other = Ed448PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(ApprovalError, match="another kind than Ed25519"):
        read_key(write_private(tmp_path / "other.pem", other))


def test_the_error_about_a_key_never_shows_it(tmp_path: Path) -> None:
    with pytest.raises(ApprovalError) as raised:
        read_key(write_private(tmp_path / "words.pem", b"my secret words"))
    assert "secret" not in str(raised.value)


@given(content=st.binary(max_size=200))
def test_a_signature_is_of_this_content_and_the_same_each_time(file: Path, content: bytes) -> None:
    private = read_key(file)
    signature = sign(private, content)
    assert signature == sign(private, content)
    assert is_signed(show_public(private), signature, content)
    assert not is_signed(show_public(private), signature, content + b"x")


@given(place=st.integers(0, 63), bit=st.integers(0, 7))
def test_one_flipped_bit_of_a_signature_is_found(file: Path, place: int, bit: int) -> None:
    private = read_key(file)
    raw = bytearray(base64.b64decode(sign(private, WORDS)))
    raw[place] ^= 1 << bit
    assert not is_signed(show_public(private), base64.b64encode(raw).decode(), WORDS)


def test_another_key_did_not_sign_it(file: Path, tmp_path: Path) -> None:
    other = make_key(tmp_path / "other.pem")
    assert not is_signed(other, sign(read_key(file), WORDS), WORDS)


@pytest.mark.parametrize("broken", ["", "%%%", "AAAA"])
def test_what_is_no_signature_or_no_key_signs_nothing(file: Path, broken: str) -> None:
    private = read_key(file)
    assert not is_signed(show_public(private), broken, WORDS)
    assert not is_signed(broken, sign(private, WORDS), WORDS)
