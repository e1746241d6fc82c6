"""A quicker network is the same network: its weights, its outputs and what is saved of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from pipelines.learners.bases import find_base
from pipelines.learners.classifier import Classifier
from pipelines.learners.classifier_fitting import ClassifierTask
from pipelines.learners.classifier_networks import ClassifierNetwork
from pipelines.learners.quickening import compile_layers, quicken, set_dropout
from pipelines.learners.schedules import Adapter, Schedule
from pipelines.learners.tokenizers import train_tokenizer
from pipelines.learners.weights import adapt, load_base
from tests.builders.lessons import LABELS, Watcher, build_document, build_lesson
from tests.builders.networks import build_decoder, build_encoder, build_rows

CPU = torch.device("cpu")
TINY = Classifier(base="scratch:tiny", epochs=1, rate=2e-3, batch_tokens=128, max_tokens=64, precision="fp32")


def schedule(**fields: object) -> Schedule:
    return Schedule(**{"base": "scratch:tiny", **fields})


def drops(network: torch.nn.Module) -> set[float]:
    return {module.p for module in network.modules() if isinstance(module, torch.nn.Dropout)}


def test_dropout_is_what_the_schedule_says_or_the_base() -> None:
    network = build_encoder(hidden_dropout_prob=0.3, attention_probs_dropout_prob=0.2)
    quicken(network, schedule(dropout=None), CPU)
    assert drops(network) == {0.3, 0.2}
    quicken(network, schedule(), CPU)
    assert drops(network) == {0.0}
    decoder = build_decoder(attention_dropout=0.4)
    set_dropout(decoder, 0.1)
    assert {layer.self_attn.attention_dropout for layer in decoder.model.layers} == {0.1}


def test_low_rank_updates_keep_a_dropout_of_their_own() -> None:
    network = build_encoder(hidden_dropout_prob=0.3)
    quicken(network, schedule(), CPU)
    assert 0.5 in drops(adapt(network, Adapter(rank=2, dropout=0.5)))


def test_without_dropout_two_passes_are_alike_and_with_it_not() -> None:
    rows = build_rows(5, 9).pad([0, 1], 0, CPU)
    for share, is_alike in ((0.0, True), (0.2, False)):
        network = build_encoder().train()
        set_dropout(network, share)
        first, second = (network(input_ids=rows.ids, attention_mask=rows.mask).last_hidden_state for _ in range(2))
        assert torch.equal(first, second) == is_alike


def test_what_is_saved_tells_nothing_of_how_it_was_trained(tmp_path: Path) -> None:
    configs = []
    for name, fields in (("packed", {}), ("padded", {"packing": "off", "dropout": None})):
        TINY.model_copy(update=fields).fit(build_lesson(), tmp_path / name, Watcher())
        configs.append(json.loads((tmp_path / name / "config.json").read_text()))
    assert configs[0] == configs[1]
    assert configs[0]["hidden_dropout_prob"] == 0.1


def test_a_packed_training_and_a_padded_one_give_the_same_model(tmp_path: Path) -> None:
    lesson = build_lesson(checkpoints=tmp_path / "state" / "checkpoints")
    curves = [
        TINY.model_copy(update={"packing": packing}).fit(lesson, tmp_path / packing, Watcher()) for packing in ("on", "off")
    ]
    assert [step.loss for step in curves[0]] == pytest.approx([step.loss for step in curves[1]], abs=1e-5)
    packed, padded = (load_file(tmp_path / packing / "model.safetensors") for packing in ("on", "off"))
    for name, weight in padded.items():
        torch.testing.assert_close(packed[name], weight, atol=1e-4, rtol=0)
    assert len(list((tmp_path / "state" / "encoded").glob("*.arrow"))) == 2


def test_scores_are_in_the_order_that_was_asked_for_packed_or_padded() -> None:
    texts = ["one two three four five six", "one", "one two three", "one two three four"]
    lesson = build_lesson(news=[build_document(number, LABELS[number % 2], text=text) for number, text in enumerate(texts)])
    tokenizer = train_tokenizer(texts, "tiny")
    encoder, _ = load_base(find_base("scratch:tiny"), "encoder", tokenizer)
    network = ClassifierNetwork(encoder, 2).eval()
    torch.nn.init.normal_(network.head.weight)
    tasks = [
        ClassifierTask(TINY.model_copy(update={"packing": packing}), network, tokenizer, lesson, CPU) for packing in ("on", "off")
    ]
    for places in ([0, 1, 2, 3], [3, 0, 1], [2]):
        packed, padded = (task.scores(network, places) for task in tasks)
        torch.testing.assert_close(packed, padded, atol=1e-5, rtol=0)
        losses = [float(task.loss(places).detach()) for task in tasks]
        assert losses[0] == pytest.approx(losses[1], abs=1e-5)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # torch's compiler about torch
def test_compiled_layers_give_what_plain_ones_give() -> None:
    network = build_encoder()
    rows = build_rows(5, 9).pad([0, 1], 0, CPU)
    plain = network(input_ids=rows.ids, attention_mask=rows.mask).last_hidden_state
    names = set(network.state_dict())
    compile_layers(network)
    compiled = network(input_ids=rows.ids, attention_mask=rows.mask).last_hidden_state
    torch.testing.assert_close(compiled, plain, atol=1e-5, rtol=1e-5)
    assert set(network.state_dict()) == names
