"""How sure a probe is of what it read: exact intervals of shares, and the spread of a median. Never an approximation by Wald."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import betaincinv

CERTAINTY = 0.95
REPLICATES = 2_000


def bound_share(hits: int, count: int) -> tuple[float, float]:
    """Return the two-sided 95% interval of a share: Clopper and Pearson (1934), Biometrika 26, 404-413."""
    tail = (1 - CERTAINTY) / 2
    lower = float(betaincinv(hits, count - hits + 1, tail)) if hits else 0.0
    upper = float(betaincinv(hits + 1, count - hits, 1 - tail)) if hits < count else 1.0
    return lower, upper


def cap_share(hits: int, count: int) -> float:
    """Return the one-sided exact 95% upper bound of a share: 0 of 3,000 bounds it at .1%, the "rule of three"."""
    return float(betaincinv(hits + 1, count - hits, CERTAINTY)) if hits < count else 1.0


def spread_median(values: Sequence[float], size: int, seed: int) -> tuple[float, float]:
    """Return between which bounds the median of ``size`` values drawn from ``values`` lies 95% of the time.

    With ``size`` = ``len(values)`` it is the percentile bootstrap interval of their median (Efron and Tibshirani 1993, §13.3).
    """
    drawn = np.random.default_rng(seed).choice(np.asarray(values, dtype=np.float64), size=(REPLICATES, size))
    lower, upper = np.quantile(np.median(drawn, axis=1), [(1 - CERTAINTY) / 2, (1 + CERTAINTY) / 2])
    return float(lower), float(upper)
