"""Which split a family belongs to: a keyed hash, so that the answer needs no register, and never changes.

The one move that there is goes one way: when a generation of the holdout is worn out, its families retire, and none comes back.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from enum import StrEnum
from itertools import accumulate

from pipelines.domain.identities import FamilyId
from pipelines.domain.pins import Generation
from pipelines.keys import Key, read_key
from pipelines.split.params import Shares, SplitParams


class SplitName(StrEnum):
    """The parts of the families. Those of the holdout that were looked at too often are ``RETIRED`` and used for nothing."""

    TRAIN = "train"
    DEV = "dev"
    HOLDOUT = "holdout"
    ANCHOR = "anchor"
    RETIRED = "retired"


HASHED = (SplitName.TRAIN, SplitName.DEV, SplitName.HOLDOUT, SplitName.ANCHOR)
"""The parts that a hash can fall into; the order decides which range of it is whose, so it must not change."""


def place_family(params: SplitParams, family: FamilyId, first_arrival: int, generation: Generation) -> SplitName:
    """Return the split of ``family`` in a generation of the holdout that began after arrival ``generation.since``.

    ``first_arrival`` is the arrival that brought the family's first revision, whatever has replaced it since.
    """
    split = assign_family(params.key, family, params.shares)
    return SplitName.RETIRED if split is SplitName.HOLDOUT and first_arrival <= generation.since else split


def assign_family(key: Key, family: FamilyId, shares: Shares) -> SplitName:
    """Return the split of ``family``: it depends on the key, the family and the shares, and on nothing else.

    The first eight bytes of HMAC-SHA256(key, family), as a fraction of 2**64, fall into one of the ranges that the shares
    cut [0, 1) into.
    """
    mac = hmac.new(read_key(key), f"split\0{family}".encode(), hashlib.sha256).digest()
    fraction = int.from_bytes(mac[:8], "big") / 2**64
    sizes: Sequence[float] = [shares.train, shares.dev, shares.holdout, shares.anchor]
    for name, bound in zip(HASHED, accumulate(sizes), strict=True):
        if fraction < bound:
            return name
    return next(name for name, size in reversed(list(zip(HASHED, sizes, strict=True))) if size > 0)
