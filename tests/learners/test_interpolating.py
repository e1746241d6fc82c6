"""A line between old and new weights: exact at both ends, and its point chosen on dev, of equals the newest."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from safetensors.torch import load_file

from pipelines.learners.cards import read_card
from pipelines.learners.causal_lm import CausalLm
from pipelines.learners.classifier import Classifier
from pipelines.learners.interpolating import interpolate, load_blend, remember
from pipelines.learners.schedules import Adapter
from pipelines.learners.upkeep import Interpolation
from tests.builders.lessons import Watcher, build_documents, build_lesson

CLASSIFIER = Classifier(base="scratch:tiny", epochs=2, rate=2e-3, batch_tokens=512, max_tokens=64, precision="fp32")
LANGUAGE = CausalLm(base="scratch:tiny", epochs=2, rate=3e-3, batch_tokens=512, max_tokens=64, precision="fp32", stored="fp32")


def build_network(seed: int) -> torch.nn.Module:
    torch.manual_seed(seed)
    network = torch.nn.Sequential(torch.nn.Linear(3, 2), torch.nn.BatchNorm1d(2))
    network.register_buffer("places", torch.arange(4) + seed)
    return network


def is_same(first: torch.nn.Module, second: torch.nn.Module) -> bool:
    return all(torch.equal(tensor, second.state_dict()[name]) for name, tensor in first.state_dict().items())


@settings(max_examples=30)
@given(st.floats(0, 1))
def test_each_weight_lies_on_the_line_and_the_ends_are_exact(share: float) -> None:
    old, new, network = build_network(1), build_network(2), build_network(3)
    load_blend(network, remember(old), remember(new), share)
    for name, tensor in network.state_dict().items():
        first, last = old.state_dict()[name], new.state_dict()[name]
        if tensor.is_floating_point():
            torch.testing.assert_close(tensor, first + share * (last - first))
        else:
            assert torch.equal(tensor, last)
    load_blend(network, remember(old), remember(new), 1.0)
    assert is_same(network, new)
    load_blend(network, remember(old), remember(new), 0.0)
    assert torch.equal(network[0].weight, old[0].weight)


def test_the_share_with_the_least_loss_is_kept_and_every_trial_is_told() -> None:
    old, network = remember(build_network(1)), build_network(2)
    goal = torch.lerp(old["0.weight"], network[0].weight.detach(), 0.5)
    blend = interpolate(network, old, (1.0, 0.25, 0.5), lambda: float((network[0].weight.detach() - goal).abs().max()))
    assert blend is not None
    assert blend.share == 0.5
    assert [trial.share for trial in blend.trials] == [0.25, 0.5, 1.0]
    torch.testing.assert_close(network[0].weight.detach(), goal)


def test_of_equal_losses_the_newest_wins() -> None:
    new = build_network(2)
    network = build_network(2)
    blend = interpolate(network, remember(build_network(1)), (0.25, 1.0, 0.5), lambda: 1.0)
    assert blend is not None
    assert blend.share == 1.0
    assert is_same(network, new)


def test_without_dev_the_weights_are_what_was_learned() -> None:
    network = build_network(2)
    assert interpolate(network, remember(build_network(1)), (0.5, 1.0), lambda: None) is None
    assert is_same(network, build_network(2))


def test_what_is_remembered_does_not_change_with_the_network() -> None:
    network = build_network(1)
    kept = remember(network)
    with torch.no_grad():
        network[0].weight.add_(1.0)
    assert torch.equal(kept["0.weight"], build_network(1)[0].weight)


@pytest.mark.parametrize("adapter", [None, Adapter(rank=2)], ids=["full", "adapter"])
@pytest.mark.parametrize("learner", [CLASSIFIER, LANGUAGE], ids=["classifier", "causal_lm"])
def test_a_warm_start_may_end_between_its_champion_and_itself(
    learner: Classifier | CausalLm, adapter: Adapter | None, tmp_path: Path
) -> None:
    learner.fit(build_lesson(), tmp_path / "champion", Watcher())
    lesson = build_lesson(news=build_documents(20, start=300), champion=tmp_path / "champion")
    warm = learner.model_copy(update={"adapter": adapter})
    for name, shares in (("old", (0.0,)), ("half", (0.5,)), ("new", (1.0,))):
        warm.model_copy(update={"interpolation": Interpolation(shares=shares)}).fit(lesson, tmp_path / name, Watcher())
    warm.fit(lesson, tmp_path / "plain", Watcher())
    champion, old, half, new, plain = (
        load_file(tmp_path / name / "model.safetensors") for name in ("champion", "old", "half", "new", "plain")
    )
    for name, tensor in champion.items():
        assert torch.equal(old[name], tensor)
        assert torch.equal(new[name], plain[name])
        torch.testing.assert_close(half[name], (tensor + new[name]) / 2)
    assert any(not torch.equal(new[name], tensor) for name, tensor in champion.items())
    found = read_card(tmp_path / "half").blend
    assert found is not None
    assert (found.share, len(found.trials)) == (0.5, 1)
    assert read_card(tmp_path / "plain").blend is None


def test_a_cold_start_has_nothing_to_be_blended_with(tmp_path: Path) -> None:
    CLASSIFIER.model_copy(update={"interpolation": Interpolation(), "max_steps": 1}).fit(build_lesson(), tmp_path, Watcher())
    assert read_card(tmp_path).blend is None


@pytest.mark.parametrize("shares", [(), (1.5,), (-0.1, 1.0)])
def test_refuses_shares_beyond_old_and_new(shares: tuple[float, ...]) -> None:
    with pytest.raises(ValidationError):
        Interpolation(shares=shares)
