"""Families of which it is known to which split they belong."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count, islice

from pipelines.domain.identities import Digest, FamilyId
from pipelines.domain.pins import FIRST_GENERATION, Generation
from pipelines.domain.revisions import Entry
from pipelines.split.assignments import assign_family
from pipelines.split.params import SplitParams
from pipelines.split.separation import Age, Separation, separate

PARAMS = SplitParams(key="tests")


def find_family(split: str, number: int = 0) -> FamilyId:
    """Return the ``number``-th family that ``PARAMS`` assign to ``split``."""
    families = (FamilyId(f"family {n}") for n in count())
    return next(islice((f for f in families if assign_family(PARAMS.key, f, PARAMS.shares) == split), number, None))


def separate_all(entries: Sequence[Entry], clusters: Sequence[Digest], generation: Generation = FIRST_GENERATION) -> Separation:
    """Separate rows of which each family's first one is there."""
    first: dict[FamilyId, int] = {}
    for entry in entries:
        family = entry.revision.family_id
        first[family] = min(entry.ingest_seq, first.get(family, entry.ingest_seq))
    return separate(entries, clusters, PARAMS, Age(generation=generation, first_arrivals=first))
