"""The key by which an installation signs the heads of its chains: Ed25519 (RFC 8032), private to its owner, public for anybody.

The private key is one file. Public keys lie in a folder, each named by its own digest, and are never removed by us: after a
change of the private key, what the one before has signed can still be checked.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.domain.errors import LedgerError
from pipelines.domain.identities import Digest, digest_bytes, shorten
from pipelines.files import write_bytes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed, as the digest of a public key, and 64 bytes in hex."""

    key: Digest
    signature: str


@dataclass(frozen=True, slots=True)
class KeyRing:
    """A private key, and the public keys that are known; ``is_made`` where the private one is made on first use."""

    private: Path
    publics: Path
    is_made: bool = True

    def sign(self, statement: bytes) -> Signature:
        """Sign ``statement``; the same key and statement give the same signature. Raises :class:`LedgerError` without a key."""
        key = self.load()
        return Signature(identify(key.public_key()), key.sign(statement).hex())

    def load(self) -> Ed25519PrivateKey:
        """Return the private key, made where it may be, and see that its public half lies beside the others."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        if self.is_made and not self.private.exists():
            _make(self.private)
        try:
            key = load_pem_private_key(self.private.read_bytes(), password=None)
        except FileNotFoundError as error:
            raise LedgerError(f"the ledger's key {self.private} is missing: set ADDENDUM_LEDGER_KEY to where it is") from error
        except (OSError, ValueError, TypeError) as error:
            raise LedgerError(f"the ledger's key {self.private} cannot be read ({type(error).__name__})") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise LedgerError(f"{self.private} is no Ed25519 key: make one by `openssl genpkey -algorithm ed25519`")
        self._publish(key.public_key())
        return key

    def read_publics(self) -> Mapping[Digest, Ed25519PublicKey]:
        """Return the public keys that are known, by their digest; raises :class:`LedgerError` for a file that is none."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
        from cryptography.hazmat.primitives.serialization import load_pem_public_key

        known = {}
        for path in sorted(self.publics.glob("ledger-*.pub")):
            try:
                key = load_pem_public_key(path.read_bytes())
            except ValueError as error:
                raise LedgerError(f"{path} is no public key: put it back from a backup, or take it away") from error
            if isinstance(key, Ed25519PublicKey):
                known[identify(key)] = key
        return known

    def _publish(self, key: Ed25519PublicKey) -> None:
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        path = self.publics / f"ledger-{shorten(identify(key))}.pub"
        if not path.exists():
            write_bytes(path, key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def identify(key: Ed25519PublicKey) -> Digest:
    """Return the digest of a public key's 32 bytes: its name wherever it has signed."""
    return digest_bytes(key.public_bytes_raw())


def is_signed(key: Ed25519PublicKey, signature: str, statement: bytes) -> bool:
    """Tell whether ``signature``, in lower-case hex, is the key's own on ``statement``."""
    from cryptography.exceptions import InvalidSignature

    try:
        content = bytes.fromhex(signature)
        key.verify(content, statement)
    except (InvalidSignature, ValueError):
        return False
    return content.hex() == signature


def _make(path: Path) -> None:
    """Write a new private key, readable by its owner alone; of many who do at once, one does and all use his."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    content = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".")  # made 0600
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.link(temporary, path)
    except FileExistsError:
        return
    finally:
        Path(temporary).unlink()
