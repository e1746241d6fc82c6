"""From probabilities to predictions, and which rows can teach."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from pipelines.domain.errors import EmptyLessonError, StageError
from pipelines.learners.labels import labelled_rows, normalise_scores, read_probabilities
from tests.builders.lessons import LABELS, build_document, build_documents, build_lesson

SCORES = arrays(np.float64, st.tuples(st.integers(1, 6), st.just(2)), elements=st.floats(-500, 500))


@given(SCORES)
def test_probabilities_add_up_to_one_and_keep_the_order(scores: np.ndarray) -> None:
    found = normalise_scores(scores)
    np.testing.assert_allclose(found.sum(axis=1), 1.0)
    assert (found >= 0).all()
    assert (np.diff(found, axis=1) * np.diff(scores, axis=1) >= 0).all()


@given(SCORES)
def test_confidence_and_loss_are_those_of_the_probabilities(scores: np.ndarray) -> None:
    probabilities = normalise_scores(scores)
    documents = build_documents(len(scores))
    for document, row, found in zip(documents, probabilities, read_probabilities(documents, probabilities, LABELS), strict=True):
        assert found.row_id == document.row_id
        assert found.confidence == row.max()
        assert found.loss == pytest.approx(-math.log(max(row[LABELS.index(document.label)], 1e-9)))
        assert row[LABELS.index(found.predicted)] == row.max()


def test_news_come_before_history_and_rows_without_a_label_are_left_out() -> None:
    news, history = build_documents(4), build_documents(4, start=10)
    lesson = build_lesson(news=[*news, build_document(99, label="")], history=history)
    assert labelled_rows(lesson) == [*news, *history]


def test_refuses_rows_without_labels_one_label_and_undeclared_ones() -> None:
    with pytest.raises(EmptyLessonError, match="no labelled row"):
        labelled_rows(build_lesson(news=[build_document(1, label="")]))
    with pytest.raises(EmptyLessonError, match="at least two"):
        labelled_rows(build_lesson(news=[build_document(1), build_document(2)]))
    with pytest.raises(StageError, match="licence"):
        labelled_rows(build_lesson(news=[*build_documents(4), build_document(1, "licence")]))
