"""How the classifier learns: cross-entropy over the declared labels, the encoder and its head together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from tokenizers import Tokenizer

from pipelines.domain.errors import ParamsError
from pipelines.learners.bases import find_base
from pipelines.learners.cards import Card, read_card, write_card
from pipelines.learners.classifier import Classifier
from pipelines.learners.classifier_networks import ClassifierNetwork, read_network, write_head
from pipelines.learners.classifier_predicting import read_scores
from pipelines.learners.devices import run_exactly
from pipelines.learners.distilling import Distilled, Teacher, choose_taught
from pipelines.learners.encoded import Encoding, encode_rows, find_cache
from pipelines.learners.interpolating import interpolate, remember
from pipelines.learners.labels import labelled_rows
from pipelines.learners.packing import can_pack, pack_rows
from pipelines.learners.padding import Ragged
from pipelines.learners.protocols import Document, Lesson, Monitor, Step
from pipelines.learners.quickening import quicken
from pipelines.learners.recalibrating import recalibrate
from pipelines.learners.tokenizers import train_tokenizer, write_tokenizer
from pipelines.learners.training import Task, plan_course, train_network
from pipelines.learners.weights import adapt, load_base, merge, save_network


class ClassifierTask:
    """The rows of a lesson, tokenised once, and their cross-entropy."""

    def __init__(
        self, params: Classifier, network: ClassifierNetwork, tokenizer: Tokenizer, lesson: Lesson, device: torch.device
    ) -> None:
        rows = labelled_rows(lesson)
        self.network = network
        self._params, self.device = params, device
        self._places = {label: place for place, label in enumerate(lesson.labels)}
        self._is_packed = can_pack(network.encoder.config, params.packing)
        self._ids = _encode(tokenizer, rows, params.max_tokens, lesson)
        self._labels = torch.tensor([self._places[row.label] for row in rows], device=device)
        dev = [row for row in lesson.dev if row.label in self._places][: params.dev_rows]
        self._dev_ids = _encode(tokenizer, dev, params.max_tokens, lesson)
        self._dev_labels = [self._places[row.label] for row in dev]
        self.lengths: Sequence[int] = self._ids.lengths.tolist()

    def loss(self, places: Sequence[int]) -> torch.Tensor:
        """Return the sum of a batch's cross-entropies, in nats."""
        return self.judge(self.scores(self.network, places), places)

    def scores(self, network: torch.nn.Module, places: Sequence[int]) -> torch.Tensor:
        """Return a network's scores (rows x labels)."""
        if not self._is_packed:
            padded: torch.Tensor = network(self._ids.pad(places, 0, self.device))
            return padded
        pack, order = pack_rows(self._ids, places, self.device)
        packed: torch.Tensor = network(pack)
        return packed[torch.tensor(order, device=self.device).argsort()]

    def judge(self, scores: torch.Tensor, places: Sequence[int]) -> torch.Tensor:
        """Return the sum of the cross-entropies of scores that are known."""
        return torch.nn.functional.cross_entropy(scores, self._labels[list(places)], reduction="sum")

    def count(self, places: Sequence[int]) -> int:
        """Return the number of rows."""
        return len(places)

    def dev_loss(self) -> float | None:
        """Return the mean cross-entropy of the dev rows."""
        if not len(self._dev_ids):
            return None
        scores = read_scores(self.network, self._dev_ids, self.device, self._params.precision)
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
        _refuse_too_long(params, network)
        quicken(network.encoder, params, device)
        old = remember(network) if params.interpolation and lesson.champion else None
        if params.adapter is not None:
            network.encoder = adapt(network.encoder, params.adapter)
        task = ClassifierTask(params, network.to(device), tokenizer, lesson, device)
        curve = train_network(_hold(task, params, lesson), plan_course(params, lesson, device), monitor)
        network.encoder = merge(network.encoder)
        network.eval()
        blend = interpolate(network, old, params.interpolation.shares, task.dev_loss) if params.interpolation and old else None
        temperature = recalibrate(params, network, tokenizer, lesson, device)
        save_network(network.encoder, output, params.stored)
        write_head(output, network.head)
    write_tokenizer(output, tokenizer)
    write_card(output, replace(_describe(params, lesson), temperature=temperature, blend=blend))
    return curve


def _describe(params: Classifier, lesson: Lesson) -> Card:
    return Card(
        kind="classifier", base=params.base, labels=lesson.labels, max_tokens=params.max_tokens, precision=params.precision
    )


def _hold(task: ClassifierTask, params: Classifier, lesson: Lesson) -> Task:
    """Hold the task to the champion's opinion, where that is asked for; it has none on labels that it does not know."""
    if params.distillation is None or lesson.champion is None:
        return task
    known = tuple(label for label in read_card(lesson.champion).labels if label in lesson.labels)
    champion, _ = read_network(lesson.champion, known)
    teacher = Teacher(network=champion.to(task.device), outputs=tuple(lesson.labels.index(label) for label in known))
    news = sum(1 for row in lesson.news if row.label)
    return Distilled(task, teacher, params.distillation, choose_taught(params.distillation, news, len(task.lengths)))


def _begin(params: Classifier, lesson: Lesson, rows: Sequence[Document]) -> tuple[ClassifierNetwork, Tokenizer]:
    if lesson.champion is not None:
        return read_network(lesson.champion, lesson.labels)
    base = find_base(params.base)
    own = train_tokenizer([row.text for row in rows], base.name) if base.origin == "scratch" else None
    encoder, tokenizer = load_base(base, "encoder", own)
    return ClassifierNetwork(encoder, len(lesson.labels)), tokenizer


def _refuse_too_long(params: Classifier, network: ClassifierNetwork) -> None:
    """An encoder has so many positions: a longer text would break the training, or whoever scores with it later."""
    positions = getattr(network.encoder.config, "max_position_embeddings", None)
    if positions is not None and params.max_tokens > positions:
        problem = f"max_tokens is {params.max_tokens}, and {params.base} reads {positions} tokens at most"
        raise ParamsError(f"train.learner: {problem}: lower it")


def _encode(tokenizer: Tokenizer, rows: Sequence[Document], limit: int, lesson: Lesson) -> Ragged:
    # An empty text still needs one token: the mean over none is not a number.
    encoding = Encoding(limit=limit, empty=0)
    return encode_rows(tokenizer, [row.text for row in rows], encoding, find_cache(lesson.checkpoints))
