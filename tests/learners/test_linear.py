"""The linear learner's own laws."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from pipelines.domain.errors import DivergedError, StageError, WorkspaceError
from pipelines.files import digest_folder
from pipelines.learners.cards import read_card
from pipelines.learners.linear import Linear
from pipelines.learners.linear_fitting import check_numbers, learn_linear
from pipelines.learners.linear_predicting import LinearPredictor
from pipelines.learners.predictors import load_predictor
from tests.builders.lessons import LABELS, Watcher, build_document, build_documents, build_lesson

THREE = ("licence", *LABELS)


def test_the_order_of_the_rows_changes_no_byte(tmp_path: Path) -> None:
    lesson = build_lesson()
    shuffled = replace(lesson, news=random.Random(1).sample(list(lesson.news), len(lesson.news)))
    for name, one in (("first", lesson), ("second", shuffled)):
        Linear().fit(one, tmp_path / name, Watcher())
    assert digest_folder(tmp_path / "first") == digest_folder(tmp_path / "second")


def test_news_and_history_count_alike(tmp_path: Path) -> None:
    lesson = build_lesson()
    divided = replace(lesson, news=lesson.news[::2], history=lesson.news[1::2])
    for name, one in (("first", lesson), ("second", divided)):
        Linear().fit(one, tmp_path / name, Watcher())
    assert digest_folder(tmp_path / "first") == digest_folder(tmp_path / "second")


def test_three_labels_are_told_apart(tmp_path: Path) -> None:
    Linear().fit(build_lesson(60, labels=THREE), tmp_path, Watcher())
    documents = build_documents(30, THREE, start=700)
    assert [found.predicted for found in load_predictor(tmp_path, 1).predict(documents)] == [one.label for one in documents]


def test_probabilities_of_two_labels_are_those_of_scikit_learn(tmp_path: Path) -> None:
    from sklearn.linear_model import LogisticRegression

    from pipelines.learners.terms import choose_vocabulary, weigh_terms

    rows = sorted(build_lesson().news, key=lambda row: row.row_id)
    texts = [row.text for row in rows]
    Linear().fit(build_lesson(), tmp_path, Watcher())
    vocabulary = choose_vocabulary(texts, has_pairs=True, limit=50_000, rarest=1)
    regression = LogisticRegression(C=10.0, max_iter=300, tol=1e-3)
    regression.fit(weigh_terms(texts, vocabulary, has_pairs=True), [row.label for row in rows])
    asked = build_documents(6, start=800)
    expected = regression.predict_proba(weigh_terms([one.text for one in asked], vocabulary, has_pairs=True)).max(axis=1)
    found = [prediction.confidence for prediction in load_predictor(tmp_path, 1).predict(asked)]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_a_declared_label_without_rows_is_never_predicted_and_its_loss_is_finite(tmp_path: Path) -> None:
    Linear().fit(build_lesson(news=build_documents(40), labels=THREE), tmp_path, Watcher())
    predictions = load_predictor(tmp_path, 1).predict(build_documents(30, THREE, start=700))
    assert "licence" not in {found.predicted for found in predictions}
    assert all(found.loss < 21 for found in predictions)


def test_the_stored_matrix_has_a_row_a_label_and_a_column_a_term(tmp_path: Path) -> None:
    Linear(vocabulary=7).fit(build_lesson(60, labels=THREE), tmp_path, Watcher())
    tensors = load_file(tmp_path / "weights.safetensors")
    assert (tensors["coefficients"].shape, tensors["intercepts"].shape) == ((3, 7), (3,))
    assert read_card(tmp_path).labels == THREE


def test_balance_gives_the_rare_label_more_weight(tmp_path: Path) -> None:
    rows = [build_document(number, "recall" if number % 8 else "notice") for number in range(64)]
    vague = [build_document(900, text="of no known word")]
    confidence = {}
    for is_balanced in (False, True):
        folder = tmp_path / str(is_balanced)
        Linear(is_balanced=is_balanced).fit(build_lesson(news=rows), folder, Watcher())
        confidence[is_balanced] = load_predictor(folder, 1).predict(vague)[0].loss
    assert confidence[True] > confidence[False]


def test_no_dev_rows_is_no_dev_loss(tmp_path: Path) -> None:
    (step,) = Linear().fit(build_lesson(dev=[]), tmp_path, Watcher())
    assert step.dev_loss is None


def test_it_never_continues_and_is_no_language_model(tmp_path: Path) -> None:
    Linear().fit(build_lesson(), tmp_path, Watcher())
    predictor = LinearPredictor.load(tmp_path)
    assert not Linear().can_continue(tmp_path)
    assert predictor.prefer([]) is None
    assert predictor.complete(["A rule"], 3) is None


def test_refuses_an_undeclared_label_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="licence"):
        Linear().fit(build_lesson(news=build_documents(9, THREE)), tmp_path, Watcher())


@pytest.mark.parametrize("wrong", [np.nan, np.inf])
def test_refuses_coefficients_that_are_not_numbers(wrong: float) -> None:
    check_numbers(np.zeros((2, 1)), np.zeros(2))
    for coefficients, intercepts in ((np.full((2, 1), wrong), np.zeros(2)), (np.zeros((2, 1)), np.full(2, wrong))):
        with pytest.raises(DivergedError, match="strength"):
            check_numbers(coefficients, intercepts)


def test_the_files_alone_decide_what_is_predicted(tmp_path: Path) -> None:
    Linear().fit(build_lesson(), tmp_path, Watcher())
    tensors = load_file(tmp_path / "weights.safetensors")
    save_file({name: -tensor for name, tensor in tensors.items()}, tmp_path / "weights.safetensors")
    documents = build_documents(10, start=500)
    assert all(
        found.predicted != document.label
        for found, document in zip(load_predictor(tmp_path, 1).predict(documents), documents, strict=True)
    )


def test_refuses_a_folder_without_a_model(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"model\.json"):
        load_predictor(tmp_path, 1)


def test_a_model_that_is_kept_nowhere_thinks_as_the_one_on_disk(tmp_path: Path) -> None:
    Linear().fit(build_lesson(60, labels=THREE), tmp_path, Watcher())
    documents = build_documents(30, THREE, start=700)
    stored, kept_nowhere = LinearPredictor.load(tmp_path), learn_linear(Linear(), build_lesson(60, labels=THREE))
    assert kept_nowhere.predict(documents) == stored.predict(documents)
    chances = kept_nowhere.give_chances([one.text for one in documents])
    assert chances.shape == (30, 3)
    np.testing.assert_allclose(chances.max(axis=1), [found.confidence for found in stored.predict(documents)])
