"""How likely a decoder finds each token, for training, scoring and preferring alike."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from pipelines.learners.batches import plan_reading
from pipelines.learners.devices import Precision, cast
from pipelines.learners.padding import Padded, Rows, flatten_rows
from pipelines.learners.weights import Network

_READING_TOKENS = 1280
_TOGETHER = 32
"""Prompts that are continued at once."""


def token_losses(network: Network, batch: Padded) -> torch.Tensor:
    """Return each token's loss after the ones before it, in nats (rows x length - 1); zero where there is padding."""
    scores = network(input_ids=batch.ids, attention_mask=batch.mask).logits[:, :-1].float()
    losses = torch.nn.functional.cross_entropy(scores.transpose(1, 2), batch.ids[:, 1:], reduction="none")
    return losses * batch.mask[:, 1:]


def read_losses(
    network: Network,
    rows: Rows,
    device: torch.device,
    precision: Precision,
) -> list[torch.Tensor]:
    """Return for each row the losses of its tokens from the second on, in double precision on the CPU."""
    found = [torch.zeros(0)] * len(rows)
    flat = flatten_rows(rows)
    with torch.inference_mode(), cast(device, precision):
        for batch in plan_reading(flat.lengths.tolist(), _READING_TOKENS):
            losses = token_losses(network, flat.pad(batch, 0, device)).cpu().double()
            for place, row in zip(batch, losses, strict=True):
                found[place] = row[: len(flat[place]) - 1]
    return found


def continue_greedily(network: Network, prompts: Sequence[Sequence[int]], count: int, device: torch.device) -> list[list[int]]:
    """Return the ``count`` likeliest next ids of each prompt, one after the other, in single precision.

    Prompts of one length are read together, so that nothing is padded.
    """
    answers: list[list[int]] = [[] for _ in prompts]
    lengths = [len(prompt) for prompt in prompts]
    for batch in _group_alike(lengths):
        ids = torch.tensor([list(prompts[place]) for place in batch], device=device)
        for place, answer in zip(batch, _continue_together(network, ids, count), strict=True):
            answers[place] = answer
    return answers


def _group_alike(lengths: Sequence[int]) -> list[list[int]]:
    groups: dict[int, list[int]] = {}
    for place, length in enumerate(lengths):
        groups.setdefault(length, []).append(place)
    return [group[first : first + _TOGETHER] for _, group in sorted(groups.items()) for first in range(0, len(group), _TOGETHER)]


def _continue_together(network: Network, ids: torch.Tensor, count: int) -> list[list[int]]:
    answer: list[torch.Tensor] = []
    with torch.inference_mode():
        found = network(input_ids=ids, use_cache=True)
        for _ in range(count):
            answer.append(found.logits[:, -1].argmax(dim=-1, keepdim=True))
            if len(answer) < count:
                found = network(input_ids=answer[-1], cache=found.cache, use_cache=True)
    rows: list[list[int]] = torch.cat(answer, dim=1).tolist() if answer else [[] for _ in ids]
    return rows
