"""Which split a family belongs to: a keyed hash, so that the answer needs no register, and never changes."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from enum import StrEnum
from itertools import accumulate

from pipelines.domain.identities import FamilyId
from pipelines.split.params import Shares


class SplitName(StrEnum):
    """The four parts of the families; the order decides which range of the hash is whose, so it must not change."""

    TRAIN = "train"
    DEV = "dev"
    HOLDOUT = "holdout"
    ANCHOR = "anchor"


def assign_family(key: str, family: FamilyId, shares: Shares) -> SplitName:
    """Return the split of ``family``: it depends on the key, the family and the shares, and on nothing else.

    The first eight bytes of HMAC-SHA256(key, family), as a fraction of 2**64, fall into one of the ranges that the shares
    cut [0, 1) into.
    """
    mac = hmac.new(key.encode(), f"split\0{family}".encode(), hashlib.sha256).digest()
    fraction = int.from_bytes(mac[:8], "big") / 2**64
    names = list(SplitName)
    sizes: Sequence[float] = [shares.train, shares.dev, shares.holdout, shares.anchor]
    for name, bound in zip(names, accumulate(sizes), strict=True):
        if fraction < bound:
            return name
    return next(name for name, size in reversed(list(zip(names, sizes, strict=True))) if size > 0)
