"""Losses of tokens against a plain reference: one row at a time, one token at a time, nothing padded."""

from __future__ import annotations

import math

import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from pipelines.learners.causal_lm import CausalLm
from pipelines.learners.causal_lm_fitting import CausalLmTask
from pipelines.learners.likelihoods import continue_greedily, read_losses, token_losses
from pipelines.learners.padding import pad_rows

CPU = torch.device("cpu")
ROWS = [(1, 5, 9, 3), (1, 7), (1, 2, 3, 4, 5, 6, 7), (1, 8, 8)]


@pytest.fixture(scope="module")
def network() -> LlamaForCausalLM:
    torch.manual_seed(0)
    shape = {"vocab_size": 12, "hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    return LlamaForCausalLM(LlamaConfig(**shape)).eval()


def reference(network: LlamaForCausalLM, row: tuple[int, ...]) -> list[float]:
    losses = []
    for end in range(1, len(row)):
        scores = network(input_ids=torch.tensor([row[:end]])).logits[0, -1].detach().double()
        losses.append(float(torch.logsumexp(scores, 0) - scores[row[end]]))
    return losses


def test_losses_in_batches_are_those_of_single_tokens(network: LlamaForCausalLM) -> None:
    for row, losses in zip(ROWS, read_losses(network, ROWS, CPU, "fp32"), strict=True):
        assert losses.tolist() == pytest.approx(reference(network, row), abs=1e-5)


def test_padding_has_no_loss(network: LlamaForCausalLM) -> None:
    batch = pad_rows(ROWS, 0, CPU)
    losses = token_losses(network, batch)
    assert losses.shape == (4, 6)
    assert torch.equal(losses != 0, batch.mask[:, 1:] == 1)


def test_a_batchs_loss_is_the_sum_of_its_tokens_however_they_are_divided_into_rows(network: LlamaForCausalLM) -> None:
    task = CausalLmTask(CausalLm(base="scratch:tiny", precision="fp32"), network, (list(ROWS), list(ROWS)), CPU)
    expected = [loss for row in ROWS for loss in reference(network, row)]
    assert task.count([0, 1, 2, 3]) == len(expected)
    assert float(task.loss([0, 1, 2, 3]).detach()) == pytest.approx(math.fsum(expected), rel=1e-6)
    assert task.dev_loss() == pytest.approx(math.fsum(expected) / len(expected), abs=1e-5)


def test_the_padding_of_a_batch_teaches_nothing(network: LlamaForCausalLM) -> None:
    task = CausalLmTask(CausalLm(base="scratch:tiny", precision="fp32"), network, (list(ROWS), []), CPU)
    network.zero_grad()
    task.loss([0]).backward()
    alone = network.model.embed_tokens.weight.grad.clone()
    network.zero_grad()
    ids = torch.tensor([[*ROWS[0], 11, 11, 11]])
    mask = torch.tensor([[1, 1, 1, 1, 0, 0, 0]])
    padded = type(pad_rows([ROWS[0]], 0, CPU))(ids=ids, mask=mask)
    token_losses(network, padded).sum().backward()
    torch.testing.assert_close(network.model.embed_tokens.weight.grad, alone, atol=1e-6, rtol=1e-5)
    assert not network.model.embed_tokens.weight.grad[11].any()
    network.zero_grad()


def test_an_answer_is_the_likeliest_token_after_the_ones_before(network: LlamaForCausalLM) -> None:
    prompts = [(1, 5), (1, 2, 3), (1, 7), (1,)]
    answers = continue_greedily(network, prompts, 4, CPU)
    for prompt, answer in zip(prompts, answers, strict=True):
        row = list(prompt)
        for token in answer:
            assert token == int(network(input_ids=torch.tensor([row])).logits[0, -1].argmax())
            row.append(token)
        assert len(answer) == 4
    assert continue_greedily(network, [(1, 5)], 0, CPU) == [[]]
    assert continue_greedily(network, [], 4, CPU) == []
