"""Equal models drawn from a plan and put through the gates: how often would this holdout let them all pass?

The draws fill their space evenly instead of at random: the same question has the same answer everywhere, and sixteen thousand
trials tell a probability to a thousandth.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.special import bdtr, ndtri

from pipelines.judge.contrasts import Contrast, Estimates, Flags, Pairs
from pipelines.judge.power import PlannedTest
from pipelines.judge.rulings import PASSED, rule_difference
from pipelines.judge.statistics import Floats

TRIALS = 16_384
SEED = 20_260_101


def pass_share(tests: Sequence[PlannedTest], rows: int, alpha: float) -> float:
    """Return the share of equal models that pass all ``tests`` at ``alpha`` on a holdout of ``rows``."""
    is_passed: Flags = np.ones(TRIALS, dtype=np.bool_)
    for test, contrast in zip(tests, draw_contrasts(tests, rows), strict=True):
        is_passed &= rule_difference(contrast, -test.margin, alpha) == PASSED
    return float(is_passed.mean())


def draw_contrasts(tests: Sequence[PlannedTest], rows: int) -> list[Contrast]:
    """Return each test's contrast of an equal model, of shape ``(TRIALS,)``; tests within another share its rows."""
    points = _spread(2 * len(tests))
    counts = [max(round(test.share * rows), 1) for test in tests]
    drawn = [
        _draw(test, _count_apart(place, tests, counts), points[2 * place], points[2 * place + 1])
        for place, test in enumerate(tests)
    ]
    whole = [
        sum((drawn[other] for other, one in enumerate(tests) if one.within == test.name), start=drawn[place])
        for place, test in enumerate(tests)
    ]
    return [_build_contrast(test, count, sums) for test, count, sums in zip(tests, counts, whole, strict=True)]


def _count_apart(place: int, tests: Sequence[PlannedTest], counts: Sequence[int]) -> int:
    """Count the rows of a test that no test within it has."""
    inner = sum(count for test, count in zip(tests, counts, strict=True) if test.within == tests[place].name)
    return max(counts[place] - inner, 0)


def _draw(test: PlannedTest, rows: int, first: Floats, second: Floats) -> Floats:
    """Return gains and losses on ``rows``, or the sum of differences and nothing, of shape ``(2, TRIALS)``."""
    if not test.is_proportion:
        return np.stack([ndtri(first) * np.sqrt(test.discordance * rows), np.zeros(TRIALS)])
    differing = _invert_binomial(first, rows, test.discordance)
    gains = _halve(second, differing)
    return np.stack([gains, differing - gains])


def _halve(levels: Floats, counts: Floats) -> Floats:
    """Return quantiles of binomials of one half; above a hundred a normal one is right to a thousandth of a probability."""
    gains: Floats = np.clip(np.rint(counts / 2 + ndtri(levels) * np.sqrt(counts) / 2), 0, counts)
    for count in np.unique(counts[counts <= 100]):
        is_there = counts == count
        gains[is_there] = _invert_binomial(levels[is_there], int(count), 0.5)
    return gains


def _build_contrast(test: PlannedTest, rows: int, sums: Floats) -> Contrast:
    if not test.is_proportion:
        error = np.full(TRIALS, np.sqrt(test.discordance / rows))
        return Estimates(estimate=sums[0] / rows, error=error, families=rows)
    return Pairs(gains=sums[0], losses=sums[1], rows=np.asarray(float(rows)), effect=np.asarray(1.0))


def _invert_binomial(levels: Floats, rows: int, share: float) -> Floats:
    """Return the binomial quantiles of ``levels``: the first count whose distribution function reaches each."""
    spread = int(12 * np.sqrt(rows * share)) + 40
    least = max(int(rows * share) - spread, 0)
    distribution = bdtr(np.arange(least, min(int(rows * share) + spread, rows) + 1.0), rows, share)
    found: Floats = least + np.searchsorted(distribution, levels).astype(np.float64)
    return found


def _spread(dimensions: int) -> Floats:
    """Return points of shape ``(dimensions, TRIALS)`` that fill the unit cube evenly: a Kronecker sequence, shifted once.

    Its steps are the powers of 1/φ, with φ the root of φ^(d+1) = φ + 1 (Roberts 2018, The Unreasonable Effectiveness of
    Quasirandom Sequences; Niederreiter 1992, Random Number Generation and Quasi-Monte Carlo Methods, §3.2).
    """
    root = 2.0
    for _ in range(60):
        root = (1 + root) ** (1 / (dimensions + 1))
    steps = root ** -np.arange(1.0, dimensions + 1)
    points: Floats = (np.outer(steps, np.arange(TRIALS)) + np.random.default_rng(SEED).random((dimensions, 1))) % 1
    return points
