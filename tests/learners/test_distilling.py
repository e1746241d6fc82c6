"""Held to the champion's opinion: nothing where both agree, on the rows that were asked for, and it keeps what was known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.learners.causal_lm import CausalLm
from pipelines.learners.causal_lm_fitting import CausalLmTask, encode_texts
from pipelines.learners.classifier import Classifier
from pipelines.learners.classifier_fitting import ClassifierTask
from pipelines.learners.classifier_networks import read_network
from pipelines.learners.distilling import Distilled, Scored, Teacher, choose_taught, measure_divergence
from pipelines.learners.predictors import load_predictor
from pipelines.learners.schedules import Adapter
from pipelines.learners.upkeep import Distillation
from pipelines.learners.weights import load_folder
from tests.builders.lessons import LABELS, Watcher, build_documents, build_lesson

CLASSIFIER = Classifier(base="scratch:tiny", epochs=3, rate=2e-3, batch_tokens=512, max_tokens=64, precision="fp32")
LANGUAGE = CausalLm(base="scratch:tiny", epochs=3, rate=3e-3, batch_tokens=512, max_tokens=64, precision="fp32", stored="fp32")
CPU = torch.device("cpu")
PARAMS = Distillation(weight=1.0, temperature=2.0)


@pytest.fixture(scope="module")
def champions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {"classifier": tmp_path_factory.mktemp("classifier"), "causal_lm": tmp_path_factory.mktemp("language")}
    CLASSIFIER.fit(build_lesson(), folders["classifier"], Watcher())
    LANGUAGE.fit(build_lesson(), folders["causal_lm"], Watcher())
    return folders


def open_task(kind: str, champion: Path) -> Scored:
    """The task of a lesson of 10 rows, whose network is the champion's, ready to be asked and not to be dropped out of."""
    lesson = build_lesson(10)
    if kind == "classifier":
        network, tokenizer = read_network(champion, LABELS)
        return ClassifierTask(CLASSIFIER, network.eval(), tokenizer, lesson, CPU)
    network, tokenizer = load_folder(champion, "decoder")
    rows = encode_texts(tokenizer, [row.text for row in lesson.news], 0, LANGUAGE.max_tokens)
    return CausalLmTask(LANGUAGE, network.eval(), (rows, []), CPU)


def open_teacher(kind: str, champion: Path, shift: float = 0.0) -> Teacher:
    """The champion's network; a ``shift`` gives it another opinion."""
    network = read_network(champion, LABELS)[0] if kind == "classifier" else load_folder(champion, "decoder")[0]
    weight = network.head.weight if kind == "classifier" else network.lm_head.weight
    with torch.no_grad():
        weight.add_(shift * torch.randn(weight.shape, generator=torch.Generator().manual_seed(1)))
    return Teacher(network=network)


def read(loss: torch.Tensor) -> float:
    return float(loss.detach())


KINDS = pytest.mark.parametrize("kind", ["classifier", "causal_lm"])


@settings(max_examples=30)
@given(st.floats(0.5, 5.0), st.integers(0, 50))
def test_a_divergence_is_nothing_between_equals_and_something_else(temperature: float, seed: int) -> None:
    scores = torch.randn(3, 5, generator=torch.Generator().manual_seed(seed))
    others = torch.randn(3, 5, generator=torch.Generator().manual_seed(seed + 100))
    assert float(measure_divergence(scores, scores + 4.0, temperature)) == pytest.approx(0, abs=1e-5)
    assert float(measure_divergence(scores, others, temperature)) > 0


def test_a_divergence_is_what_its_formula_says() -> None:
    own, opinion = torch.tensor([[0.0, 0.0]]), torch.tensor([[2.0, 0.0]])
    first = torch.softmax(torch.tensor([1.0, 0.0]), dim=-1)
    expected = 4 * float((first * (first / 0.5).log()).sum())
    assert float(measure_divergence(own, opinion, 2.0)) == pytest.approx(expected, rel=1e-5)


@KINDS
def test_a_loss_that_is_taken_apart_is_the_loss(kind: str, champions: dict[str, Path]) -> None:
    task, places = open_task(kind, champions[kind]), [4, 0, 7]
    scores = task.scores(task.network, places)
    assert len(scores) == task.count(places)
    assert read(task.judge(scores, places)) == pytest.approx(read(task.loss(places)), rel=1e-6)


@KINDS
def test_who_agrees_with_its_champion_has_its_own_loss_alone(kind: str, champions: dict[str, Path]) -> None:
    task = open_task(kind, champions[kind])
    held = Distilled(task, open_teacher(kind, champions[kind]), PARAMS, frozenset(range(10)))
    assert read(held.loss([1, 2, 3])) == pytest.approx(read(task.loss([1, 2, 3])), abs=1e-4)
    assert held.count([1, 2]) == task.count([1, 2])


@KINDS
def test_only_the_rows_that_were_asked_for_are_held(kind: str, champions: dict[str, Path]) -> None:
    """The term of a mixed batch is that of its held rows alone, whichever their places in it."""
    task = open_task(kind, champions[kind])
    held = Distilled(task, open_teacher(kind, champions[kind], shift=0.3), PARAMS, frozenset({2, 5}))
    extra = [read(held.loss(places)) - read(task.loss(places)) for places in ([5, 1, 2, 0], [2, 5], [0, 1], [2], [5])]
    assert extra[0] == pytest.approx(extra[1], rel=1e-3)
    assert extra[1] == pytest.approx(extra[3] + extra[4], rel=1e-3)
    assert extra[1] > 0.01
    assert extra[2] == pytest.approx(0, abs=1e-6)


def test_news_are_held_only_where_that_is_asked_for() -> None:
    assert choose_taught(Distillation(rows="replayed"), 3, 5) == {3, 4}
    assert choose_taught(Distillation(rows="all"), 3, 5) == {0, 1, 2, 3, 4}


@KINDS
def test_twice_the_weight_is_twice_the_term(kind: str, champions: dict[str, Path]) -> None:
    task = open_task(kind, champions[kind])
    losses = [
        read(Distilled(task, open_teacher(kind, champions[kind], 0.3), params, frozenset({1, 2})).loss([1, 2]))
        for params in (PARAMS, PARAMS.model_copy(update={"weight": 2.0}))
    ]
    own = read(task.loss([1, 2]))
    assert losses[1] - own == pytest.approx(2 * (losses[0] - own), rel=1e-3)


@KINDS
def test_no_gradient_reaches_the_champion(kind: str, champions: dict[str, Path]) -> None:
    task, teacher = open_task(kind, champions[kind]), open_teacher(kind, champions[kind], shift=0.3)
    Distilled(task, teacher, PARAMS, frozenset(range(10))).loss([1, 2]).backward()
    assert all(one.grad is None for one in teacher.network.parameters())
    assert not teacher.network.training
    assert any(one.grad is not None for one in task.network.parameters())


def test_a_label_that_the_champion_does_not_know_is_no_part_of_its_opinion(champions: dict[str, Path], tmp_path: Path) -> None:
    labels = ("licence", *LABELS)
    lesson = build_lesson(labels=labels, champion=champions["classifier"], history=build_documents(6, start=400))
    learner = CLASSIFIER.model_copy(update={"distillation": Distillation(rows="all", weight=1.0), "epochs": 6})
    learner.fit(lesson, tmp_path / "model", Watcher())
    documents = build_documents(30, labels, start=700)
    found = load_predictor(tmp_path / "model", 1).predict(documents)
    assert [one.predicted for one in found] == [document.label for document in documents]


@pytest.mark.parametrize("adapter", [None, Adapter(rank=4)], ids=["full", "adapter"])
@pytest.mark.parametrize("learner", [CLASSIFIER, LANGUAGE], ids=["classifier", "causal_lm"])
def test_held_strongly_it_stays_nearer_to_what_its_champion_said(
    learner: Classifier | CausalLm, adapter: Adapter | None, champions: dict[str, Path], tmp_path: Path
) -> None:
    champion, known = champions[learner.kind], build_documents(12)
    turned = [replace(row, label=LABELS[row.label == LABELS[0]], text=row.text[::-1]) for row in build_documents(20)]
    lesson = build_lesson(news=turned, history=known, champion=champion)
    free = learner.model_copy(update={"adapter": adapter, "epochs": 4})
    held = free.model_copy(update={"distillation": Distillation(rows="all", weight=50.0)})
    for name, one in (("free", free), ("held", held)):
        one.fit(lesson, tmp_path / name, Watcher())
    before, loose, near = (
        load_predictor(folder, 1).predict(turned) for folder in (champion, tmp_path / "free", tmp_path / "held")
    )
    moved = [sum(abs(a.loss - b.loss) for a, b in zip(after, before, strict=True)) for after in (loose, near)]
    assert moved[1] < 0.6 * moved[0]


def test_a_cold_start_has_nobody_to_be_held_to(tmp_path: Path) -> None:
    for name, wanted in (("plain", None), ("asked", Distillation())):
        CLASSIFIER.model_copy(update={"distillation": wanted, "max_steps": 2}).fit(build_lesson(), tmp_path / name, Watcher())
    assert (tmp_path / "plain" / "model.safetensors").read_bytes() == (tmp_path / "asked" / "model.safetensors").read_bytes()
