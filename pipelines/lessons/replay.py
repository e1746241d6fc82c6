"""Which of the rows that the champion has seen are shown again.

Continued training on news alone forgets; replaying a share of the past keeps it (https://arxiv.org/abs/2403.08763). The sample
is stratified by label and time, so that a rare class and an old year are still there, and it depends on nothing but the seed and
the rows' own digests: not on their order, and not on the machine.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence

from pipelines.domain.identities import digest_value
from pipelines.learners.rows import Row
from pipelines.lessons.params import ReplayParams

PERIODS = 4
"""History is cut into so many periods of equally many rows."""


def count_replayed(news: int, history: int, params: ReplayParams) -> int:
    """Return how many rows of history belong to ``news`` rows; all of them where nothing is new."""
    if news == 0:
        return history
    wanted = math.ceil(params.share / (1 - params.share) * news)
    return min(history, max(wanted, params.minimum))


def sample_history(history: Sequence[Row], count: int, seed: int) -> list[Row]:
    """Return ``count`` rows, each stratum in proportion to its size, ordered by digest."""
    strata = _stratify(history)
    shares = share_out([len(strata[key]) for key in sorted(strata)], count)
    chosen: list[Row] = []
    for key, share in zip(sorted(strata), shares, strict=True):
        drawn = sorted(strata[key], key=lambda row: digest_value([seed, row.document.row_id]))
        chosen.extend(drawn[:share])
    return sorted(chosen, key=lambda row: row.document.row_id)


def share_out(sizes: Sequence[int], count: int) -> list[int]:
    """Share ``count`` out in proportion to ``sizes``, none more than its size, by largest remainder (of equals the smaller)."""
    total = sum(sizes)
    if total == 0:
        return [0] * len(sizes)
    count = min(count, total)
    shares = [size * count // total for size in sizes]
    remainders = sorted(range(len(sizes)), key=lambda place: (-(sizes[place] * count % total), sizes[place], place))
    for place in remainders[: count - sum(shares)]:
        shares[place] += 1
    return shares


def _stratify(history: Sequence[Row]) -> dict[tuple[str, int], list[Row]]:
    strata: defaultdict[tuple[str, int], list[Row]] = defaultdict(list)
    by_time = sorted(history, key=lambda row: (row.published_at, row.document.row_id))
    for rank, row in enumerate(by_time):
        strata[row.document.label, rank * PERIODS // len(by_time)].append(row)
    return dict(strata)
