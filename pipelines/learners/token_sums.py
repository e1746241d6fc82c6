"""A batch's next-token losses as one sum, without a table of scores: a vocabulary of 49,152 times 2,048 tokens would be 400 MB.

Scores are made for a few hundred tokens at a time, their losses and gradients taken at once, and thrown away; nothing is computed
twice. The arithmetic is that of the plain cross-entropy, in the same precision; only padding and the last token of a row, which
nothing follows, are never scored. (The idea of Hsu et al. (2024), Liger kernel, https://arxiv.org/abs/2410.10989, section 3.3.)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from pipelines.learners.likelihoods import token_losses
from pipelines.learners.packing import Packed, attending_within
from pipelines.learners.padding import Padded
from pipelines.learners.weights import Network

_SCORES = 1 << 24
"""Scores that are held at once (64 MB in single precision)."""
_PLAIN = frozenset({"llama", "mistral", "qwen2", "qwen3"})
"""Families whose scores are the head's outputs as they are."""


def sum_losses(network: Network, batch: Padded | Packed) -> torch.Tensor:
    """Return the sum of the losses (nats) of all tokens that follow another one in their row."""
    if isinstance(batch, Packed):
        return _sum_pack(network, batch)
    if not has_plain_head(network):
        return token_losses(network, batch).sum()
    is_scored = batch.mask[:, 1:].bool()
    with _summing_at_head(network, torch.nn.functional.pad(is_scored, (0, 1)), batch.ids[:, 1:][is_scored]):
        total: torch.Tensor = network(input_ids=batch.ids, attention_mask=batch.mask, use_cache=False).logits
    return total


def has_plain_head(network: Network) -> bool:
    """Return whether a network's scores are a linear layer of its last vectors, and nothing else."""
    head = network.get_output_embeddings()
    return network.config.model_type in _PLAIN and isinstance(head, torch.nn.Linear) and head.bias is None


def _sum_pack(network: Network, pack: Packed) -> torch.Tensor:
    is_scored = torch.ones_like(pack.ids, dtype=torch.bool)
    is_scored[0, torch.tensor(pack.lengths).cumsum(0) - 1] = False
    targets = pack.ids.roll(-1)[is_scored]
    given = {"input_ids": pack.ids, "position_ids": pack.positions, "use_cache": False}
    with attending_within(network.config, pack.lengths):
        if has_plain_head(network):
            with _summing_at_head(network, is_scored, targets):
                total: torch.Tensor = network(**given).logits
            return total
        scores = network(**given).logits[is_scored].float()
    return torch.nn.functional.cross_entropy(scores, targets, reduction="sum")


@contextmanager
def _summing_at_head(network: Network, is_scored: torch.Tensor, targets: torch.Tensor) -> Iterator[None]:
    """Have the head return the sum of losses in place of scores.

    It is still called by the network itself, so that whatever wraps the network (its shards, its copies) is run as ever.
    """
    head = network.get_output_embeddings()
    precision = torch.get_autocast_dtype(targets.device.type) if torch.is_autocast_enabled(targets.device.type) else None

    def lose(vectors: torch.Tensor) -> torch.Tensor:
        total: torch.Tensor = _ChunkedLoss.apply(vectors[is_scored], head.weight, targets, precision)
        return total

    head.forward = lose
    try:
        yield
    finally:
        del head.forward


class _ChunkedLoss(torch.autograd.Function):  # type: ignore[misc]  # torch is not followed
    """Vectors (tokens x width), weight (vocabulary x width) and targets (tokens) to the sum of cross-entropies."""

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401  # torch's own
        vectors: torch.Tensor,
        weight: torch.Tensor,
        targets: torch.Tensor,
        precision: torch.dtype | None,
    ) -> torch.Tensor:
        """Return the sum, and keep both gradients."""
        inputs, matrix = vectors.to(precision or vectors.dtype), weight.to(precision or weight.dtype)
        is_learned, is_followed = ctx.needs_input_grad[1], ctx.needs_input_grad[0]
        ctx.vectors = torch.empty_like(vectors) if is_followed else None
        ctx.weight = torch.zeros_like(weight) if is_learned else None
        total = torch.zeros((), device=vectors.device, dtype=torch.float32)
        with torch.autocast(vectors.device.type, enabled=False):
            for chunk, aims in _cut(len(vectors), targets, max(_SCORES // len(weight), 1)):
                total += _lose(ctx, chunk, inputs[chunk], matrix, aims)
        return total

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, torch.Tensor | None, None, None]:  # noqa: ANN401
        """Return the kept gradients, scaled; once only."""
        vectors, weight = ctx.vectors, ctx.weight
        ctx.vectors = ctx.weight = None
        for kept in (vectors, weight):
            if kept is not None:
                kept.mul_(gradient)
        return vectors, weight, None, None


def _cut(count: int, targets: torch.Tensor, size: int) -> Iterator[tuple[slice, torch.Tensor]]:
    for first in range(0, count, size):
        chunk = slice(first, min(first + size, count))
        yield chunk, targets[chunk]


def _lose(ctx: Any, chunk: slice, inputs: torch.Tensor, matrix: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:  # noqa: ANN401
    """Return a chunk's losses, and add its gradients: softmax minus one at the target, times the other factor."""
    scores = (inputs @ matrix.T).float()
    norms = scores.logsumexp(dim=-1, keepdim=True)
    places = targets.unsqueeze(-1)
    loss = (norms - scores.gather(-1, places)).sum()
    slopes = scores.sub_(norms).exp_()
    slopes.scatter_add_(-1, places, torch.full_like(norms, -1.0))
    slopes = slopes.to(inputs.dtype)
    if ctx.vectors is not None:
        ctx.vectors[chunk] = (slopes @ matrix).to(ctx.vectors.dtype)
    if ctx.weight is not None:
        if inputs.dtype == ctx.weight.dtype:
            ctx.weight.addmm_(slopes.T, inputs)
        else:
            ctx.weight += slopes.T @ inputs
    return loss
