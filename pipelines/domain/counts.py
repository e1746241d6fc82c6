"""Counts as every report has them: in the order of their names, so that the same rows give the same bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


def count_values(values: Iterable[str]) -> dict[str, int]:
    """Return how often each value occurs, ordered by value."""
    return dict(sorted(Counter(values).items()))
