"""How much of a cycle's news one source may be: whoever writes to one source must not be able to write the whole lesson.

What is beyond the cap is not lost. It stays news, and is taught in a later cycle, the oldest first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence

from pipelines.domain.identities import SourceName
from pipelines.learners.rows import Row


def cap_sources(news: Sequence[Row], max_share: float) -> tuple[list[Row], Mapping[SourceName, int]]:
    """Return the news without what is beyond ``max_share`` of one source, and how many rows of each source wait.

    Of a source the rows that arrived first stay, as many as make it no more than ``max_share`` of all that stay. Where sources
    are too few for that each may be an equal part, so that a source alone is not capped. The order given is kept.
    """
    by_source: defaultdict[SourceName, list[Row]] = defaultdict(list)
    for row in sorted(news, key=lambda row: (row.ingest_seq, row.published_at, row.document.row_id)):
        by_source[row.source].append(row)
    quota = find_quota([len(rows) for rows in by_source.values()], max_share)
    kept = {row.document.row_id for rows in by_source.values() for row in rows[:quota]}
    deferred = {source: len(rows) - quota for source, rows in sorted(by_source.items()) if len(rows) > quota}
    return [row for row in news if row.document.row_id in kept], deferred


def find_quota(counts: Sequence[int], max_share: float) -> int:
    """Return the most rows that a source of ``counts`` may have so that none is more than ``max_share`` of what all then have.

    The share of the largest, t / sum of min(n, t), never falls as t grows, so halving finds the last t that keeps to the cap;
    at the smallest count all sources are equal, which always does.
    """
    if not counts:
        return 0
    share = max(max_share, 1 / len(counts))
    low, high = min(counts), max(counts)
    while low < high:
        middle = (low + high + 1) // 2
        if middle <= share * sum(min(count, middle) for count in counts) + 1e-9:
            low = middle
        else:
            high = middle - 1
    return low
