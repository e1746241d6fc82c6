"""An approver's own key: made, written for its owner alone, read again, and what it signs (Ed25519, RFC 8032)."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.domain.errors import ApprovalError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

OWNER_ONLY = 0o600


def make_key(path: Path) -> str:
    """Write a new private key (PEM, PKCS 8) for its owner alone, and return the public one (raw, base64).

    Raises :class:`ApprovalError` where something is there already: a key that is overwritten can never sign again.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    private = Ed25519PrivateKey.generate()
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, OWNER_ONLY)
    except FileExistsError as error:
        raise ApprovalError(f"{path} is there already: choose another file with --out") from error
    with os.fdopen(handle, "wb") as stream:
        stream.write(private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return show_public(private)


def read_key(path: Path) -> Ed25519PrivateKey:
    """Return the private key in ``path``; raises :class:`ApprovalError` for another file, or one that others may read."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        content = path.read_bytes()
    except OSError as error:
        raise ApprovalError(f"{path} cannot be read: {error.strerror}: name your key's file with --key") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ApprovalError(f"{path} may be read by others (mode {mode:o}): `chmod 600` it, or make another if they did")
    try:
        private = load_pem_private_key(content, password=None)
    except (ValueError, TypeError) as error:
        raise ApprovalError(f"{path} holds no private key of ours: `addendum key new NAME` makes one") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise ApprovalError(f"{path} holds a key of another kind than Ed25519: `addendum key new NAME` makes one")
    return private


def show_public(private: Ed25519PrivateKey) -> str:
    """Return the public half (raw, base64), as ``params.yaml`` lists it."""
    return base64.b64encode(private.public_key().public_bytes_raw()).decode()


def sign(private: Ed25519PrivateKey, content: bytes) -> str:
    """Return the signature of ``content`` (base64); the same content always gives the same signature."""
    return base64.b64encode(private.sign(content)).decode()


def is_signed(public: str, signature: str, content: bytes) -> bool:
    """Tell whether ``signature`` is of ``content`` by the key whose public half (raw, base64) is ``public``."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        raw, signed = base64.b64decode(public, validate=True), base64.b64decode(signature, validate=True)
        Ed25519PublicKey.from_public_bytes(raw).verify(signed, content)
    except (InvalidSignature, ValueError):
        return False
    return True
