"""Sets of digests of any size, kept so that one digest is looked up without reading the rest, and what is read is checked.

Two pieces of evidence make a set. The *body* is the digests as 32 raw bytes each, in order, so that those with the same first
byte are one piece of it. The *index* says how many digests each of these 256 pieces has, and the SHA-256 of the piece: a hash
tree of two levels (Merkle, *A Digital Signature Based on a Conventional Encryption Function*, 1987). Whoever trusts the index, by
its own digest in the ledger, trusts every answer, and reads 1/256 of the body for it.
"""

from __future__ import annotations

import hashlib
import re
import struct
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import accumulate

from pipelines.domain.errors import LedgerError
from pipelines.domain.identities import Digest, shorten
from pipelines.ledger.evidence import EvidenceStore

WIDTH = 32
PIECES = 256
MAGIC = b"digests1"
_PIECE = struct.Struct(">I32s")
_FORM = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PackedSet:
    """A set as the two files that are kept of it."""

    index: bytes
    body: bytes


def pack_digests(digests: Iterable[str]) -> PackedSet:
    """Return the set of the digests among the texts (64 hexadecimal digits); the same set gives the same bytes."""
    raw = sorted({bytes.fromhex(digest) for digest in digests if _FORM.fullmatch(digest)})
    pieces: list[list[bytes]] = [[] for _ in range(PIECES)]
    for one in raw:
        pieces[one[0]].append(one)
    bodies = [b"".join(piece) for piece in pieces]
    listed = (_PIECE.pack(len(body) // WIDTH, hashlib.sha256(body).digest()) for body in bodies)
    return PackedSet(index=MAGIC + b"".join(listed), body=b"".join(bodies))


def holds_any(store: EvidenceStore, index: Digest, body: Digest, digests: Iterable[Digest]) -> bool:
    """Tell whether one of ``digests`` is in the set whose two files are kept under ``index`` and ``body``.

    Raises:
        LedgerError: where a file is missing, or what was read of it is altered.
    """
    listed = _read_index(store.get(index), index)
    starts = [0, *accumulate(count for count, _ in listed)]
    return any(_holds(store, body, starts[raw[0]], listed[raw[0]], raw) for raw in map(bytes.fromhex, digests))


def _read_index(content: bytes, index: Digest) -> Sequence[tuple[int, bytes]]:
    if not content.startswith(MAGIC) or len(content) != len(MAGIC) + PIECES * _PIECE.size:
        raise LedgerError(f"the evidence {shorten(index)} is no index of digests: it was kept by another version")
    return list(_PIECE.iter_unpack(content[len(MAGIC) :]))


def _holds(store: EvidenceStore, body: Digest, start: int, listed: tuple[int, bytes], raw: bytes) -> bool:
    count, expected = listed
    piece = store.read_piece(body, start * WIDTH, count * WIDTH)
    if hashlib.sha256(piece).digest() != expected:
        raise LedgerError(f"the evidence {shorten(body)} is altered: `addendum verify` names the events that stand on it")
    place = bisect_left(range(count), raw, key=lambda at: piece[at * WIDTH : (at + 1) * WIDTH])
    return piece[place * WIDTH : (place + 1) * WIDTH] == raw
