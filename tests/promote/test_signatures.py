"""One flipped byte, one file more or less, or another key, and a model does not load: by our reading and by OpenSSF's alike."""

from __future__ import annotations

import base64
import json
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from pipelines.domain.errors import SignatureError
from pipelines.files import digest_folder
from pipelines.promote.model_keys import PUBLIC_KEY, ModelKeys, read_public
from pipelines.promote.signatures import SIGNATURE, sign_model, verify_model
from pipelines.promote.verifying import check_signed, split_keys
from tests.builders.models import FILES, build_folder, build_key, build_keys, flip_byte

Tamper = Callable[[Path], object]


def ask_openssf(model: Path, signature: Path, key: bytes) -> None:
    """What the command line of OpenSSF says, as a stranger to Addendum would ask it."""
    (signature.parent / "asked.pub").write_bytes(key)
    command = [sys.executable, "-m", "model_signing", "verify", "key", str(model)]
    options = ["--signature", str(signature), "--public_key", str(signature.parent / "asked.pub")]
    done = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SignatureError(done.stderr)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> ModelKeys:
    return build_keys(tmp_path_factory.mktemp("keys"))


@pytest.fixture
def signed(tmp_path: Path, keys: ModelKeys) -> Path:
    sign_model(build_folder(tmp_path / "model"), tmp_path / "signature", keys)
    return tmp_path


def check(root: Path, keys: bytes | None = None) -> None:
    """Ask both."""
    key = keys or (root / "signature" / PUBLIC_KEY).read_bytes()
    verify_model(root / "model", root / "signature" / SIGNATURE, key)


def test_what_was_signed_is_let_through_and_is_as_it_was(signed: Path) -> None:
    before = digest_folder(build_folder(signed / "another"))
    check(signed)
    assert digest_folder(signed / "model") == before


def test_openssfs_own_command_line_agrees(signed: Path) -> None:
    key = (signed / "signature" / PUBLIC_KEY).read_bytes()
    ask_openssf(signed / "model", signed / "signature" / SIGNATURE, key)
    flip_byte(signed / "model" / "model.safetensors", -1)
    with pytest.raises(SignatureError, match=r"model\.safetensors"):
        ask_openssf(signed / "model", signed / "signature" / SIGNATURE, key)


def test_it_may_be_moved_and_renamed(signed: Path) -> None:
    shutil.move(signed / "model", signed / "elsewhere")
    verify_model(signed / "elsewhere", signed / "signature" / SIGNATURE, (signed / "signature" / PUBLIC_KEY).read_bytes())


@pytest.mark.parametrize("place", [0, -1], ids=["first", "last"])
@pytest.mark.parametrize("name", FILES)
def test_one_flipped_byte_of_any_file_is_refused_by_the_files_name(signed: Path, name: str, place: int) -> None:
    flip_byte(signed / "model" / name, place)
    with pytest.raises(SignatureError, match=rf"{name} is not as it was signed: .*addendum rollback"):
        check(signed)


@given(place=st.integers(min_value=0, max_value=len(FILES["model.safetensors"]) - 1), bit=st.integers(min_value=0, max_value=7))
def test_a_bit_flipped_anywhere_is_seen(flippable: tuple[Path, bytes], place: int, bit: int) -> None:
    root, key = flippable
    content = bytearray(FILES["model.safetensors"])
    content[place] ^= 1 << bit
    (root / "model" / "model.safetensors").write_bytes(bytes(content))
    with pytest.raises(SignatureError, match=r"model\.safetensors is not as it was signed"):
        check_signed(root / "model", root / "signature" / SIGNATURE, key)


@given(data=st.data())
def test_a_bit_flipped_in_the_signature_is_refused_or_means_nothing_and_never_a_crash(
    flippable: tuple[Path, bytes], data: st.DataObject
) -> None:
    """What is not signed (a list of log entries, say) may change; what is signed is then read as it was."""
    root, key = flippable
    build_folder(root / "model")
    content = bytearray((root / "signature" / SIGNATURE).read_bytes())
    content[data.draw(st.integers(min_value=0, max_value=len(content) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    (root / "altered.sig").write_bytes(bytes(content))
    with suppress(SignatureError):
        verify_model(root / "model", root / "altered.sig", key)
    flip_byte(root / "model" / "model.json")
    with pytest.raises(SignatureError):
        verify_model(root / "model", root / "altered.sig", key)


@pytest.fixture(scope="module")
def flippable(tmp_path_factory: pytest.TempPathFactory, keys: ModelKeys) -> tuple[Path, bytes]:
    root = tmp_path_factory.mktemp("flippable")
    sign_model(build_folder(root / "model"), root / "signature", keys)
    return root, (root / "signature" / PUBLIC_KEY).read_bytes()


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused_by_its_name(signed: Path, name: str) -> None:
    (signed / "model" / name).unlink()
    with pytest.raises(SignatureError, match=rf"{name} is missing"):
        check(signed)


@pytest.mark.parametrize("name", ["code.py", ".hidden", ".gitignore", ".gitattributes", "tokenizer/more.json", ".git/config"])
def test_an_added_file_is_refused_by_its_name_wherever_it_hides(signed: Path, name: str) -> None:
    (signed / "model" / name).parent.mkdir(exist_ok=True)
    (signed / "model" / name).write_bytes(b"")
    with pytest.raises(SignatureError, match=rf"{name} is not among the signed files"):
        check(signed)


def test_two_files_that_changed_places_are_refused(signed: Path) -> None:
    first, second = signed / "model" / "model.json", signed / "model" / "tokenizer" / "vocabulary.json"
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)
    with pytest.raises(SignatureError, match=r"model\.json \(and 1 more\) is not as it was signed"):
        check(signed)


def test_a_link_in_place_of_a_file_is_refused_though_it_leads_to_the_same_bytes(signed: Path) -> None:
    path = signed / "model" / "model.json"
    shutil.move(path, signed / "outside.json")
    path.symlink_to(signed / "outside.json")
    with pytest.raises(SignatureError, match=r"model\.json is a link"):
        check(signed)


def test_a_folder_with_a_link_is_not_signed(tmp_path: Path, keys: ModelKeys) -> None:
    (build_folder(tmp_path / "model") / "link").symlink_to(tmp_path)
    with pytest.raises(SignatureError, match="cannot be signed"):
        sign_model(tmp_path / "model", tmp_path / "signature", keys)


def test_a_signature_by_another_key_is_refused(signed: Path, tmp_path: Path) -> None:
    other = read_public(build_key(tmp_path / "other.pem"))
    with pytest.raises(
        SignatureError, match=r"model\.sig was not made by a key that is trusted here .*ADDENDUM_MODEL_PUBLIC_KEY"
    ):
        check(signed, other)


def test_who_replaces_model_and_signature_together_is_found_by_the_trusted_key(signed: Path, tmp_path: Path) -> None:
    trusted = (signed / "signature" / PUBLIC_KEY).read_bytes()
    flip_byte(signed / "model" / "model.safetensors")
    sign_model(signed / "model", signed / "signature", build_keys(tmp_path / "forger"))
    check(signed)
    with pytest.raises(SignatureError, match="was not made by a key that is trusted here"):
        check(signed, trusted)


def test_any_of_the_trusted_keys_will_do(signed: Path, tmp_path: Path) -> None:
    other, signer = read_public(build_key(tmp_path / "other.pem")), (signed / "signature" / PUBLIC_KEY).read_bytes()
    check(signed, other + signer)
    assert check_signed(signed / "model", signed / "signature" / SIGNATURE, other + signer) == split_keys(signer)[0]


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()], ids=lambda curve: curve.name)
def test_every_curve_that_openssf_signs_by_is_read(tmp_path: Path, curve: ec.EllipticCurve) -> None:
    keys = ModelKeys(folder=tmp_path, private=build_key(tmp_path / "team.pem", curve))
    sign_model(build_folder(tmp_path / "model"), tmp_path / "signature", keys)
    check(tmp_path)


def test_a_curve_that_openssf_does_not_sign_by_is_refused(signed: Path) -> None:
    other = read_public(build_key(signed / "other.pem", ec.SECP256K1()))
    with pytest.raises(SignatureError, match="not on the curve"):
        check(signed, other)


@pytest.mark.parametrize("content", [b"", b"a key", b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"])
def test_what_is_no_public_key_is_refused(signed: Path, content: bytes) -> None:
    with pytest.raises(SignatureError, match="ADDENDUM_MODEL_PUBLIC_KEY"):
        check_signed(signed / "model", signed / "signature" / SIGNATURE, content)


def test_an_unsigned_model_is_refused(signed: Path) -> None:
    key = (signed / "signature" / PUBLIC_KEY).read_bytes()
    (signed / "signature" / SIGNATURE).unlink()
    with pytest.raises(SignatureError, match=r"model\.sig is missing: an unsigned model is not loaded"):
        check(signed, key)


def rewrite_envelope(**fields: Any) -> Tamper:
    def tamper(signature: Path) -> None:
        bundle = json.loads(signature.read_bytes())
        bundle["dsseEnvelope"] |= fields
        signature.write_text(json.dumps(bundle))

    return tamper


def rewrite(signature: Path, before: str, after: str) -> None:
    signature.write_text(signature.read_text().replace(before, after))


def rewrite_payload(signature: Path) -> None:
    """Let the signature promise another digest, as whoever altered a file would like to."""
    envelope = json.loads(signature.read_bytes())["dsseEnvelope"]
    statement = json.loads(base64.b64decode(envelope["payload"]))
    statement["predicate"]["resources"][0]["digest"] = "0" * 64
    rewrite_envelope(payload=base64.b64encode(json.dumps(statement).encode()).decode())(signature)


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (rewrite_payload, "was not made by a key that is trusted"),
        (lambda path: rewrite(path, '"hint":"', '"hint":"0'), "was not made by a key"),
        (lambda path: rewrite(path, "bundle.v0.3", "bundle.v0.9"), "mediaType"),
        (rewrite_envelope(signatures=[{"sig": base64.b64encode(b"another").decode()}]), "was not made by a key"),
        (rewrite_envelope(signatures=[]), r"dsseEnvelope\.signatures"),
        (rewrite_envelope(payloadType="text/plain"), r"dsseEnvelope\.payloadType"),
        (rewrite_envelope(payload="§"), "not in base64"),
        (lambda path: path.write_text("{}"), "no OpenSSF model signature: mediaType"),
        (lambda path: path.write_text("not JSON"), "no OpenSSF model signature: content"),
        (lambda path: path.write_bytes(path.read_bytes()[:-40]), "no OpenSSF model signature"),
    ],
    ids=["payload", "hint", "kind", "signature", "no signature", "another type", "no base64", "empty", "not JSON", "cut"],
)
def test_an_altered_signature_is_refused_and_never_a_crash(signed: Path, tamper: Tamper, said: str) -> None:
    tamper(signed / "signature" / SIGNATURE)
    with pytest.raises(SignatureError, match=said):
        check(signed)


def test_signing_twice_says_the_same_of_the_same_files(signed: Path, keys: ModelKeys) -> None:
    """ECDSA signs with a fresh number each time; what is signed is the same."""
    sign_model(signed / "model", signed / "again", keys)
    payloads = {
        json.loads((signed / name / SIGNATURE).read_bytes())["dsseEnvelope"]["payload"] for name in ("signature", "again")
    }
    assert len(payloads) == 1


def test_neither_signing_nor_verifying_asks_the_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keys: ModelKeys) -> None:
    def refuse(*_arguments: object) -> None:
        raise AssertionError("a connection was opened")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    sign_model(build_folder(tmp_path / "model"), tmp_path / "signature", keys)
    check(tmp_path)


def test_the_command_line_helps_without_the_signing_library() -> None:
    code = (
        "import sys\nfrom typer.testing import CliRunner\nfrom flows.cli import app\n"
        "assert CliRunner().invoke(app, ['--help']).exit_code == 0\n"
        "sys.exit(','.join({'model_signing', 'sigstore', 'cryptography'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.strip()) == (0, "")
