"""A key is made once, is readable by its owner alone, and never signs what the same place would then refuse to load."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from pipelines.domain.errors import SignatureError
from pipelines.promote.model_keys import PRIVATE_KEY, PUBLIC_KEY, ModelKeys, make_key, read_public
from pipelines.promote.verifying import split_keys
from tests.builders.models import build_key, build_keys, build_public


def test_a_key_is_made_on_first_use_and_kept(tmp_path: Path) -> None:
    keys = build_keys(tmp_path / "keys")
    assert keys.trusted_keys() is None
    path = keys.signing_key()
    content = path.read_bytes()
    assert path == tmp_path / "keys" / PRIVATE_KEY
    assert keys.trusted_keys() == (tmp_path / "keys" / PUBLIC_KEY).read_bytes() == read_public(path)
    assert keys.signing_key().read_bytes() == content


def test_nobody_else_may_read_the_private_key(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        path = build_keys(tmp_path / "keys").signing_key()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {one.name for one in path.parent.iterdir()} == {PRIVATE_KEY, PUBLIC_KEY}


def test_of_many_at_once_one_makes_the_key_and_all_find_it(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from pipelines.promote.model_keys import ModelKeys\n"
        "print(ModelKeys(folder=Path(sys.argv[1])).signing_key().read_text())"
    )
    command = [sys.executable, "-c", code, str(tmp_path / "keys")]
    started = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    said = {process.communicate()[0] for process in started}
    assert [process.returncode for process in started] == [0] * 6
    assert said == {(tmp_path / "keys" / PRIVATE_KEY).read_text() + "\n"}
    assert sorted(one.name for one in (tmp_path / "keys").iterdir()) == [PRIVATE_KEY, PUBLIC_KEY]


def test_a_maker_that_was_killed_halfway_is_finished_by_the_next(tmp_path: Path) -> None:
    make_key(tmp_path)
    (tmp_path / PUBLIC_KEY).unlink()
    (tmp_path / f".{PRIVATE_KEY}.{os.getpid()}").write_bytes(b"half a k")
    assert build_keys(tmp_path).signing_key().exists()
    assert (tmp_path / PUBLIC_KEY).read_bytes() == read_public(tmp_path / PRIVATE_KEY)


def test_a_key_that_was_moved_away_is_followed_by_another_and_stays_trusted(tmp_path: Path) -> None:
    keys = build_keys(tmp_path)
    old = read_public(keys.signing_key())
    (tmp_path / PRIVATE_KEY).unlink()
    new = read_public(keys.signing_key())
    assert new != old
    assert split_keys(keys.trusted_keys() or b"") == (old, new)


def test_a_named_key_wins_and_none_is_made_beside_it(tmp_path: Path) -> None:
    private = build_key(tmp_path / "elsewhere" / "team.pem")
    keys = ModelKeys(folder=tmp_path / "keys", private=private)
    assert keys.signing_key() == private
    assert keys.trusted_keys() == read_public(private)
    assert not (tmp_path / "keys").exists()


def test_a_named_public_key_wins_over_the_homes_own(tmp_path: Path) -> None:
    make_key(tmp_path / "keys")
    public = build_public(build_key(tmp_path / "team.pem"))
    assert ModelKeys(folder=tmp_path / "keys", public=public).trusted_keys() == public.read_bytes()


def test_never_signs_by_a_key_that_is_not_trusted_here(tmp_path: Path) -> None:
    private, other = build_key(tmp_path / "team.pem"), build_public(build_key(tmp_path / "other.pem"))
    for keys in (
        ModelKeys(folder=tmp_path / "keys", private=private, public=other),
        ModelKeys(folder=tmp_path / "keys", public=other),
    ):
        with pytest.raises(SignatureError, match=r"private half of no public key .* ADDENDUM_MODEL_PUBLIC_KEY"):
            keys.signing_key()


def test_a_key_may_be_changed_by_trusting_both_for_a_while(tmp_path: Path) -> None:
    old, new = build_key(tmp_path / "old.pem"), build_key(tmp_path / "new.pem")
    both = tmp_path / "both.pub"
    both.write_bytes(read_public(old) + b"\nthe old one above, the new one below\n" + read_public(new))
    keys = ModelKeys(folder=tmp_path / "keys", private=new, public=both)
    assert keys.signing_key() == new
    assert split_keys(both.read_bytes()) == (read_public(old), read_public(new))


def write_private(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_a_key_that_is_not_fit_is_refused_by_its_name(tmp_path: Path) -> None:
    private = Ed25519PrivateKey.generate()
    forms = {
        "ed25519.pem": private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        "locked.pem": private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")),
        "prose.pem": b"no key at all",
    }
    for name, content in forms.items():
        keys = ModelKeys(folder=tmp_path / "keys", private=write_private(tmp_path / name, content))
        with pytest.raises(SignatureError, match=name):
            keys.signing_key()


@pytest.mark.parametrize(("field", "variable"), [("private", "ADDENDUM_MODEL_KEY"), ("public", "ADDENDUM_MODEL_PUBLIC_KEY")])
def test_a_named_key_that_is_missing_is_refused_by_its_variable(tmp_path: Path, field: str, variable: str) -> None:
    fields = {field: tmp_path / "missing"}
    with pytest.raises(SignatureError, match=rf"missing cannot be read: let {variable}"):
        ModelKeys(folder=tmp_path / "keys", **fields).trusted_keys()
