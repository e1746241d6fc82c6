"""How a trained language model is asked: how likely a text is, which of two it finds likelier, and how it would go on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer

from pipelines.learners.cards import Card, read_card
from pipelines.learners.devices import run_exactly
from pipelines.learners.likelihoods import continue_greedily, read_losses
from pipelines.learners.protocols import Document, Pair, Prediction, Preference
from pipelines.learners.tokenizers import tokenise
from pipelines.learners.weights import Network, load_folder


class CausalLmPredictor:
    """A language model read from its folder."""

    def __init__(self, card: Card, network: Network, tokenizer: Tokenizer, threads: int) -> None:
        self._card, self._network, self._tokenizer, self._threads = card, network.eval(), tokenizer, threads
        self._start = card.start or 0

    @classmethod
    def load(cls, folder: Path, threads: int) -> CausalLmPredictor:
        """Read what the learner wrote."""
        network, tokenizer = load_folder(folder, "decoder")
        return cls(read_card(folder), network, tokenizer, threads)

    def predict(self, documents: Sequence[Document]) -> list[Prediction]:
        """Return each text's loss in nats over all its tokens, and the bytes that they stand for (a long text is cut)."""
        tokens = tokenise(self._tokenizer, [document.text for document in documents], self._card.max_tokens - 1)
        losses = self._read([(self._start, *row.ids) for row in tokens])
        return [
            Prediction(row_id=document.row_id, predicted="", loss=math.fsum(loss.tolist()), size=row.size, confidence=None)
            for document, row, loss in zip(documents, tokens, losses, strict=True)
        ]

    def prefer(self, pairs: Sequence[Pair]) -> list[Preference] | None:
        """Return the log-likelihood per token of both texts after their question, of which a long one keeps its end."""
        sides = [(pair.question, text) for pair in pairs for text in (pair.text_before, pair.text_in_force)]
        room = self._card.max_tokens - 1
        answers = [row.ids for row in tokenise(self._tokenizer, [text for _, text in sides], room)]
        questions = [self._tokenizer.encode(question).ids for question, _ in sides]
        rows = [
            (self._start, *_end(question, room - len(answer)), *answer)
            for question, answer in zip(questions, answers, strict=True)
        ]
        losses = self._read(rows)
        means = [_mean_likelihood(loss, len(answer)) for loss, answer in zip(losses, answers, strict=True)]
        return [
            Preference(row_id=pair.row_id, before=before, in_force=in_force)
            for pair, before, in_force in zip(pairs, means[::2], means[1::2], strict=True)
        ]

    def complete(self, prompts: Sequence[str], tokens: int) -> list[str] | None:
        """Return the likeliest continuation of each prompt, token by token."""
        with run_exactly(self._threads) as device:
            network = self._network.to(device)
            starts = [_end(self._tokenizer.encode(prompt).ids, self._card.max_tokens - 1) for prompt in prompts]
            found = continue_greedily(network, [(self._start, *ids) for ids in starts], tokens, device)
        return [self._tokenizer.decode(ids) for ids in found]

    def _read(self, rows: Sequence[Sequence[int]]) -> list[torch.Tensor]:
        with run_exactly(self._threads) as device:
            return read_losses(self._network.to(device), rows, device, self._card.precision)


def _end(ids: Sequence[int], room: int) -> Sequence[int]:
    return ids[max(len(ids) - room, 0) :]


def _mean_likelihood(losses: torch.Tensor, tokens: int) -> float:
    """Return minus the mean of the last ``tokens`` losses; zero for an empty answer."""
    return -math.fsum(losses[len(losses) - tokens :].tolist()) / tokens if tokens else 0.0
