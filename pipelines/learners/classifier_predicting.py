"""How a trained classifier is asked: in batches of like length, each row's answer back in its place."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer

from pipelines.learners.batches import plan_reading
from pipelines.learners.cards import Card, read_card
from pipelines.learners.classifier_networks import ClassifierNetwork, read_network
from pipelines.learners.devices import Precision, cast, run_exactly
from pipelines.learners.labels import normalise_scores, read_probabilities
from pipelines.learners.padding import Rows, flatten_rows
from pipelines.learners.protocols import Document, Pair, Prediction, Preference
from pipelines.learners.tokenizers import tokenise

_READING_TOKENS = 4096


def read_scores(network: ClassifierNetwork, rows: Rows, device: torch.device, precision: Precision) -> torch.Tensor:
    """Return scores (rows x labels) on the CPU, in the order of ``rows``."""
    scores = torch.zeros(len(rows), network.head.out_features)
    flat = flatten_rows(rows)
    with torch.inference_mode(), cast(device, precision):
        for batch in plan_reading(flat.lengths.tolist(), _READING_TOKENS):
            scores[batch] = network(flat.pad(batch, 0, device)).cpu()
    return scores


class ClassifierPredictor:
    """A classifier read from its folder."""

    def __init__(self, card: Card, network: ClassifierNetwork, tokenizer: Tokenizer, threads: int) -> None:
        self._card, self._network, self._tokenizer, self._threads = card, network.eval(), tokenizer, threads

    @classmethod
    def load(cls, folder: Path, threads: int) -> ClassifierPredictor:
        """Read what the learner wrote."""
        card = read_card(folder)
        network, tokenizer = read_network(folder, card.labels)
        return cls(card, network, tokenizer, threads)

    def predict(self, documents: Sequence[Document]) -> list[Prediction]:
        """Return each document's likeliest label, and the loss of its own."""
        if not documents:
            return []
        tokens = tokenise(self._tokenizer, [document.text for document in documents], self._card.max_tokens)
        with run_exactly(self._threads) as device:
            rows = [row.ids or (0,) for row in tokens]
            scores = read_scores(self._network.to(device), rows, device, self._card.precision)
        chances = normalise_scores(scores.double().numpy() / self._card.temperature)
        return read_probabilities(documents, chances, self._card.labels)

    def prefer(self, pairs: Sequence[Pair]) -> list[Preference] | None:  # noqa: ARG002  # the protocol's
        """Return ``None``: it knows no likelihood of text."""
        return None

    def complete(self, prompts: Sequence[str], tokens: int) -> list[str] | None:  # noqa: ARG002  # the protocol's
        """Return ``None``: it writes no text."""
        return None
