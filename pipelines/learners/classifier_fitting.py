"""How the classifier learns: cross-entropy over the declared labels, the encoder and its head together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer

from pipelines.learners.bases import find_base
from pipelines.learners.cards import Card, write_card
from pipelines.learners.classifier import Classifier
from pipelines.learners.classifier_networks import ClassifierNetwork, read_network, write_head
from pipelines.learners.classifier_predicting import read_scores
from pipelines.learners.devices import run_exactly
from pipelines.learners.labels import labelled_rows
from pipelines.learners.padding import pad_rows
from pipelines.learners.protocols import Document, Lesson, Monitor, Step
from pipelines.learners.tokenizers import tokenise, train_tiny_tokenizer, write_tokenizer
from pipelines.learners.training import plan_course, train_network
from pipelines.learners.weights import adapt, load_base, merge, save_network


class ClassifierTask:
    """The rows of a lesson, tokenised once, and their cross-entropy."""

    def __init__(
        self, params: Classifier, network: ClassifierNetwork, tokenizer: Tokenizer, lesson: Lesson, device: torch.device
    ) -> None:
        rows = labelled_rows(lesson)
        self.network = network
        self._params, self._device = params, device
        self._places = {label: place for place, label in enumerate(lesson.labels)}
        self._ids = _encode(tokenizer, rows, params.max_tokens)
        self._labels = [self._places[row.label] for row in rows]
        dev = [row for row in lesson.dev if row.label in self._places][: params.dev_rows]
        self._dev_ids = _encode(tokenizer, dev, params.max_tokens)
        self._dev_labels = [self._places[row.label] for row in dev]
        self.lengths: Sequence[int] = [len(ids) for ids in self._ids]

    def loss(self, places: Sequence[int]) -> torch.Tensor:
        """Return the sum of a batch's cross-entropies, in nats."""
        batch = pad_rows([self._ids[place] for place in places], 0, self._device)
        truths = torch.tensor([self._labels[place] for place in places], device=self._device)
        return torch.nn.functional.cross_entropy(self.network(batch), truths, reduction="sum")

    def count(self, places: Sequence[int]) -> int:
        """Return the number of rows."""
        return len(places)

    def dev_loss(self) -> float | None:
        """Return the mean cross-entropy of the dev rows."""
        if not self._dev_ids:
            return None
        scores = read_scores(self.network, self._dev_ids, self._device, self._params.precision)
        losses = torch.nn.functional.cross_entropy(scores, torch.tensor(self._dev_labels), reduction="none")
        return math.fsum(losses.tolist()) / len(losses)

    def groups(self) -> list[dict[str, object]]:
        """Return the encoder's parameters and, at a rate of its own, the head's."""
        encoder = [parameter for parameter in self.network.encoder.parameters() if parameter.requires_grad]
        head = list(self.network.head.parameters())
        return [{"params": encoder, "scale": 1.0}, {"params": head, "scale": self._params.head_rate / self._params.rate}]


def fit_classifier(params: Classifier, lesson: Lesson, output: Path, monitor: Monitor) -> list[Step]:
    """Train from the champion or the base, and write the folder; see :class:`Learner`."""
    rows = labelled_rows(lesson)
    with run_exactly(lesson.threads, lesson.seed) as device:
        network, tokenizer = _begin(params, lesson, rows)
        if params.adapter is not None:
            network.encoder = adapt(network.encoder, params.adapter)
        task = ClassifierTask(params, network.to(device), tokenizer, lesson, device)
        curve = train_network(task, plan_course(params, lesson, device), monitor)
        save_network(merge(network.encoder), output, params.stored)
        write_head(output, network.head)
    write_tokenizer(output, tokenizer)
    card = Card(
        kind="classifier", base=params.base, labels=lesson.labels, max_tokens=params.max_tokens, precision=params.precision
    )
    write_card(output, card)
    return curve


def _begin(params: Classifier, lesson: Lesson, rows: Sequence[Document]) -> tuple[ClassifierNetwork, Tokenizer]:
    if lesson.champion is not None:
        return read_network(lesson.champion, lesson.labels)
    base = find_base(params.base)
    tiny = train_tiny_tokenizer([row.text for row in rows]) if base.origin == "scratch" else None
    encoder, tokenizer = load_base(base, "encoder", tiny)
    return ClassifierNetwork(encoder, len(lesson.labels)), tokenizer


def _encode(tokenizer: Tokenizer, rows: Sequence[Document], limit: int) -> list[tuple[int, ...]]:
    # An empty text still needs one token: the mean over none is not a number.
    return [tokens.ids or (0,) for tokens in tokenise(tokenizer, [row.text for row in rows], limit)]
