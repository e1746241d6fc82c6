"""Families of which it is known to which split they belong."""

from __future__ import annotations

from itertools import count, islice

from pipelines.domain.identities import FamilyId
from pipelines.split.assignments import assign_family
from pipelines.split.params import SplitParams

PARAMS = SplitParams(key="tests")


def find_family(split: str, number: int = 0) -> FamilyId:
    """Return the ``number``-th family that ``PARAMS`` assign to ``split``."""
    families = (FamilyId(f"family {n}") for n in count())
    return next(islice((f for f in families if assign_family(PARAMS.key, f, PARAMS.shares) == split), number, None))
