"""How likely a decoder writes a given piece of text word for word, when it is sampled from: what an audit of memory asks."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from pipelines.learners.cards import read_card
from pipelines.learners.devices import cast, run_exactly
from pipelines.learners.tokenizers import tokenise
from pipelines.learners.weights import Network, load_folder

_ROWS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """Of a text's tokens the first ``prefix`` are given and the next ``span`` are to be written.

    Sampling is at ``temperature`` from the ``top_k`` likeliest tokens, from all of them where that is ``None``.
    """

    prefix: int
    span: int
    temperature: float = 1.0
    top_k: int | None = None


def measure_spans(model: Path, texts: Sequence[str], cut: Cut, threads: int) -> list[float]:
    """Return the log-probability (nats) of each span after its prefix, in order, of the texts that are long enough.

    It is exact, by the product of the tokens' probabilities under the sampling scheme: minus infinity where a token is not
    among the ``top_k``. ``model`` is the folder of a language model.
    """
    card = read_card(model)
    network, tokenizer = load_folder(model, "decoder")
    length = cut.prefix + cut.span
    ids = [tokens.ids for tokens in tokenise(tokenizer, texts, length)]
    rows = [(card.start or 0, *row) for row in ids if len(row) == length]
    found: list[float] = []
    with run_exactly(threads) as device, torch.inference_mode(), cast(device, card.precision):
        network = network.eval().to(device)
        for first in range(0, len(rows), _ROWS):
            found.extend(_measure(network, torch.tensor(rows[first : first + _ROWS], device=device), cut))
    return found


def _measure(network: Network, rows: torch.Tensor, cut: Cut) -> list[float]:
    scores = network(input_ids=rows).logits[:, -cut.span - 1 : -1].double().cpu() / cut.temperature
    if cut.top_k is not None and cut.top_k < scores.shape[-1]:
        least = scores.topk(cut.top_k, dim=-1).values[..., -1:]
        scores = scores.masked_fill(scores < least, -torch.inf)
    chosen = scores.log_softmax(dim=-1).gather(2, rows[:, -cut.span :, None].cpu())
    return [math.fsum(row) for row in chosen[..., 0].tolist()]
