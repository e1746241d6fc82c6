"""Is a candidate worse on a subgroup? One-sided tests for harm, of any batch shape, that leave proof of the contrary to others.

A screen asks less than non-inferiority: on a small subgroup no equal model could show that it lost less than a point, but a large
loss shows itself. Rows of one family are not independent, here as everywhere.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from pipelines.judge.families import Codes, Floats, count_effective, sum_each_family
from pipelines.judge.statistics import (
    bound_difference,
    bound_estimate,
    design_effect,
    reject_by_holm,
    score_difference,
    tail_student,
)

POWER = 0.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Harm:
    """Candidate minus champion on one subgroup, more being better; arrays are of the batch's shape.

    ``lower`` and ``upper`` are one-sided bounds, each for itself at the level asked for; ``error`` the standard error if there
    were no difference; ``effect`` how many rows count like one; ``p_worse`` the p-value of "not worse".
    """

    rows: int
    estimate: Floats
    lower: Floats
    upper: Floats
    error: Floats
    effect: Floats
    p_worse: Floats


def compare_shares(differences: Floats, family: Codes, alpha: float) -> Harm:
    """Compare shares of right rows; ``differences`` (candidate minus champion, of shape ``(..., rows)``) are -1, 0 or 1.

    McNemar's score (b - c)/√(b + c) of the rows that only one of the two gets right, with counts divided by the design effect
    of families (Rao and Scott 1992), referred to Student's t on the effective number of families less one.
    """
    totals, sizes = sum_each_family(differences, family), sum_each_family(np.ones(family.shape), family)
    effect = design_effect(totals, sizes, sum_each_family(differences**2, family))
    rows = differences.shape[-1]
    gains, losses = ((differences * sign > 0).sum(axis=-1) / effect for sign in (1, -1))
    count = np.asarray(rows / effect)
    return Harm(
        rows=rows,
        estimate=differences.mean(axis=-1),
        lower=bound_difference(gains, losses, count, alpha),
        upper=-bound_difference(losses, gains, count, alpha),
        error=np.sqrt(gains + losses) / count,
        effect=effect,
        p_worse=tail_student(score_difference(losses, gains, count, 0.0), count_effective(sizes)),
    )


def compare_losses(losses: tuple[Floats, Floats], sizes: tuple[Floats, Floats], family: Codes, alpha: float) -> Harm:
    """Compare losses per byte, negated so that more is better; ``losses`` and ``sizes`` are candidate's and champion's.

    Losses are of shape ``(..., rows)``, sizes of shape ``(rows,)``. The difference of two ratios of sums over families, with
    the variance of its linearisation (Cochran 1977, Sampling Techniques, §6.3), each family's part of it divided by 1 - w, w
    being its share of all bytes (Bell and McCaffrey 2002, Survey Methodology 28, 169-181), and Student's t on the effective
    number of families less one. Without both, a few long families would pass for many.
    """
    (own, own_scores), (other, other_scores) = (_linearise(loss, size, family) for loss, size in zip(losses, sizes, strict=True))
    estimate, scores = other - own, other_scores - own_scores
    weights = sum_each_family(sizes[1], family)
    families = count_effective(weights)
    error = np.asarray(np.sqrt((scores**2 / (1 - weights / weights.sum())).sum(axis=-1)))
    ratio = np.where(error > 0, -estimate / np.where(error > 0, error, 1), np.sign(-estimate) * 1e9)
    return Harm(
        rows=losses[0].shape[-1],
        estimate=estimate,
        lower=bound_estimate(estimate, error, families, alpha),
        upper=-bound_estimate(-estimate, error, families, alpha),
        error=error,
        effect=np.ones_like(error),
        p_worse=tail_student(ratio, families),
    )


def reject_harms(harms: Sequence[Harm], alpha: float) -> npt.NDArray[np.bool_]:
    """Return which subgroups are worse off, of shape ``(..., groups)``, with a family-wise error of ``alpha`` (Holm)."""
    return reject_by_holm(np.stack([harm.p_worse for harm in harms], axis=-1), alpha)


def find_smallest_harm(harms: Sequence[Harm], alpha: float, *, is_share: bool) -> tuple[float, int]:
    """Return the smallest loss that a subgroup of median size would have shown with a probability of .8, and that size.

    h = z·s/√n, with z = z_{1-α/m} + z_.8 at Holm's first step over m groups and s the median error of a row. Of shares, a loss
    comes on top of the rows on which the two differ anyway (Connor 1987, Biometrics 43, 207-211), each counting for the median
    design effect d: nh² = z²(s² + dh), which is z²d/n where the two differ nowhere.
    """
    reach = -float(ndtri(alpha / len(harms))) + float(ndtri(POWER))
    size = int(np.median([harm.rows for harm in harms]))
    spread = float(np.median([harm.error * math.sqrt(harm.rows) for harm in harms]))
    added = reach**2 * float(np.median([harm.effect for harm in harms])) if is_share else 0.0
    return (added + math.sqrt(added**2 + 4 * size * (reach * spread) ** 2)) / (2 * size), size


def _linearise(losses: Floats, sizes: Floats, family: Codes) -> tuple[Floats, Floats]:
    """Return the ratio of sums, and each family's part in its deviation."""
    lost, size = sum_each_family(losses, family), sum_each_family(sizes, family)
    whole = size.sum(axis=-1)
    ratio = lost.sum(axis=-1) / whole
    return ratio, (lost - ratio[..., None] * size) / whole[..., None]
