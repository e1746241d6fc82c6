"""Labels that contradict their texts: some always do, and a source that suddenly has many more of them is being flipped.

Which contradictions count is set by the source's own newer history: those as strong as only ``usual`` of its rows show. So a
source whose labels can be told from the text is held to small doubts, and one whose labels cannot to none but the gravest.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_checks.findings import DropFailure, RowFailure
from pipelines.admit.opinions import Opinion, Opinions
from pipelines.admit.params import Flips

CONTRADICTED = "labels contradict texts no more than usual"

FEWEST = 200
"""Rows of a source's newer history that tell what is usual for it; with fewer all sources together do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """How many rows of one source contradict their texts, of how many, and the share that is still no sign of anything."""

    contradicting: int
    rows: int
    allowed: float
    digests: tuple[str, ...]

    def is_unusual(self, params: Flips) -> bool:
        """Tell whether chance would hardly bring so many: P(X >= k) under ``level`` for X ~ Bin(n, allowed), exactly."""
        from scipy.stats import binom

        return self.rows >= params.least and bool(binom.sf(self.contradicting - 1, self.rows, self.allowed) < params.level)


def find_flips(opinion: Opinion, params: Flips) -> tuple[tuple[RowFailure, ...], tuple[DropFailure, ...]]:
    """Return the contradicting rows of each source that has unusually many, and whether that is too many for the drop as such."""
    counts = [count for count in _count_by_source(opinion, params) if count.is_unusual(params)]
    rows = tuple(
        RowFailure(row_id=digest, expectation=CONTRADICTED, observed=f"among {_tell(count)}, up to {count.allowed:.1%} are usual")
        for count in counts
        for digest in count.digests
    )
    drops = tuple(
        DropFailure(
            expectation=CONTRADICTED,
            observed=_tell(count),
            limit=f"at most {params.max_share:.0%}, and up to {count.allowed:.1%} are usual",
        )
        for count in counts
        if count.contradicting > params.max_share * count.rows
    )
    return rows, drops


def _count_by_source(opinion: Opinion, params: Flips) -> Iterator[Count]:
    known, drop = opinion.known, opinion.drop
    usual, found = known.contradictions, drop.contradictions
    for source in sorted({claim.source for claim in drop.claims}):
        own = _of(known, source)
        reference = usual[own] if own.sum() >= FEWEST else usual
        limit = max(float(np.quantile(reference, 1 - params.usual)), float(np.log(params.odds)))
        share = (int((reference > limit).sum()) + 1) / (len(reference) + 2)
        rows = np.flatnonzero(_of(drop, source))
        contradicting = rows[found[rows] > limit]
        yield Count(
            contradicting=len(contradicting),
            rows=len(rows),
            allowed=min(params.drift * share, 1.0),
            digests=tuple(drop.claims[row].digest for row in contradicting),
        )


def _of(opinions: Opinions, source: str) -> NDArray[np.bool_]:
    return np.array([claim.source == source for claim in opinions.claims], dtype=np.bool_)


def _tell(count: Count) -> str:
    return f"{count.contradicting} of {count.rows} rows of the source ({count.contradicting / count.rows:.1%})"
