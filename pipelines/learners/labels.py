"""Labels in and out of classifiers: which rows can teach one, and how probabilities become predictions.

All classifiers share it, so that two kinds of model scored on the same rows are scored by the same rule.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pipelines.domain.errors import EmptyLessonError, StageError
from pipelines.learners.protocols import Document, Lesson, Prediction

SMALLEST_PROBABILITY = 1e-9
"""What a label gets that the model does not know, so that its loss is large and finite (20.7 nats)."""


def labelled_rows(lesson: Lesson) -> list[Document]:
    """Return news, then history, without the rows that have no label.

    Raises :class:`EmptyLessonError` when no row or only one label is left, and :class:`StageError` for an undeclared label.
    """
    rows = [row for row in (*lesson.news, *lesson.history) if row.label]
    undeclared = sorted({row.label for row in rows} - set(lesson.labels))
    if undeclared:
        raise StageError(f"train: label {undeclared[0]!r} is not declared: add it to the domain's labels or map it at its source")
    if not rows:
        raise EmptyLessonError("train: no labelled row to learn from: check the split's report and the domain's labels")
    if len({row.label for row in rows}) < 2:
        raise EmptyLessonError(f"train: every row has the label {rows[0].label!r}: a classifier needs at least two")
    return rows


def read_probabilities(
    documents: Sequence[Document], probabilities: NDArray[np.float64], labels: tuple[str, ...]
) -> list[Prediction]:
    """Turn probabilities (rows x labels) into predictions; a document without a label has a loss of zero."""
    places = {label: place for place, label in enumerate(labels)}
    predictions = []
    for document, row in zip(documents, probabilities, strict=True):
        best = int(row.argmax())
        truth = float(row[places[document.label]]) if document.label in places else SMALLEST_PROBABILITY
        predictions.append(
            Prediction(
                row_id=document.row_id,
                predicted=labels[best],
                loss=-math.log(max(truth, SMALLEST_PROBABILITY)) if document.label else 0.0,
                size=len(document.text.encode()),
                confidence=float(row[best]),
                probabilities=dict(zip(labels, row.tolist(), strict=True)),
            )
        )
    return predictions


def normalise_scores(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the softmax of each row."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
