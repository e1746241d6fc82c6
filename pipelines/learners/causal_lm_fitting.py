"""How the language model learns: the next token of every document, news and replayed history alike."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import torch
from tokenizers import Tokenizer

from pipelines.domain.errors import EmptyLessonError, ParamsError
from pipelines.learners.bases import find_base
from pipelines.learners.cards import Card, read_card, write_card
from pipelines.learners.causal_lm import CausalLm
from pipelines.learners.devices import run_exactly
from pipelines.learners.distilling import Distilled, Teacher, choose_taught
from pipelines.learners.encoded import Encoding, encode_rows, find_cache
from pipelines.learners.interpolating import interpolate, remember
from pipelines.learners.likelihoods import read_losses
from pipelines.learners.packing import can_pack, pack_rows
from pipelines.learners.padding import Ragged, Rows, flatten_rows
from pipelines.learners.protocols import Lesson, Monitor, Step
from pipelines.learners.quickening import quicken
from pipelines.learners.token_sums import sum_losses
from pipelines.learners.tokenizers import train_tokenizer, write_tokenizer
from pipelines.learners.training import Task, plan_course, train_network
from pipelines.learners.weights import Network, adapt, load_base, load_folder, merge, save_network


class CausalLmTask:
    """The tokenised rows of a lesson, and the losses of their tokens."""

    def __init__(self, params: CausalLm, network: Network, rows: tuple[Rows, Rows], device: torch.device) -> None:
        self.network = network
        self._params, self.device = params, device
        self._rows, self._dev = (flatten_rows(some) for some in rows)
        self._is_packed = can_pack(network.config, params.packing)
        self.lengths: Sequence[int] = self._rows.lengths.tolist()

    def loss(self, places: Sequence[int]) -> torch.Tensor:
        """Return the sum of the losses of a batch's tokens, in nats."""
        if self._is_packed:
            return sum_losses(self.network, pack_rows(self._rows, places, self.device)[0])
        return sum_losses(self.network, self._rows.pad(places, 0, self.device))

    def scores(self, network: torch.nn.Module, places: Sequence[int]) -> torch.Tensor:
        """Return a network's scores of every token that follows another one (tokens x vocabulary)."""
        batch = self._rows.pad(places, 0, self.device)
        logits = network(input_ids=batch.ids, attention_mask=batch.mask).logits[:, :-1]
        scores: torch.Tensor = logits[batch.mask[:, 1:].bool()]
        return scores

    def judge(self, scores: torch.Tensor, places: Sequence[int]) -> torch.Tensor:
        """Return the sum of the losses of scores that are known."""
        batch = self._rows.pad(places, 0, self.device)
        truths = batch.ids[:, 1:][batch.mask[:, 1:].bool()]
        return torch.nn.functional.cross_entropy(scores.float(), truths, reduction="sum")

    def count(self, places: Sequence[int]) -> int:
        """Return the number of tokens that follow another one."""
        return sum(self.lengths[place] - 1 for place in places)

    def dev_loss(self) -> float | None:
        """Return the mean loss of the dev rows' tokens."""
        tokens = int((self._dev.lengths - 1).sum())
        if not tokens:
            return None
        losses = read_losses(self.network, self._dev, self.device, self._params.precision)
        return math.fsum(float(row.sum()) for row in losses) / tokens

    def groups(self) -> list[dict[str, object]]:
        """Return all parameters that learn, as one group."""
        return [{"params": [one for one in self.network.parameters() if one.requires_grad], "scale": 1.0}]


def fit_causal_lm(params: CausalLm, lesson: Lesson, output: Path, monitor: Monitor) -> list[Step]:
    """Train from the champion or the base, and write the folder; see :class:`Learner`."""
    texts = [row.text for row in (*lesson.news, *lesson.history) if row.text]
    if not texts:
        raise EmptyLessonError("train: no text to learn from: check the split's report")
    with run_exactly(lesson.threads, lesson.seed) as device:
        network, tokenizer, start = _begin(params, lesson, texts)
        quicken(network, params, device)
        old = remember(network) if params.interpolation and lesson.champion else None
        dev = [row.text for row in lesson.dev if row.text][: params.dev_rows]
        encoding, cache = Encoding(limit=params.max_tokens, start=start), find_cache(lesson.checkpoints)
        rows, dev_rows = (encode_rows(tokenizer, some, encoding, cache) for some in (texts, dev))
        learning = network if params.adapter is None else adapt(network, params.adapter)
        task = CausalLmTask(params, learning.to(device), (rows, dev_rows), device)
        curve = train_network(_hold(task, params, lesson), plan_course(params, lesson, device), monitor)
        task.network = merge(task.network).eval()
        shares = params.interpolation.shares if params.interpolation else ()
        blend = interpolate(task.network, old, shares, task.dev_loss) if old else None
        save_network(task.network, output, params.stored)
    write_tokenizer(output, tokenizer)
    write_card(output, replace(_describe(params, start), blend=blend))
    return curve


def _describe(params: CausalLm, start: int) -> Card:
    return Card(kind="causal_lm", base=params.base, max_tokens=params.max_tokens, precision=params.precision, start=start)


def _hold(task: CausalLmTask, params: CausalLm, lesson: Lesson) -> Task:
    """Hold the task to the champion's opinion, where that is asked for."""
    if params.distillation is None or lesson.champion is None:
        return task
    champion, _ = load_folder(lesson.champion, "decoder")
    news = sum(1 for row in lesson.news if row.text)
    taught = choose_taught(params.distillation, news, len(task.lengths))
    return Distilled(task, Teacher(network=champion.to(task.device)), params.distillation, taught)


def encode_texts(tokenizer: Tokenizer, texts: Sequence[str], start: int, limit: int) -> Ragged:
    """Return each text's ids after the token that starts every text, ``limit`` in all."""
    return encode_rows(tokenizer, texts, Encoding(limit=limit, start=start), None)


def _begin(params: CausalLm, lesson: Lesson, texts: Sequence[str]) -> tuple[Network, Tokenizer, int]:
    if lesson.champion is not None:
        network, tokenizer = load_folder(lesson.champion, "decoder")
        start = read_card(lesson.champion).start
    else:
        base = find_base(params.base)
        own = train_tokenizer(texts, base.name) if base.origin == "scratch" else None
        network, tokenizer = load_base(base, "decoder", own)
        start = network.config.bos_token_id
    if start is None:
        raise ParamsError(f"base {params.base!r}: its config names no bos_token_id, so the first token has no likelihood")
    return network, tokenizer, start
