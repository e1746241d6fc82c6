"""The sum of next-token losses: that of the plain cross-entropy, to the last gradient, however it is cut."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from pipelines.learners import token_sums
from pipelines.learners.likelihoods import token_losses
from pipelines.learners.packing import pack_rows
from pipelines.learners.schedules import Adapter
from pipelines.learners.token_sums import has_plain_head, sum_losses
from pipelines.learners.weights import adapt
from tests.builders.networks import build_decoder, build_rows, read_gradients

CPU = torch.device("cpu")
ROWS = build_rows(7, 2, 12, 2, 5)
PLACES = range(len(ROWS))
PADDED = ROWS.pad(PLACES, 0, CPU)
PACK = pack_rows(ROWS, PLACES, CPU)[0]


@pytest.fixture(params=[1 << 24, 150], ids=["at once", "three tokens at a time"])
def size(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(token_sums, "_SCORES", request.param)


@pytest.mark.parametrize("batch", [PADDED, PACK], ids=["padded", "packed"])
@pytest.mark.parametrize("tied", [True, False])
@pytest.mark.usefixtures("size")
def test_losses_and_gradients_are_those_of_the_plain_cross_entropy(batch: Any, tied: bool) -> None:  # noqa: FBT001  # a case
    network = build_decoder(tie_word_embeddings=tied)
    expected, found = token_losses(network, PADDED).sum(), sum_losses(network, batch)
    assert float(found.detach()) == pytest.approx(float(expected.detach()), rel=1e-6)
    references, gradients = read_gradients(network, expected / 23), read_gradients(network, found / 23)
    assert gradients.keys() == references.keys()
    for name, gradient in references.items():
        torch.testing.assert_close(gradients[name], gradient, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize("batch", [PADDED, PACK], ids=["padded", "packed"])
def test_another_head_is_run_as_it_is(batch: Any) -> None:
    network = build_decoder()
    expected = float(sum_losses(network, PADDED).detach())
    network.config.model_type = "unheard-of"
    assert not has_plain_head(network)
    assert float(sum_losses(network, batch).detach()) == pytest.approx(expected, rel=1e-6)


def test_a_head_with_a_bias_is_not_plain() -> None:
    network = build_decoder(tie_word_embeddings=False)
    network.lm_head = torch.nn.Linear(16, 50)
    assert not has_plain_head(network)


def test_low_rank_updates_learn_as_ever() -> None:
    network = adapt(build_decoder(), Adapter(rank=2))
    references = read_gradients(network, token_losses(network, PADDED).sum())
    gradients = read_gradients(network, sum_losses(network, PACK))
    assert gradients.keys() == references.keys()
    assert all("lora" in name for name in gradients)
    for name, gradient in references.items():
        torch.testing.assert_close(gradients[name], gradient, atol=1e-4, rtol=1e-4)


def test_the_head_gives_scores_again_afterwards_and_after_an_error() -> None:
    network = build_decoder()
    sum_losses(network, PACK)
    with pytest.raises(IndexError):
        sum_losses(network, type(PADDED)(ids=PADDED.ids + 999, mask=PADDED.mask))
    assert network(input_ids=PADDED.ids).logits.shape == (*PADDED.ids.shape, 50)
    assert "forward" not in vars(network.get_output_embeddings())


def test_in_half_precision_it_is_as_near_as_the_plain_one() -> None:
    network = build_decoder()
    exact = float(token_losses(network, PADDED).sum().detach())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = sum_losses(network, PACK)
    gradients = read_gradients(network, found)
    assert float(found.detach()) == pytest.approx(exact, rel=2e-2)
    assert all(gradient.dtype == torch.float32 for gradient in gradients.values())


def test_a_row_of_one_token_has_no_loss() -> None:
    network, rows = build_decoder(), build_rows(1, 3)
    both, alone = (sum_losses(network, pack_rows(rows, places, CPU)[0]) for places in ([0, 1], [1]))
    assert float(both.detach()) == pytest.approx(float(alone.detach()), rel=1e-6)
