"""The key that models are signed with, and the public half by which they are trusted when they are loaded.

By default both lie in the home, made on first use. Whoever wants to know *who* registered a model keeps the private key where
registering happens and gives every place that loads models the public one.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.domain.errors import SignatureError
from pipelines.files import write_bytes
from pipelines.promote.verifying import split_keys

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

PRIVATE_KEY = "model.pem"
PUBLIC_KEY = "model.pub"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelKeys:
    """Where keys are kept (``folder``), and those that the environment names instead."""

    folder: Path
    private: Path | None = None
    public: Path | None = None

    def signing_key(self) -> Path:
        """Return the file of the private key (PEM), made for P-256 and readable by its owner alone when there is none yet.

        Raises :class:`SignatureError` for a named key that is missing, or whose public half is not trusted here.
        """
        if self.private is None:
            make_key(self.folder)
        path = self.private or self.folder / PRIVATE_KEY
        if read_public(path) not in split_keys(self.trusted_keys() or b""):
            problem = f"{path} is the private half of no public key that models are trusted by here"
            raise SignatureError(f"{problem}: let ADDENDUM_MODEL_KEY and ADDENDUM_MODEL_PUBLIC_KEY name two halves of one key")
        return path

    def trusted_keys(self) -> bytes | None:
        """Return the public keys (PEM) by which models are trusted here; ``None`` before any was made or named."""
        if self.public is not None:
            return _read(self.public, "ADDENDUM_MODEL_PUBLIC_KEY")
        if self.private is not None:
            return read_public(self.private)
        made = self.folder / PUBLIC_KEY
        return _read(made, "ADDENDUM_MODEL_PUBLIC_KEY") if made.exists() else None


def make_key(folder: Path) -> None:
    """Make a P-256 key in ``folder``, once: of several processes at the same moment one makes it and the others find it."""
    if not (folder / PRIVATE_KEY).exists():
        from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        content = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _create_private(folder / PRIVATE_KEY, content)
    public = read_public(folder / PRIVATE_KEY)
    known = (folder / PUBLIC_KEY).read_bytes() if (folder / PUBLIC_KEY).exists() else b""
    if not known or public not in split_keys(known):
        # what an earlier key of this home has signed stays trusted
        write_bytes(folder / PUBLIC_KEY, known + public)


def _create_private(path: Path, content: bytes) -> None:
    """Write a whole file or none, readable by nobody else at any moment; leave one that is there already."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
    try:
        os.link(temporary, path)
    except FileExistsError:
        return
    finally:
        temporary.unlink()


def read_public(private: Path) -> bytes:
    """Return the public half (PEM) of the private key in a file; raises :class:`SignatureError` for anything else."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    public = _load_private(private).public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _load_private(path: Path) -> EllipticCurvePrivateKey:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(_read(path, "ADDENDUM_MODEL_KEY"), password=None)
    except (ValueError, TypeError) as error:
        raise SignatureError(f"{path} is no private key in PEM without a password: name one in ADDENDUM_MODEL_KEY") from error
    if not isinstance(key, EllipticCurvePrivateKey):
        raise SignatureError(f"{path} is no elliptic-curve key: models are signed by one on P-256, P-384 or P-521")
    return key


def _read(path: Path, variable: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SignatureError(f"{path} cannot be read: let {variable} name a key in PEM, or leave it unset") from error
