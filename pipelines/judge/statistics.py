"""The tests that the gates stand on, each with its source. All take a batch axis, so that a lifetime can be simulated.

Everything is one-sided: a gate asks whether a difference is *above* something, at a level that only the look sets. Rows of one
family (a docket, a CFR section) are not independent of each other, and every test here allows for that.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri, stdtr, stdtrit

Floats = npt.NDArray[np.float64]
Level = Floats | float
"""A one-sided level: one for the whole batch, or one a member of it."""

Statistic = Callable[[Floats], Floats]
"""From sums ``(..., K)`` to a value ``(...)``; more is better."""

REPLICATES = 2_000
CHUNK = 250
FEW_FAMILIES = 10
"""Below this many families their number is no ground for estimating how alike the rows of one are: the worst is assumed."""


def bound_difference(gains: Floats, losses: Floats, rows: Floats, alpha: Level) -> Floats:
    """Return the lower (1 - ``alpha``) score bound of a difference of paired proportions, of any batch shape.

    ``gains`` are rows that only the first gets right, ``losses`` rows that only the second does. Tango (1998), Statistics in
    Medicine 17, 891-908: the bound is the Δ at which (b - c - nΔ) / √(n(2q + Δ(1 - Δ))) = z, with q the probability of a loss
    estimated under that Δ: q = (√(B² - 4AC) - B) / 2A, A = 2n, B = (2n - b + c)Δ - b - c, C = -cΔ(1 - Δ). Found by bisection,
    since the statistic falls with Δ. Unlike Wald's interval it holds its level with few discordant rows, and with none.
    """
    gains, losses, rows = np.broadcast_arrays(*(np.asarray(part, dtype=np.float64) for part in (gains, losses, rows)))
    estimate = (gains - losses) / rows
    low, high = np.full(estimate.shape, -1.0), estimate.copy()
    z = -ndtri(alpha)
    for _ in range(60):
        middle = (low + high) / 2
        is_below = score_difference(gains, losses, rows, middle) > z
        low, high = np.where(is_below, middle, low), np.where(is_below, high, middle)
    return low


def score_difference(gains: Floats, losses: Floats, rows: Floats, delta: Floats | float) -> Floats:
    """Return Tango's score statistic of paired proportions against a true difference of ``delta``.

    At ``delta`` = 0 it is McNemar's (b - c) / √(b + c); 0 where there is nothing to tell the two apart.
    """
    linear = (2 * rows - gains + losses) * delta - gains - losses
    constant = -losses * delta * (1 - delta)
    loss_rate = (np.sqrt(np.maximum(linear**2 - 8 * rows * constant, 0)) - linear) / (4 * rows)
    variance = np.maximum(rows * (2 * loss_rate + delta * (1 - delta)), 0)
    surplus = gains - losses - rows * delta
    scores: Floats = np.where(variance > 0, surplus / np.sqrt(np.where(variance > 0, variance, 1)), np.sign(surplus) * 1e9)
    return scores


def bound_proportion(hits: Floats, rows: Floats, alpha: float) -> Floats:
    """Return the lower (1 - ``alpha``) score bound of a proportion: Wilson (1927), JASA 22, 209-212."""
    share, square = hits / rows, ndtri(alpha) ** 2
    centre = share + square / (2 * rows)
    spread = np.sqrt(square * (share * (1 - share) / rows + square / (4 * rows**2)))
    bound: Floats = (centre - spread) / (1 + square / rows)
    return bound


def design_effect(totals: Floats, sizes: Floats, squares: Floats) -> Floats:
    """Return by how much rows alike within families inflate the variance of a mean, at least 1; families on the last axis.

    ``totals``, ``sizes`` and ``squares`` are each family's sum of values, number of rows and sum of squared values. Rao and
    Scott (1992), Biometrics 48, 577-585: the ratio of the between-family variance of the mean to that of independent rows;
    counts divided by it go through the ordinary test. Where there are too few effective families (Kish: n²/Σsize²) to estimate
    it, the worst is assumed, that every row of a family says the same: Σsize²/n.
    """
    rows = sizes.sum(axis=-1)
    mean = totals.sum(axis=-1) / rows
    independent = squares.sum(axis=-1) - rows * mean**2
    clustered = ((totals - sizes * mean[..., None]) ** 2).sum(axis=-1)
    worst = (sizes**2).sum(axis=-1) / rows  # every row of a family says the same
    is_estimable = (independent > 1e-12) & (rows / worst >= FEW_FAMILIES)
    ratio: Floats = np.where(is_estimable, clustered / np.where(is_estimable, independent, 1), worst)
    effect: Floats = np.maximum(ratio, 1.0)
    return effect


def bootstrap_error(sums: Floats, statistic: Statistic, seed: int, replicates: int = REPLICATES) -> Floats:
    """Return the cluster-bootstrap standard error of ``statistic`` over family sums of shape ``(..., families, K)``."""

    def weigh(weights: Floats) -> Floats:
        return statistic(np.einsum("rf,...fk->...rk", weights, sums, optimize=True))

    return resample_error(weigh, sums.shape[-2], seed, replicates)


def resample_error(weigh: Statistic, families: int, seed: int, replicates: int = REPLICATES) -> Floats:
    """Return the cluster-bootstrap standard error of a function from family weights ``(r, families)`` to values ``(..., r)``.

    Whole families are drawn with replacement (Davison and Hinkley 1997, §3.8; Field and Welsh 2007, JRSS B 69, 369-390), the
    models of a row together, so the comparison stays paired. √(F/(F - 1)) undoes the shrinkage of a plug-in variance.
    """
    generator = np.random.default_rng(seed)
    drawn = []
    for start in range(0, replicates, CHUNK):
        weights = generator.multinomial(families, np.full(families, 1 / families), size=min(CHUNK, replicates - start))
        drawn.append(weigh(weights.astype(np.float64)))
    values = np.concatenate(drawn, axis=-1)
    error: Floats = np.nanstd(values, axis=-1, ddof=1) * np.sqrt(families / max(families - 1, 1))
    return error


def floor_error(error: Floats, families: int, alpha: float) -> Floats:
    """Return the standard error of a difference of bounded scores, kept from vanishing where no family happened to differ.

    Without a single discordant family out of F, Tango's bound is still z²/(F + z²) wide; no bounded score is given less.
    """
    z = -ndtri(alpha)
    floored: Floats = np.maximum(error, z / (families + z**2))
    return floored


def bound_estimate(estimate: Floats, error: Floats, families: int, alpha: Level) -> Floats:
    """Return the lower (1 - ``alpha``) bound of an estimate by Student's t on F - 1 degrees of freedom.

    Percentiles of an affordable number of replicates cannot resolve the levels that a late look is left with; a quantile can.
    """
    bound: Floats = estimate + stdtrit(max(families - 1, 1), alpha) * error
    return bound


def tail_normal(score: Floats) -> Floats:
    """Return the one-sided p-value of a normal score."""
    p_values: Floats = ndtr(-score)
    return p_values


def tail_student(ratio: Floats, families: int) -> Floats:
    """Return the one-sided p-value of an estimate over its standard error, on F - 1 degrees of freedom."""
    p_values: Floats = stdtr(max(families - 1, 1), -ratio)
    return p_values


def reject_by_holm(p_values: Floats, alpha: Level) -> npt.NDArray[np.bool_]:
    """Return which hypotheses on the last axis are rejected with a family-wise error of ``alpha``.

    Holm (1979), Scandinavian Journal of Statistics 6, 65-70: in order of p, the k-th of m is compared with α/(m - k + 1), up to
    the first that fails.
    """
    order = np.argsort(p_values, axis=-1, kind="stable")
    count = p_values.shape[-1]
    levels = np.asarray(alpha)[..., None] / (count - np.arange(count))
    is_small = np.take_along_axis(p_values, order, axis=-1) <= levels
    is_rejected = np.logical_and.accumulate(is_small, axis=-1)
    result = np.zeros(p_values.shape, dtype=np.bool_)
    np.put_along_axis(result, order, is_rejected, axis=-1)
    return result
