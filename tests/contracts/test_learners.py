"""What every learner must keep, whatever it is made of: one suite over all of them."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from pipelines.domain.errors import EmptyLessonError
from pipelines.files import digest_folder
from pipelines.judge.model_files import read_model_files
from pipelines.learners.catalogue import AnyLearner
from pipelines.learners.causal_lm import CausalLm
from pipelines.learners.classifier import Classifier
from pipelines.learners.linear import Linear
from pipelines.learners.predictors import load_predictor
from pipelines.learners.schedules import Adapter
from tests.builders.lessons import LABELS, Watcher, build_document, build_documents, build_lesson

TINY_CLASSIFIER = Classifier(base="scratch:tiny", epochs=4, rate=2e-3, batch_tokens=512, max_tokens=64)
TINY_LANGUAGE = CausalLm(base="scratch:tiny", epochs=4, rate=3e-3, batch_tokens=512, max_tokens=64)
LEARNERS: dict[str, AnyLearner] = {
    "linear": Linear(),
    "classifier": TINY_CLASSIFIER,
    "classifier with an adapter": TINY_CLASSIFIER.model_copy(update={"adapter": Adapter(rank=4), "stored": "bf16"}),
    "causal_lm": TINY_LANGUAGE,
    "causal_lm with an adapter": TINY_LANGUAGE.model_copy(update={"adapter": Adapter(rank=4)}),
}
CLASSIFIERS = [name for name in LEARNERS if not name.startswith("causal")]


@pytest.fixture(scope="module", params=list(LEARNERS))
def fitted(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[AnyLearner, Path]:
    folder = tmp_path_factory.mktemp("model")
    LEARNERS[request.param].fit(build_lesson(), folder, Watcher())
    return LEARNERS[request.param], folder


def test_writes_safetensors_and_json_only(fitted: tuple[AnyLearner, Path]) -> None:
    _, folder = fitted
    assert {path.suffix for path in folder.rglob("*") if path.is_file()} == {".safetensors", ".json"}


def test_what_it_writes_passes_the_gate_for_files(fitted: tuple[AnyLearner, Path]) -> None:
    _, folder = fitted
    found = read_model_files(folder)
    assert found.problems == ()
    assert found.size == sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    assert found.parameters > 0


def test_probabilities_are_those_of_the_labels_and_agree_with_the_prediction(fitted: tuple[AnyLearner, Path]) -> None:
    learner, folder = fitted
    for found in load_predictor(folder, 1).predict(build_documents(5, start=500)):
        if learner.kind == "causal_lm":
            assert found.probabilities is None
            continue
        assert found.probabilities is not None
        assert tuple(found.probabilities) == LABELS
        assert sum(found.probabilities.values()) == pytest.approx(1)
        assert found.probabilities[found.predicted] == found.confidence == max(found.probabilities.values())


def test_writes_no_path_and_no_text(fitted: tuple[AnyLearner, Path]) -> None:
    _, folder = fitted
    for path in folder.glob("*.json"):
        assert str(folder.parent).encode() not in path.read_bytes()
    assert build_document(0).text.encode() not in b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_two_fits_are_the_same_bytes(fitted: tuple[AnyLearner, Path], tmp_path: Path) -> None:
    learner, folder = fitted
    learner.fit(build_lesson(), tmp_path / "again", Watcher())
    assert digest_folder(tmp_path / "again") == digest_folder(folder)


def test_another_seed_is_another_model_unless_the_problem_is_convex(fitted: tuple[AnyLearner, Path], tmp_path: Path) -> None:
    learner, folder = fitted
    learner.fit(build_lesson(seed=8), tmp_path / "other", Watcher())
    assert (digest_folder(tmp_path / "other") == digest_folder(folder)) is (learner.kind == "linear")


def test_a_folder_read_twice_predicts_the_same(fitted: tuple[AnyLearner, Path]) -> None:
    _, folder = fitted
    documents = build_documents(9, start=500)
    assert load_predictor(folder, 1).predict(documents) == load_predictor(folder, 1).predict(documents)


def test_answers_in_the_order_of_the_questions(fitted: tuple[AnyLearner, Path]) -> None:
    _, folder = fitted
    documents = [*build_documents(5, start=500), build_document(9, text="tablets " * 40), build_document(10, text="lot")]
    assert [found.row_id for found in load_predictor(folder, 1).predict(documents)] == [one.row_id for one in documents]
    assert load_predictor(folder, 1).predict([]) == []


def test_the_curve_is_what_the_monitor_saw(fitted: tuple[AnyLearner, Path], tmp_path: Path) -> None:
    learner, _ = fitted
    watcher = Watcher()
    curve = learner.fit(build_lesson(), tmp_path / "model", watcher)
    assert watcher.steps == curve
    assert [step.step for step in curve] == list(range(1, curve[0].steps + 1))
    assert curve[-1].dev_loss is not None
    assert curve[-1].loss <= curve[0].loss


def test_refuses_an_empty_lesson(fitted: tuple[AnyLearner, Path], tmp_path: Path) -> None:
    with pytest.raises(EmptyLessonError, match="learn from"):
        fitted[0].fit(build_lesson(news=[]), tmp_path / "model", Watcher())


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_learns_a_separable_task(name: str, tmp_path: Path) -> None:
    LEARNERS[name].fit(build_lesson(), tmp_path / "model", Watcher())
    predictions = load_predictor(tmp_path / "model", 1).predict(build_documents(20, start=500))
    assert [found.predicted for found in predictions] == [LABELS[number % 2] for number in range(20)]


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_a_classifier_refuses_one_label_and_undeclared_labels(name: str, tmp_path: Path) -> None:
    with pytest.raises(EmptyLessonError, match="two"):
        LEARNERS[name].fit(build_lesson(news=build_documents(6, ("recall",))), tmp_path / "model", Watcher())


def test_a_continued_model_starts_where_its_champion_ended(fitted: tuple[AnyLearner, Path], tmp_path: Path) -> None:
    learner, champion = fitted
    if not learner.can_continue(champion):
        assert learner.kind == "linear"
        return
    cold, warm = Watcher(), Watcher()
    learner.fit(build_lesson(), tmp_path / "cold", cold)
    learner.fit(build_lesson(champion=champion), tmp_path / "warm", warm)
    assert warm.steps[0].loss < cold.steps[0].loss


def test_a_champion_is_left_as_it_was(fitted: tuple[AnyLearner, Path], tmp_path: Path) -> None:
    learner, champion = fitted
    before = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in champion.iterdir()}
    learner.fit(build_lesson(champion=champion), tmp_path / "warm", Watcher())
    assert {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in champion.iterdir()} == before


@pytest.mark.parametrize("kind", [TINY_CLASSIFIER, TINY_LANGUAGE], ids=["classifier", "causal_lm"])
def test_only_what_continues_is_re_warmed(kind: Classifier | CausalLm, tmp_path: Path) -> None:
    learner = kind.model_copy(update={"rewarm": 0.25, "warm_epochs": 1})
    cold, warm = Watcher(), Watcher()
    learner.fit(build_lesson(), tmp_path / "cold", cold)
    learner.fit(build_lesson(champion=tmp_path / "cold"), tmp_path / "warm", warm)
    highest = [max(step.rate for step in watcher.steps) for watcher in (cold, warm)]
    assert highest[1] == pytest.approx(0.25 * highest[0])
    assert len(warm.steps) * learner.epochs == len(cold.steps)


@pytest.mark.parametrize("name", ["classifier with an adapter", "causal_lm with an adapter"])
def test_low_rank_updates_are_merged_and_begun_afresh_with_every_warm_start(name: str, tmp_path: Path) -> None:
    """Generation after generation: a plain network on disk, which starts where the last one ended."""
    learner, losses = LEARNERS[name], list[float]()
    for generation in range(3):
        watcher = Watcher()
        champion = tmp_path / str(generation - 1) if generation else None
        learner.fit(build_lesson(champion=champion), tmp_path / str(generation), watcher)
        losses.append(watcher.steps[0].loss)
    assert losses == sorted(losses, reverse=True)
    weights = [load_file(tmp_path / str(generation) / "model.safetensors") for generation in range(3)]
    assert not any("lora" in tensor for tensor in weights[2])
    assert [{key: value.shape for key, value in one.items()} for one in weights[1:]] == [
        {key: value.shape for key, value in weights[0].items()}
    ] * 2
    assert any(not torch.equal(weights[2][key], value) for key, value in weights[1].items())
