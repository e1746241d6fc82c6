"""Candidate against another model on one metric and one slice: the difference, its bound, and what it would take to decide.

Shares of right rows go through the score test for paired proportions, with counts divided by the design effect of families;
every other metric through the paired cluster bootstrap. Which is which is a matter of the metric alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.domain.errors import NotMeasurableError
from pipelines.domain.models import Role
from pipelines.domain.scorecards import Slice
from pipelines.judge.contrasts import Contrast, Estimates, Pairs, pair_families
from pipelines.judge.evidence import Evidence, Floats, Rows
from pipelines.judge.families import count_effective
from pipelines.judge.metrics import BOUNDED, PROPORTIONS, Weighted, sum_by_family, sum_families, weigh_families
from pipelines.judge.params import MetricName
from pipelines.judge.power import count_for_errors, count_for_proportions
from pipelines.judge.statistics import (
    FEW_FAMILIES,
    bound_estimate,
    bound_proportion,
    design_effect,
    floor_error,
    resample_error,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which difference is asked about: ``margin`` is what the needed number of rows is counted for, in the metric's unit."""

    metric: MetricName
    part: Slice
    against: Role
    margin: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """A difference (candidate minus reference, more is better) in the metric's own unit, at the look's α.

    ``needed`` is the rows at which an equal model would be shown to lie within the margin with a probability of .8.
    """

    contrast: Contrast
    alpha: float
    rows: int
    needed: int

    @property
    def estimate(self) -> float:
        """The difference that was seen."""
        return float(self.contrast.estimate)

    @property
    def lower(self) -> float:
        """The one-sided lower bound."""
        return float(self.contrast.bound(self.alpha))

    @property
    def p_better(self) -> float:
        """The p-value of "not better"."""
        return float(self.contrast.p_better)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The candidate's own value, with its one-sided lower bound at the look's α."""

    estimate: float
    lower: float
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Resampling:
    """How families are drawn: how many there are, the seed, and the level that a bounded score's error is kept up for.

    ``effective`` is how many families of one size would tell as much: what the degrees of freedom are counted by.
    """

    families: int
    effective: int
    seed: int
    alpha: float


def compare(evidence: Evidence, question: Question) -> Comparison:
    """Compare the candidate; raises :class:`~pipelines.domain.errors.NotMeasurableError` where there is nothing to compare."""
    contrast, rows = contrast_models(evidence, question.metric, question.part, question.against)
    alpha, margin = evidence.alpha, question.margin
    if isinstance(contrast, Pairs):
        needed = count_for_proportions(float(contrast.discordance), margin, alpha, float(contrast.effect))
    else:
        needed = count_for_errors(rows, float(contrast.error), margin, alpha)
    return Comparison(contrast=contrast, alpha=alpha, rows=rows, needed=needed)


def contrast_models(evidence: Evidence, metric: MetricName, part: Slice, against: Role) -> tuple[Pairs | Estimates, int]:
    """Return the contrast of candidate and reference, of shape ``()``, and the number of rows; raises as :func:`compare`."""
    first, second = evidence.pair(against, part)
    count = len(first.row_ids)
    if metric in PROPORTIONS:
        sums = [sum_families(metric, rows) for rows in (first, second)]  # raises where nothing can be right
        differences = first.correct - second.correct
        gains, losses = (sum_by_family(first, (differences * sign > 0).astype(np.float64))[:, 0] for sign in (1, -1))
        return pair_families(gains, losses, sums[0][:, 1]), count
    pair = (weigh_families(metric, first), weigh_families(metric, second))
    resampling = _plan_resampling(evidence, first, "compare", metric, part.value, against.value)
    return contrast_by_bootstrap(metric, pair, resampling), count


def measure(evidence: Evidence, metric: MetricName, part: Slice) -> Measurement:
    """Measure the candidate alone; raises :class:`~pipelines.domain.errors.NotMeasurableError` where there are no rows."""
    rows = evidence.rows(Role.CANDIDATE, part)
    count = len(rows.row_ids)
    if metric in PROPORTIONS:
        right, sizes = sum_families(metric, rows).T
        effect = design_effect(right, sizes, right)
        lower = float(bound_proportion(right.sum() / effect, count / effect, evidence.alpha))
        return Measurement(estimate=float(right.sum() / count), lower=lower, rows=count)
    weigh = weigh_families(metric, rows)
    resampling = _plan_resampling(evidence, rows, "measure", metric, part.value)
    estimate = weigh(np.ones(rows.families))
    error = _keep_bounded(metric, resample_error(weigh, rows.families, resampling.seed), resampling)
    lower = float(bound_estimate(estimate, error, resampling.effective, evidence.alpha))
    return Measurement(estimate=float(estimate), lower=lower, rows=count)


def contrast_by_bootstrap(metric: MetricName, pair: tuple[Weighted, Weighted], resampling: Resampling) -> Estimates:
    """Return the contrast of two models by what they are worth under family weights, in batches of any shape."""
    mine, theirs = pair

    def subtract(weights: Floats) -> Floats:
        difference: Floats = mine(weights) - theirs(weights)
        return difference

    families = resampling.families
    estimate = subtract(np.ones(families))
    error = resample_error(subtract, families, resampling.seed)
    return Estimates(estimate=estimate, error=_keep_bounded(metric, error, resampling), families=resampling.effective)


def _keep_bounded(metric: MetricName, error: Floats, resampling: Resampling) -> Floats:
    return floor_error(error, resampling.effective, resampling.alpha) if metric in BOUNDED else error


def _plan_resampling(evidence: Evidence, rows: Rows, *about: str) -> Resampling:
    if rows.families < FEW_FAMILIES:
        raise NotMeasurableError(f"{rows.families} families are too few to resample: at least {FEW_FAMILIES} are needed")
    sizes = sum_by_family(rows, rows.size if "bits_per_byte" in about else np.ones_like(rows.size))[:, 0]
    return Resampling(families=rows.families, effective=count_effective(sizes), seed=evidence.seed(*about), alpha=evidence.alpha)
