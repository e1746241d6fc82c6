"""Is a candidate's confidence further from the truth than the champion's? The increase of the calibration error, with bounds.

The familiar expected calibration error (Guo et al. 2017) cannot carry a test: being a sum of absolute values it is biased upwards
by chance alone, the more so the better a model is calibrated, and so the difference of two of them is drawn towards nothing; in
simulations at 2,000 rows a bound on it passed a model that was worse by the margin itself in half of all cases. The *square* of
the root-mean-square calibration error has an unbiased estimate: Kumar, Liang and Ma (2019), "Verified uncertainty calibration",
NeurIPS 32, §4, and Ferro and Fricker (2012), QJRMS 138, 1954-1960, as the bias-corrected reliability component of Brier's score.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.judge.families import Codes, Floats, count_effective, sum_each_family
from pipelines.judge.statistics import bound_estimate

FEWEST_BINS, MOST_BINS, ROWS_A_BIN = 5, 15, 1_000
REMAINDER = 0.1
"""The share of α for what the champion's own error may at least be; all else is for the difference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Confidences:
    """One model on rows of shape ``(..., rows)``: the probability of its predicted label, and whether that was right."""

    stated: Floats
    right: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class Increase:
    """Root-mean-square calibration errors of two models, and by how much the first's is larger (all in probability).

    ``lower`` and ``upper`` are one-sided bounds of the increase; ``upper`` is never below 0, ``lower`` never above it unless an
    increase is shown.
    """

    first: Floats
    second: Floats
    estimate: Floats
    lower: Floats
    upper: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Binned:
    """Right minus stated, summed over bins and families ``(..., bins, families)``; a bin's weight and its least variance."""

    sums: Floats
    weights: Floats
    variances: Floats


def compare_calibration(models: tuple[Confidences, Confidences], family: Codes, alpha: float) -> Increase:
    """Return the increase from the second model to the first on the same rows; ``family`` are codes, one a row.

    Let A and B be the unbiased estimates of both squared errors, D⁺ the upper bound of A - B at .9α and B⁻ the lower bound of
    B at .1α. Then √(B⁻ + D⁺) - √B⁻ bounds the increase at α, by Bonferroni; the lower bound takes the worst B between its own.
    """
    first, second = (_bin(model, family) for model in models)
    both = _Binned(
        sums=np.concatenate([first.sums, second.sums], axis=-2),
        weights=np.concatenate([first.weights, -second.weights], axis=-1),
        variances=np.concatenate([first.variances, second.variances], axis=-1),
    )
    (own, _), (other, spread), (difference, error) = (_square(binned) for binned in (first, second, both))
    families, rest = count_effective(np.bincount(family).astype(np.float64)), alpha * REMAINDER
    least, most = (_clip(sign * bound_estimate(sign * other, spread, families, rest)) for sign in (1, -1))
    low, high = (sign * bound_estimate(sign * difference, error, families, alpha - rest) for sign in (1, -1))
    worst = np.where(low > 0, most, np.clip(-low, least, most))  # where √(B + low) - √B is the least
    estimate = np.sqrt(_clip(own)) - np.sqrt(_clip(other))
    return Increase(
        first=np.sqrt(_clip(own)),
        second=np.sqrt(_clip(other)),
        estimate=estimate,
        lower=np.minimum(np.sqrt(_clip(worst + low)) - np.sqrt(worst), estimate),
        upper=np.maximum(np.sqrt(least + _clip(high)) - np.sqrt(least), estimate),
    )


def _bin(model: Confidences, family: Codes) -> _Binned:
    """Sort the rows into 5 to 15 bins of equal mass by the model's own confidence (one for each 1,000 rows)."""
    rows = model.stated.shape[-1]
    count = int(np.clip(rows // ROWS_A_BIN, FEWEST_BINS, MOST_BINS))
    edges = np.moveaxis(np.quantile(model.stated, np.arange(1, count) / count, axis=-1), 0, -1)
    places = (model.stated[..., None] > edges[..., None, :]).sum(axis=-1)
    is_in = places[..., None, :] == np.arange(count)[:, None]
    return _Binned(
        sums=sum_each_family(is_in * (model.right - model.stated)[..., None, :], family),
        weights=1 / (rows * np.maximum(is_in.sum(axis=-1), 1)),
        variances=(is_in * (model.stated * (1 - model.stated))[..., None, :]).sum(axis=-1),
    )


def _square(binned: _Binned) -> tuple[Floats, Floats]:
    """Return Σ w(S² - V) and its standard error, S being a bin's sum and V its variance between families.

    The variance of a quadratic form of normal sums with covariance Σ and D = diag(w) is 4μ'DΣDμ + 2tr(DΣDΣ) (Mathai and
    Provost 1992, §3.2). S'DΣDS, which stands for μ'DΣDμ + tr(DΣDΣ), is not corrected: it falls and rises with the estimate, and
    the corrected one would be too small just where the estimate is. V is no less than that of right answers drawn with the
    stated probabilities: where every answer happened to be right, their spread would otherwise be taken for nothing.
    """
    families = binned.sums.shape[-1]
    total = binned.sums.sum(axis=-1)
    centred = binned.sums - total[..., None] / families
    covariance = centred @ np.swapaxes(centred, -1, -2) * families / max(families - 1, 1)
    own = np.einsum("...kk->...k", covariance)
    shortage = np.maximum(binned.variances - own, 0)
    estimate = (binned.weights * (total**2 - own - shortage)).sum(axis=-1)
    covariance = covariance + shortage[..., None] * np.eye(shortage.shape[-1])
    scaled = binned.weights * total
    trace = 2 * np.einsum("...k,...l,...kl->...", binned.weights, binned.weights, covariance**2)
    linear = 4 * np.einsum("...k,...kl,...l->...", scaled, covariance, scaled)
    return estimate, np.sqrt(_clip(np.maximum(linear, trace)))  # neither is below zero, but for rounding


def _clip(square: Floats) -> Floats:
    """Return an estimate of a square without what chance or rounding may have taken below zero."""
    return np.asarray(np.maximum(square, 0))
