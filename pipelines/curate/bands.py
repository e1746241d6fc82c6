"""Which texts are worth comparing, and which of those are nearly the same: bands of signatures, sorted, and every pair verified.

Two texts are candidates when their signatures agree wholly in at least one band. With 128 permutations in 16 bands of 8, a pair
of Jaccard similarity .85 is one with probability .994, one of .75 with .82 and one of .6 with .24 (1 - (1 - J**8)**16: Leskovec,
Rajaraman and Ullman, *Mining of Massive Datasets*, 3.4.2); the estimate from the whole signature, whose standard error is at
most .044, then decides. Without that verification a third of the pairs at .6 would be merged.

Whether two texts are nearly the same follows from their two signatures alone, so the pairs of a whole are the pairs within its
parts and those across them: that is what lets a later run look only at what is new.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.curate.signatures import Signatures

CHUNK = 65_536
"""Pairs compared at once: 64 MiB of signatures."""
WAITING = 1 << 22
"""Candidates that wait until they are compared, so that one found in several bands is compared once: 32 MiB."""
_OFFSET, _PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x9E3779B97F4A7C15)

Pairs = NDArray[np.int64]
"""Pairs × 2: positions on the left and on the right."""
Keys = NDArray[np.uint64]
Order = NDArray[np.uint32]


@dataclass(frozen=True, slots=True, eq=False)
class Bands:
    """Signatures by band: ``keys`` (bands × texts) in rising order within each band, ``order`` which text each of them is of."""

    keys: Keys
    order: Order


def band(signatures: Signatures, bands: int) -> Bands:
    """Return the bands of ``signatures`` (texts × permutations, a multiple of ``bands``).

    A key is 64 bits of its hashes. Two keys that are equal by chance make one more candidate, and no pair that is not verified.
    """
    cut = signatures.reshape(len(signatures), bands, signatures.shape[1] // bands)
    keys = np.full(cut.shape[:2], _OFFSET, dtype=np.uint64)
    for place in range(cut.shape[2]):
        keys ^= cut[:, :, place]
        keys *= _PRIME
        keys ^= keys >> np.uint64(32)
    by_band = np.ascontiguousarray(keys.T)
    # stable: of equal keys the earlier text comes first, so that a pair within has its smaller position on the left
    order = np.argsort(by_band, axis=1, kind="stable")
    return Bands(keys=np.take_along_axis(by_band, order, axis=1), order=order.astype(np.uint32))


def find_near_within(bands: Bands, signatures: Signatures, threshold: float) -> Pairs:
    """Return the sorted pairs (smaller position first) of texts that are candidates and agree in a share of ``threshold``."""
    candidates = (pair for keys, order in zip(bands.keys, bands.order, strict=True) for pair in _pair_within(keys, order))
    return _verify(candidates, signatures, signatures, threshold)


def find_near_across(
    left: Bands, left_signatures: Signatures, right: Bands, right_signatures: Signatures, threshold: float
) -> Pairs:
    """Return the sorted pairs of one text on the left and one on the right, as :func:`find_near_within` does."""
    both = zip(left.keys, left.order, right.keys, right.order, strict=True)
    return _verify((pair for one in both for pair in _pair_across(*one)), left_signatures, right_signatures, threshold)


def encode(pairs: Pairs) -> NDArray[np.int64]:
    """Return each pair as one number; numbers sort as pairs do."""
    return (pairs[:, 0] << 32) | pairs[:, 1]


def decode(codes: NDArray[np.int64]) -> Pairs:
    """Return the pairs that :func:`encode` made numbers of."""
    return np.column_stack([codes >> 32, codes & 0xFFFFFFFF])


def _pair_within(keys: Keys, order: Order) -> Iterator[Pairs]:
    """Pair each text with the next one of its key, then with the one after: so a huge run never lies in memory as pairs."""
    step = 1
    at = np.flatnonzero(keys[1:] == keys[:-1])
    while len(at):
        yield np.column_stack([order[at], order[at + step]]).astype(np.int64)
        step += 1
        at = at[at + step < len(keys)]
        at = at[keys[at] == keys[at + step]]


def _pair_across(keys: Keys, order: Order, others: Keys, other_order: Order) -> Iterator[Pairs]:
    at, end = (np.searchsorted(keys, others, side=side) for side in ("left", "right"))
    live = np.flatnonzero(at < end)
    while len(live):
        yield np.column_stack([order[at[live]], other_order[live]]).astype(np.int64)
        at[live] += 1
        live = live[at[live] < end[live]]


def _verify(candidates: Iterator[Pairs], left: Signatures, right: Signatures, threshold: float) -> Pairs:
    near: list[NDArray[np.int64]] = []
    waiting: list[NDArray[np.int64]] = []
    count = 0
    for pairs in candidates:
        waiting.append(encode(pairs))
        count += len(pairs)
        if count >= WAITING:
            near += _compare(waiting, left, right, threshold)
            waiting, count = [], 0
    near += _compare(waiting, left, right, threshold)
    return decode(np.unique(np.concatenate(near)) if near else np.empty(0, dtype=np.int64))


def _compare(
    waiting: list[NDArray[np.int64]], left: Signatures, right: Signatures, threshold: float
) -> Iterator[NDArray[np.int64]]:
    codes = np.unique(np.concatenate(waiting)) if waiting else np.empty(0, dtype=np.int64)
    for start in range(0, len(codes), CHUNK):
        chunk = codes[start : start + CHUNK]
        pairs = decode(chunk)
        agreement = (left[pairs[:, 0]] == right[pairs[:, 1]]).mean(axis=1)
        yield chunk[agreement >= threshold]
