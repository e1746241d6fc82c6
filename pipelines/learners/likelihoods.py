"""How likely a decoder finds each token, for training, scoring and preferring alike."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from pipelines.learners.batches import plan_reading
from pipelines.learners.devices import Precision, cast
from pipelines.learners.padding import Padded, pad_rows
from pipelines.learners.weights import Network

_READING_TOKENS = 1280


def token_losses(network: Network, batch: Padded) -> torch.Tensor:
    """Return each token's loss after the ones before it, in nats (rows x length - 1); zero where there is padding."""
    scores = network(input_ids=batch.ids, attention_mask=batch.mask).logits[:, :-1].float()
    losses = torch.nn.functional.cross_entropy(scores.transpose(1, 2), batch.ids[:, 1:], reduction="none")
    return losses * batch.mask[:, 1:]


def read_losses(
    network: Network,
    rows: Sequence[Sequence[int]],
    device: torch.device,
    precision: Precision,
) -> list[torch.Tensor]:
    """Return for each row the losses of its tokens from the second on, in double precision on the CPU."""
    found = [torch.zeros(0)] * len(rows)
    with torch.inference_mode(), cast(device, precision):
        for batch in plan_reading([len(row) for row in rows], _READING_TOKENS):
            losses = token_losses(network, pad_rows([rows[place] for place in batch], 0, device)).cpu().double()
            for place, row in zip(batch, losses, strict=True):
                found[place] = row[: len(rows[place]) - 1]
    return found


def continue_greedily(network: Network, prompt: Sequence[int], count: int, device: torch.device) -> list[int]:
    """Return the ``count`` likeliest next ids, one after the other, in single precision."""
    answer: list[int] = []
    with torch.inference_mode():
        found = network(input_ids=torch.tensor([list(prompt)], device=device), use_cache=True)
        for _ in range(count):
            answer.append(int(found.logits[0, -1].argmax()))
            if len(answer) < count:
                following = torch.tensor([[answer[-1]]], device=device)
                found = network(input_ids=following, cache=found.cache, use_cache=True)
    return answer
