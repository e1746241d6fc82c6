"""Candidate against another model on one metric and one slice: the difference, its bound, and what it would take to decide.

Shares of right rows go through the score test for paired proportions, with counts divided by the design effect of families;
every other metric through the paired cluster bootstrap. Which is which is a matter of the metric alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np

from pipelines.domain.errors import NotMeasurableError
from pipelines.domain.models import Role
from pipelines.domain.scorecards import Slice
from pipelines.judge.evidence import Evidence, Floats, Rows
from pipelines.judge.metrics import BOUNDED, PROPORTIONS, sum_by_family, sum_families, value
from pipelines.judge.params import MetricName
from pipelines.judge.power import count_for_errors, count_for_proportions
from pipelines.judge.statistics import (
    FEW_FAMILIES,
    bootstrap_error,
    bound_difference,
    bound_estimate,
    bound_proportion,
    design_effect,
    floor_error,
    score_difference,
    tail_normal,
    tail_student,
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
    """A difference (candidate minus reference, more is better) in the metric's own unit.

    ``lower`` is the one-sided bound at the look's α; ``p_better`` the p-value of "not better"; ``needed`` the rows at which an
    equal model would be shown to lie within the margin with a probability of .8.
    """

    estimate: float
    lower: float
    p_better: float
    rows: int
    needed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """The candidate's own value, with its one-sided lower bound at the look's α."""

    estimate: float
    lower: float
    rows: int


def compare(evidence: Evidence, question: Question) -> Comparison:
    """Compare the candidate; raises :class:`~pipelines.domain.errors.NotMeasurableError` where there is nothing to compare."""
    first, second = evidence.pair(question.against, question.part)
    sums = np.concatenate([sum_families(question.metric, rows) for rows in (first, second)], axis=1)
    if question.metric in PROPORTIONS:
        return _compare_proportions(evidence.alpha, question.margin, first, second)
    return _compare_by_bootstrap(evidence, question, first, sums)


def measure(evidence: Evidence, metric: MetricName, part: Slice) -> Measurement:
    """Measure the candidate alone; raises :class:`~pipelines.domain.errors.NotMeasurableError` where there are no rows."""
    rows = evidence.rows(Role.CANDIDATE, part)
    sums = sum_families(metric, rows)
    count = len(rows.row_ids)
    estimate = float(value(metric, sums.sum(axis=0)))
    if metric in PROPORTIONS:
        effect = design_effect(sums[:, 0], sums[:, 1], sums[:, 0])
        lower = float(bound_proportion(sums[:, 0].sum() / effect, count / effect, evidence.alpha))
        return Measurement(estimate=estimate, lower=lower, rows=count)
    _require_families(rows)
    error = bootstrap_error(sums, partial(value, metric), evidence.seed("measure", metric, part.value))
    error = floor_error(error, rows.families, evidence.alpha) if metric in BOUNDED else error
    lower = float(bound_estimate(np.asarray(estimate), error, rows.families, evidence.alpha))
    return Measurement(estimate=estimate, lower=lower, rows=count)


def _compare_proportions(alpha: float, margin: float, first: Rows, second: Rows) -> Comparison:
    differences = first.correct - second.correct
    totals, sizes, squares = sum_by_family(first, differences, np.ones_like(differences), differences**2).T
    effect = design_effect(totals, sizes, squares)
    gains, losses = (np.asarray((differences * sign > 0).sum() / effect) for sign in (1, -1))
    count = len(first.row_ids)
    rows = np.asarray(count / effect)
    return Comparison(
        estimate=float(differences.mean()),
        lower=float(bound_difference(gains, losses, rows, alpha)),
        p_better=float(tail_normal(score_difference(gains, losses, rows, 0.0))),
        rows=count,
        needed=count_for_proportions(float((differences != 0).mean()), margin, alpha, float(effect)),
    )


def _compare_by_bootstrap(evidence: Evidence, question: Question, first: Rows, sums: Floats) -> Comparison:
    _require_families(first)
    metric, alpha, families = question.metric, evidence.alpha, first.families
    difference = partial(_subtract, metric)
    estimate = difference(sums.sum(axis=0))
    error = bootstrap_error(sums, difference, evidence.seed("compare", metric, question.part.value, question.against.value))
    error = floor_error(error, families, alpha) if metric in BOUNDED else error
    return Comparison(
        estimate=float(estimate),
        lower=float(bound_estimate(estimate, error, families, alpha)),
        p_better=float(tail_student(estimate / error, families)) if error > 0 else float(estimate <= 0),
        rows=len(first.row_ids),
        needed=count_for_errors(len(first.row_ids), float(error), question.margin, alpha),
    )


def _subtract(metric: MetricName, sums: Floats) -> Floats:
    first, second = np.split(sums, 2, axis=-1)
    difference: Floats = value(metric, first) - value(metric, second)
    return difference


def _require_families(rows: Rows) -> None:
    if rows.families < FEW_FAMILIES:
        raise NotMeasurableError(f"{rows.families} families are too few to resample: at least {FEW_FAMILIES} are needed")
