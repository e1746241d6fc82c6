"""AUROC of rows that count more or less often: what a resampling of whole families asks of a metric that ranks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from pipelines.domain.errors import NotMeasurableError
from pipelines.judge.evidence import Floats, Rows


def find_auroc(rows: Rows, weights: Floats) -> Floats:
    """Return the macro one-vs-rest AUROC for family weights of shape ``(..., families)``, as ``(...)``.

    For each label the probability that a row of it is ranked above one of another, ties counting a half (Hanley and McNeil 1982,
    Radiology 143, 29-36), weighted by how often the families of the two are drawn; then the mean over labels (Provost and
    Domingos 2001). A label that a resample holds no row of, or nothing but rows of, is left out of that resample's mean. Raises
    :class:`NotMeasurableError` without probabilities or with fewer than two labels.
    """
    if np.isnan(rows.probabilities).any():
        raise NotMeasurableError("AUROC needs the probability of every label in every row")
    if rows.labels < 2:
        raise NotMeasurableError("AUROC needs rows of two labels or more")
    counted = weights[..., rows.family]
    areas = np.stack([_rank(rows.probabilities[:, code], rows.label == code, counted) for code in range(rows.labels)])
    is_there = ~np.isnan(areas)
    mean: Floats = np.where(is_there, areas, 0.0).sum(axis=0) / is_there.sum(axis=0)
    return mean


def _rank(scores: Floats, is_label: npt.NDArray[np.bool_], counted: Floats) -> Floats:
    """Return Σ w⁺(w⁻ below + ½ w⁻ tied) / (W⁺W⁻), NaN where either weight is 0."""
    order = np.argsort(scores, kind="stable")
    _, starts = np.unique(scores[order], return_index=True)
    sorted_weights, is_positive = counted[..., order], is_label[order]
    positive = np.add.reduceat(sorted_weights * is_positive, starts, axis=-1)
    negative = np.add.reduceat(sorted_weights * ~is_positive, starts, axis=-1)
    below = np.cumsum(negative, axis=-1) - negative / 2
    pairs = positive.sum(axis=-1) * negative.sum(axis=-1)
    areas: Floats = np.where(pairs > 0, (positive * below).sum(axis=-1) / np.where(pairs > 0, pairs, 1.0), np.nan)
    return areas
