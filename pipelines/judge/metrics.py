"""Each metric as a function of how often every family is counted, so that resampling families is one product of matrices.

Most are sums over families and a value of sums; AUROC is not, and ranks its rows once. All values are oriented so that more is
better: bits per byte and log loss are negated.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np

from pipelines.domain.errors import NotMeasurableError
from pipelines.judge.evidence import Codes, Floats, Rows
from pipelines.judge.params import MetricName
from pipelines.judge.rankings import find_auroc

PROPORTIONS = frozenset({"accuracy", "currency"})
"""Shares of rows that are right: a paired comparison of them has a closed form."""

BOUNDED = PROPORTIONS | {"macro_f1", "auroc"}

Weighted = Callable[[Floats], Floats]
"""From family weights ``(..., families)``, how often each is counted, to the metric ``(...)``."""


def weigh_families(metric: MetricName, rows: Rows) -> Weighted:
    """Return the metric of ``rows`` as a function of family weights.

    Raises :class:`NotMeasurableError`, now or when it is called, where the rows lack what the metric needs.
    """
    if metric == "auroc":
        return partial(find_auroc, rows)
    sums = sum_families(metric, rows)
    return lambda weights: value(metric, weights @ sums)


def sum_families(metric: MetricName, rows: Rows) -> Floats:
    """Return sums of shape ``(families, K)``; raises :class:`NotMeasurableError` where rows lack what the metric needs."""
    match metric:
        case "accuracy" | "currency":
            if np.isnan(rows.correct).any():
                raise NotMeasurableError(f"{metric} needs rows that can be right or wrong")
            return sum_by_family(rows, rows.correct, np.ones_like(rows.correct))
        case "macro_f1":
            if rows.labels < 2:
                raise NotMeasurableError("macro-F1 needs rows of two labels or more")
            hits = np.where(rows.label == rows.predicted, rows.label, -1)
            return np.concatenate([_count(rows, codes) for codes in (hits, rows.predicted, rows.label)], axis=1)
        case "bits_per_byte":
            return sum_by_family(rows, -rows.loss / math.log(2), rows.size)
        case "log_loss":
            return sum_by_family(rows, -rows.loss, np.ones_like(rows.loss))
        case "auroc":
            raise NotMeasurableError("AUROC is no value of sums over families")


def value(metric: MetricName, sums: Floats) -> Floats:
    """Return the metric of sums of shape ``(..., K)``.

    Macro-F1 is the mean over the slice's labels of 2·TP/(predicted + true); a label that neither is true nor predicted in a
    resample is left out of that resample's mean.
    """
    if metric != "macro_f1":
        ratio: Floats = sums[..., 0] / sums[..., 1]
        return ratio
    hits, predicted, true = np.split(sums, 3, axis=-1)
    denominators = predicted + true
    is_there = denominators > 0
    scores = np.where(is_there, 2 * hits / np.where(is_there, denominators, 1), 0.0)
    mean: Floats = scores.sum(axis=-1) / is_there.sum(axis=-1)
    return mean


def sum_by_family(rows: Rows, *columns: Floats) -> Floats:
    """Return the columns' sums over each family, of shape ``(families, K)``."""
    summed = [np.bincount(rows.family, weights=column, minlength=rows.families) for column in columns]
    return np.stack(summed, axis=1)


def _count(rows: Rows, codes: Codes) -> Floats:
    counts = np.zeros((rows.families, rows.labels))
    is_known = codes >= 0
    np.add.at(counts, (rows.family[is_known], codes[is_known]), 1.0)
    return counts
