"""Who may approve: a name and the public half of a key, as ``params.yaml`` lists them.

Prefect's open server has no users, so a name alone proves nothing. A key does, as far as its owner keeps it to himself.
"""

from __future__ import annotations

import base64
import binascii
import unicodedata
from collections.abc import Sequence

from pydantic import BaseModel, ConfigDict, Field, field_validator

from pipelines.domain.identities import digest_bytes

RAW_KEY_BYTES = 32
"""An Ed25519 public key (RFC 8032, section 5.1.5)."""


class Approver(BaseModel):
    """A person who may approve, and the Ed25519 public key (raw, base64) that the person's signature is checked with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1)
    key: str

    @field_validator("key")
    @classmethod
    def _check_key(cls, key: str) -> str:
        try:
            raw = base64.b64decode(key, validate=True)
        except binascii.Error as error:
            raise ValueError("a key is the base64 that `addendum key new` prints") from error
        if len(raw) != RAW_KEY_BYTES:
            raise ValueError(f"a key has {RAW_KEY_BYTES} bytes, this one {len(raw)}: `addendum key new` prints one")
        return key


def identify_key(key: str) -> str:
    """Return the short name of a public key (raw, base64): the first sixteen hex digits of its SHA-256."""
    return digest_bytes(base64.b64decode(key))[:16]


def is_same_person(one: str, other: str) -> bool:
    """Tell whether two names are one, whatever their case, spacing and Unicode form (NFKC, UAX 15)."""
    return _fold(one) == _fold(other)


def find_approver(approvers: Sequence[Approver], name: str) -> Approver | None:
    """Return the listed approver of that name."""
    return next((approver for approver in approvers if is_same_person(approver.name, name)), None)


def find_repeated(approvers: Sequence[Approver]) -> str | None:
    """Return the name of an approver who is listed twice, or shares a key with another: neither would tell who it was."""
    for number, approver in enumerate(approvers):
        before = approvers[:number]
        if find_approver(before, approver.name) or any(earlier.key == approver.key for earlier in before):
            return approver.name
    return None


def _fold(name: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", name).casefold().split())
