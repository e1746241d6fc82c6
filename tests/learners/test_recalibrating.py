"""One temperature: it makes the loss on dev the least that one number can, and no prediction another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from pipelines.files import read_json, write_json
from pipelines.learners.cards import Card, read_card, write_card
from pipelines.learners.classifier import Classifier
from pipelines.learners.predictors import load_predictor
from pipelines.learners.recalibrating import COLDEST, HOTTEST, fit_temperature, measure_loss
from pipelines.learners.upkeep import Recalibration
from tests.builders.lessons import LABELS, Watcher, build_document, build_documents, build_lesson

TINY = Classifier(base="scratch:tiny", epochs=8, rate=2e-3, head_rate=5e-2, batch_tokens=512, max_tokens=64, precision="fp32")
NOISY = [build_document(number, LABELS[number % 2]) for number in range(2000, 2100)]
NOISY = [replace(row, label=LABELS[(number + (number % 5 == 0)) % 2]) for number, row in enumerate(NOISY)]
"""A dev of which every fifth label is the other one, so that nobody may be sure."""


def draw(seed: int, rows: int = 300, labels: int = 4) -> tuple[NDArray[np.float64], list[int]]:
    generator = np.random.default_rng(seed)
    scores = generator.normal(size=(rows, labels)) * 2
    chances = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    return scores, [int(generator.choice(labels, p=row)) for row in chances]


@settings(max_examples=20)
@given(st.integers(0, 30), st.floats(0.3, 4.0))
def test_scores_that_were_stretched_are_shrunk_by_as_much(seed: int, stretch: float) -> None:
    scores, truths = draw(seed, rows=600)
    assert fit_temperature(scores * stretch, truths) == pytest.approx(stretch * fit_temperature(scores, truths), rel=1e-6)
    assert fit_temperature(scores, truths) == pytest.approx(1.0, abs=0.35)


@settings(max_examples=30)
@given(st.integers(0, 30), st.floats(0.2, 5.0), st.floats(0.1, 10.0))
def test_no_other_temperature_has_a_smaller_loss(seed: int, stretch: float, other: float) -> None:
    scores, truths = draw(seed)
    scores = scores * stretch
    best = measure_loss(scores, truths, fit_temperature(scores, truths))
    assert best <= measure_loss(scores, truths, other) + 1e-9


def test_the_search_ends_where_every_row_is_right_and_where_every_one_is_wrong() -> None:
    scores = np.array([[3.0, 0.0], [0.0, 3.0]])
    assert fit_temperature(scores, [0, 1]) == pytest.approx(COLDEST, rel=1e-3)
    assert fit_temperature(scores, [1, 0]) == pytest.approx(HOTTEST, rel=1e-3)


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same training without and with recalibration, on a dev of which every fifth label is wrong."""
    folders = tmp_path_factory.mktemp("raw"), tmp_path_factory.mktemp("recalibrated")
    for folder, wanted in zip(folders, (None, Recalibration(minimum=50)), strict=True):
        TINY.model_copy(update={"recalibration": wanted}).fit(build_lesson(dev=NOISY), folder, Watcher())
    return folders


def test_recalibration_lowers_the_loss_on_dev_and_changes_no_prediction(both: tuple[Path, Path]) -> None:
    raw, put_right = (load_predictor(folder, 1).predict(NOISY) for folder in both)
    assert [found.predicted for found in raw] == [found.predicted for found in put_right]
    assert sum(found.loss for found in put_right) < sum(found.loss for found in raw) - 1
    sureness = [sum(found.confidence or 0 for found in predictions) / len(NOISY) for predictions in (raw, put_right)]
    assert sureness[0] > 0.95
    assert sureness[1] == pytest.approx(0.8, abs=0.05)


def test_recalibration_changes_no_weight_and_says_its_temperature_in_the_card(both: tuple[Path, Path]) -> None:
    raw, put_right = both
    assert (raw / "model.safetensors").read_bytes() == (put_right / "model.safetensors").read_bytes()
    assert (raw / "head.safetensors").read_bytes() == (put_right / "head.safetensors").read_bytes()
    assert read_card(raw).temperature == 1.0
    assert read_card(put_right).temperature > 1.2


def test_too_few_rows_of_dev_leave_a_model_as_it_is(tmp_path: Path) -> None:
    learner = TINY.model_copy(update={"recalibration": Recalibration(minimum=101), "max_steps": 1})
    learner.fit(build_lesson(dev=NOISY), tmp_path, Watcher())
    assert read_card(tmp_path).temperature == 1.0


def test_a_card_from_before_there_was_a_temperature_changes_nothing(both: tuple[Path, Path], tmp_path: Path) -> None:
    write_card(tmp_path, Card(kind="classifier", labels=LABELS))
    written = read_json(tmp_path / "model.json", dict[str, object])
    write_json(tmp_path / "model.json", {name: value for name, value in written.items() if name not in {"temperature", "blend"}})
    assert (read_card(tmp_path).temperature, read_card(tmp_path).blend) == (1.0, None)
    documents = build_documents(3)
    assert load_predictor(both[0], 1).predict(documents) == load_predictor(both[0], 1).predict(documents)
