"""Ids are digests of content, so that "the same" is an equality test and lineage needs no bookkeeping.

The canonical form of a value is its JSON with sorted keys, no spaces and UTF-8 (the subset of RFC 8785 that our values need:
strings, integers, booleans, null, lists and objects; floats only as Python's shortest round-trip form).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import NewType, TypeAlias, Union

DomainName = NewType("DomainName", str)
SourceName = NewType("SourceName", str)
DocumentId = NewType("DocumentId", str)
FamilyId = NewType("FamilyId", str)
Digest = NewType("Digest", str)
DropId = NewType("DropId", str)
RunId = NewType("RunId", str)

Json: TypeAlias = Union[str, int, float, bool, Sequence["Json"], Mapping[str, "Json"], None]


def encode_canonically(value: Json) -> bytes:
    """Return the one byte string that stands for ``value``; raises ``ValueError`` for NaN and infinities."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def digest_bytes(content: bytes) -> Digest:
    """Return the SHA-256 of ``content`` in lower-case hex (FIPS 180-4)."""
    return Digest(hashlib.sha256(content).hexdigest())


def digest_value(value: Json) -> Digest:
    """Return the digest of the canonical form of ``value``."""
    return digest_bytes(encode_canonically(value))


def digest_set(digests: Iterable[Digest]) -> Digest:
    """Return one digest for a set of digests, whatever their order and repetition."""
    return digest_value(sorted(set(digests)))


def shorten(digest: str) -> str:
    """Return the first twelve characters: enough for a person to tell two apart on a page."""
    return digest[:12]
