"""The encoder's own laws: padding does not matter, labels may grow, and a real base learns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from pipelines.domain.errors import DivergedError, ParamsError, StageError
from pipelines.learners.cards import read_card
from pipelines.learners.classifier import Classifier
from pipelines.learners.predictors import load_predictor
from tests.builders.lessons import LABELS, Watcher, build_document, build_documents, build_lesson

TINY = Classifier(base="scratch:tiny", epochs=4, rate=2e-3, batch_tokens=512, max_tokens=64, precision="fp32")


@pytest.fixture(scope="module")
def champion(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("champion")
    TINY.fit(build_lesson(), folder, Watcher())
    return folder


def test_a_row_is_scored_the_same_alone_and_among_longer_ones(champion: Path) -> None:
    short, predictor = build_document(600), load_predictor(champion, 1)
    longer = [build_document(number, text="hearing agenda " * 12) for number in range(5)]
    (alone,), among = predictor.predict([short]), predictor.predict([*longer, short])[-1]
    assert among.predicted == alone.predicted
    assert among.loss == pytest.approx(alone.loss, abs=1e-5)


def test_a_new_label_is_learned_and_the_old_ones_are_kept(champion: Path, tmp_path: Path) -> None:
    labels = ("licence", *LABELS)
    lesson = build_lesson(labels=labels, champion=champion)
    TINY.fit(lesson, tmp_path / "model", Watcher())
    assert read_card(tmp_path / "model").labels == labels
    documents = build_documents(30, labels, start=700)
    predictions = load_predictor(tmp_path / "model", 1).predict(documents)
    assert [found.predicted for found in predictions] == [document.label for document in documents]


def test_a_label_that_the_model_does_not_know_has_a_large_finite_loss(champion: Path) -> None:
    predictor = load_predictor(champion, 1)
    (unknown,) = predictor.predict([build_document(1, label="licence")])
    (unlabelled,) = predictor.predict([build_document(1, label="")])
    assert 20 < unknown.loss < 21
    assert unlabelled.loss == 0.0


def test_an_empty_text_has_an_answer(champion: Path) -> None:
    (found,) = load_predictor(champion, 1).predict([build_document(1, text="")])
    assert found.predicted in LABELS
    assert found.size == 0


def test_it_is_no_language_model(champion: Path) -> None:
    predictor = load_predictor(champion, 1)
    assert predictor.prefer([]) is None
    assert predictor.complete(["A rule"], 3) is None


def test_continues_from_its_own_kind_and_base_alone(champion: Path, tmp_path: Path) -> None:
    assert TINY.can_continue(champion)
    assert not TINY.model_copy(update={"base": "path:elsewhere"}).can_continue(champion)
    assert not TINY.can_continue(tmp_path)


def test_history_is_trained_on_like_news(tmp_path: Path) -> None:
    lesson = build_lesson()
    half = replace(lesson, news=lesson.news[:20], history=lesson.news[20:])
    for name, one in (("whole", lesson), ("half", half)):
        TINY.fit(one, tmp_path / name, Watcher())
    whole, mixed = (load_file(tmp_path / name / "model.safetensors") for name in ("whole", "half"))
    assert all(torch.equal(whole[name], mixed[name]) for name in whole)


def test_refuses_an_undeclared_label_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(StageError, match="licence"):
        TINY.fit(build_lesson(news=build_documents(9, ("licence", "recall"))), tmp_path, Watcher())


def test_refuses_texts_longer_than_the_encoder_has_positions_for(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="max_tokens is 513, and scratch:tiny reads 512 tokens at most: lower it"):
        TINY.model_copy(update={"max_tokens": 513}).fit(build_lesson(), tmp_path, Watcher())


def test_refuses_to_write_a_model_whose_loss_is_not_a_number(champion: Path, tmp_path: Path) -> None:
    with pytest.raises(DivergedError, match="rate"):
        TINY.model_copy(update={"rate": 1e30, "warmup": 0.0}).fit(build_lesson(champion=champion), tmp_path / "model", Watcher())
    assert not (tmp_path / "model" / "model.json").exists()


def test_weights_stored_in_half_take_half_the_room(champion: Path, tmp_path: Path) -> None:
    TINY.model_copy(update={"stored": "bf16", "max_steps": 1}).fit(build_lesson(), tmp_path, Watcher())
    sizes = [(folder / "model.safetensors").stat().st_size for folder in (champion, tmp_path)]
    assert sizes[1] < 0.6 * sizes[0]


def test_minilm_learns_from_forty_rows(tmp_path: Path) -> None:
    learner = Classifier(epochs=2, max_tokens=32, head_rate=1e-2, batch_tokens=256)
    curve = learner.fit(build_lesson(), tmp_path, Watcher())
    assert curve[-1].loss < curve[0].loss
    predictions = load_predictor(tmp_path, 1).predict(build_documents(20, start=500))
    assert sum(found.predicted == LABELS[number % 2] for number, found in enumerate(predictions)) >= 19
