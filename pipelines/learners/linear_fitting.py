"""How the linear learner learns: scikit-learn finds the coefficients, and plain arrays keep them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.domain.errors import DivergedError
from pipelines.learners.cards import Card, write_card
from pipelines.learners.labels import labelled_rows
from pipelines.learners.linear import Linear
from pipelines.learners.linear_predicting import LinearPredictor, Terms, write_weights
from pipelines.learners.protocols import Document, Lesson, Monitor, Step
from pipelines.learners.terms import Matrix, choose_vocabulary, weigh_terms

_UNSEEN_INTERCEPT = -20.0
"""A declared label without a row is never predicted, and its loss stays finite."""


def fit_linear(params: Linear, lesson: Lesson, output: Path, monitor: Monitor) -> list[Step]:
    """Fit on all labelled rows in the order of their ids, so that the order of the lesson changes nothing."""
    rows = sorted(labelled_rows(lesson), key=lambda row: row.row_id)
    terms, coefficients, intercepts = _learn(params, rows, lesson)
    write_weights(output, terms, coefficients, intercepts)
    write_card(output, Card(kind="linear", labels=lesson.labels))
    step = _describe(output, rows, lesson)
    monitor.observe(step)
    return [step]


def learn_linear(params: Linear, lesson: Lesson) -> LinearPredictor:
    """Return the model that :func:`fit_linear` would write, for whoever asks it once and keeps nothing."""
    rows = sorted(labelled_rows(lesson), key=lambda row: row.row_id)
    terms, coefficients, intercepts = _learn(params, rows, lesson)
    tensors = {"coefficients": coefficients.astype(np.float32), "intercepts": intercepts.astype(np.float32)}
    return LinearPredictor(lesson.labels, terms, tensors)


def _learn(params: Linear, rows: Sequence[Document], lesson: Lesson) -> tuple[Terms, NDArray[np.float64], NDArray[np.float64]]:
    texts = [row.text for row in rows]
    weights = choose_vocabulary(texts, has_pairs=params.has_pairs, limit=params.vocabulary, rarest=params.rarest)
    terms = Terms(weights=weights, has_pairs=params.has_pairs)
    matrix = weigh_terms(texts, weights, has_pairs=params.has_pairs)
    coefficients, intercepts = _solve(params, matrix, [row.label for row in rows], lesson)
    check_numbers(coefficients, intercepts)
    return terms, coefficients, intercepts


def check_numbers(coefficients: NDArray[np.float64], intercepts: NDArray[np.float64]) -> None:
    """Raise :class:`DivergedError` where a coefficient is not a finite number."""
    if not (np.isfinite(coefficients).all() and np.isfinite(intercepts).all()):
        raise DivergedError("train: the linear learner's coefficients are not numbers: lower `strength`")


def _solve(
    params: Linear,
    matrix: Matrix,
    labels: Sequence[str],
    lesson: Lesson,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    from sklearn.linear_model import LogisticRegression
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    regression = LogisticRegression(
        C=params.strength,
        max_iter=params.iterations,
        tol=1e-3,
        class_weight="balanced" if params.is_balanced else None,
    )
    with threadpool_limits(lesson.threads):
        regression.fit(matrix, np.array(labels))
    return _spread(regression, lesson.labels)


def _spread(regression: Any, labels: tuple[str, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:  # noqa: ANN401  # scikit-learn has no types
    """Give every declared label a row; two labels share one in scikit-learn, whose halves have the same softmax."""
    found, intercept = regression.coef_, regression.intercept_
    if len(regression.classes_) == 2:
        found, intercept = np.vstack([-found / 2, found / 2]), np.concatenate([-intercept / 2, intercept / 2])
    coefficients = np.zeros((len(labels), found.shape[1]))
    intercepts = np.full(len(labels), _UNSEEN_INTERCEPT)
    for place, label in enumerate(regression.classes_.tolist()):
        coefficients[labels.index(label)] = found[place]
        intercepts[labels.index(label)] = intercept[place]
    return coefficients, intercepts


def _describe(output: Path, rows: Sequence[Document], lesson: Lesson) -> Step:
    predictor = LinearPredictor.load(output)
    dev = [row for row in lesson.dev if row.label]
    loss = math.fsum(prediction.loss for prediction in predictor.predict(rows)) / len(rows)
    dev_loss = math.fsum(prediction.loss for prediction in predictor.predict(dev)) / len(dev) if dev else None
    words = sum(len(row.text.split()) for row in rows)
    return Step(step=1, steps=1, loss=loss, rate=0.0, tokens=words, dev_loss=dev_loss)
