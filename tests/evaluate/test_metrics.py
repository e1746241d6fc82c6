"""Metrics against scikit-learn's, and their laws."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, f1_score, log_loss

from pipelines.domain.errors import NotMeasurableError
from pipelines.domain.models import Role
from pipelines.domain.scorecards import Outcome, Slice
from pipelines.evaluate import metrics

ROWS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from("abc"), st.floats(0.01, 1.0), st.integers(1, 200)), min_size=1, max_size=30
)


def build_outcome(label: str = "a", predicted: str = "a", **fields: Any) -> Outcome:
    defaults: dict[str, Any] = {
        "role": Role.CANDIDATE,
        "slice": Slice.DEV,
        "row_id": "row",
        "family_id": "family",
        "source": "folder",
        "correct": float(label == predicted),
        "loss": 0.5,
        "size": 10,
        "confidence": 0.9,
    }
    return Outcome(label=label, predicted=predicted, **{**defaults, **fields})


def build_outcomes(rows: list[tuple[str, str, float, int]]) -> list[Outcome]:
    return [
        build_outcome(label, predicted, confidence=confidence, loss=-math.log(confidence), size=size)
        for label, predicted, confidence, size in rows
    ]


@given(ROWS)
def test_accuracy_and_macro_f1_are_those_of_scikit_learn(rows: list[tuple[str, str, float, int]]) -> None:
    truths, predicted = [row[0] for row in rows], [row[1] for row in rows]
    outcomes = build_outcomes(rows)
    assert metrics.accuracy(outcomes) == pytest.approx(accuracy_score(truths, predicted))
    expected = f1_score(truths, predicted, average="macro", zero_division=0.0)
    assert metrics.macro_f1(outcomes) == pytest.approx(expected)


@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=20))
def test_log_loss_is_that_of_scikit_learn(confidences: list[float]) -> None:
    outcomes = [build_outcome(loss=-math.log(confidence)) for confidence in confidences]
    expected = log_loss([1] * len(confidences), [[1 - one, one] for one in confidences], labels=[0, 1])
    assert metrics.log_loss(outcomes) == pytest.approx(expected)


@given(ROWS)
def test_calibration_error_is_the_weighted_gap_of_fifteen_bins(rows: list[tuple[str, str, float, int]]) -> None:
    expected = 0.0
    for place in range(15):
        inside = [row for row in rows if place / 15 < row[2] <= (place + 1) / 15]
        if inside:
            right = sum(row[0] == row[1] for row in inside) / len(inside)
            expected += len(inside) / len(rows) * abs(right - sum(row[2] for row in inside) / len(inside))
    assert metrics.calibration_error(build_outcomes(rows)) == pytest.approx(expected)


def test_a_model_that_is_as_sure_as_it_is_right_is_calibrated() -> None:
    sure = [build_outcome(confidence=0.75)] * 3 + [build_outcome(predicted="b", confidence=0.75)]
    assert metrics.calibration_error(sure) == pytest.approx(0.0)
    assert metrics.calibration_error([build_outcome(predicted="b", confidence=1.0)]) == pytest.approx(1.0)


@given(ROWS, st.randoms())
def test_no_metric_depends_on_the_order(rows: list[tuple[str, str, float, int]], shuffler: Any) -> None:
    outcomes = build_outcomes(rows)
    shuffled = list(outcomes)
    shuffler.shuffle(shuffled)
    for metric in (*metrics.CLASSIFIER_METRICS.values(), metrics.bits_per_byte):
        assert metric(shuffled) == pytest.approx(metric(outcomes), abs=1e-12)


def test_bits_per_byte_weighs_texts_by_their_length() -> None:
    outcomes = [build_outcome(loss=8 * math.log(2), size=1), build_outcome(loss=0.0, size=7)]
    assert metrics.bits_per_byte(outcomes) == pytest.approx(1.0)


def test_an_uninformed_reader_of_bytes_needs_eight_bits() -> None:
    assert metrics.bits_per_byte([build_outcome(loss=20 * math.log(256), size=20)]) == pytest.approx(8.0)


@pytest.mark.parametrize("metric", [*metrics.CLASSIFIER_METRICS.values(), metrics.bits_per_byte])
def test_refuses_no_rows(metric: metrics.Metric) -> None:
    with pytest.raises(NotMeasurableError):
        metric([])


def test_refuses_what_cannot_be_right_sure_or_long() -> None:
    with pytest.raises(NotMeasurableError, match="right or wrong"):
        metrics.accuracy([build_outcome(correct=None)])
    with pytest.raises(NotMeasurableError, match="confidence"):
        metrics.calibration_error([build_outcome(confidence=None)])
    with pytest.raises(NotMeasurableError, match="empty"):
        metrics.bits_per_byte([build_outcome(size=0)])


def test_a_scorecard_has_every_role_and_slice_in_a_fixed_order() -> None:
    outcomes = [
        build_outcome(role=role, slice=part, correct=1.0)
        for role in (Role.ANCHOR, Role.CANDIDATE)
        for part in (Slice.CURRENCY, Slice.DEV)
    ]
    scorecard = metrics.build_scorecard(outcomes)
    assert scorecard == metrics.build_scorecard(outcomes[::-1])
    assert [(score.role, score.metric) for score in scorecard.scores][:5] == [
        *((Role.CANDIDATE, name) for name in metrics.CLASSIFIER_METRICS),
        (Role.CANDIDATE, "currency"),
    ]
    found = scorecard.find(Role.ANCHOR, Slice.CURRENCY, "currency")
    assert found is not None
    assert (found.value, found.rows) == (1.0, 1)


def test_a_language_model_has_bits_per_byte_and_nothing_else() -> None:
    scorecard = metrics.build_scorecard([build_outcome(correct=None, confidence=None, slice=Slice.GENERAL)])
    assert [score.metric for score in scorecard.scores] == ["bits_per_byte"]
