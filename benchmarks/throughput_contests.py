"""A contest of trainings: the same weights and rows for all, a clock beside each; and Addendum's own loop in it."""

from __future__ import annotations

import time
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import torch

from benchmarks.throughput_lessons import Series
from pipelines.learners.bases import find_base
from pipelines.learners.batches import measure_padding, plan_batches
from pipelines.learners.causal_lm import CausalLm
from pipelines.learners.causal_lm_fitting import CausalLmTask
from pipelines.learners.classifier import Classifier
from pipelines.learners.classifier_fitting import ClassifierTask
from pipelines.learners.classifier_networks import ClassifierNetwork
from pipelines.learners.classifier_predicting import read_scores
from pipelines.learners.devices import find_device, run_exactly
from pipelines.learners.encoded import Encoding, encode_rows
from pipelines.learners.likelihoods import read_losses
from pipelines.learners.packing import can_pack
from pipelines.learners.protocols import Lesson, Step
from pipelines.learners.quickening import quicken
from pipelines.learners.tokenizers import train_tokenizer
from pipelines.learners.training import Course, Task, train_network
from pipelines.learners.weights import load_base

PLAIN_ROWS = 8
"""Rows of a batch of the Trainer, unless it is told otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contestant:
    """A way to train. ``rows`` is a batch of the Trainer; ``tokens`` one of Addendum's. ``has_dropout`` as the base has it."""

    name: str
    rows: int = PLAIN_ROWS
    tokens: int = 0
    is_grouped: bool = False
    is_bf16: bool = False
    has_dropout: bool = True


@dataclass(slots=True, kw_only=True)
class Clock:
    """Seconds of training alone: it stands still while something else is measured."""

    device: torch.device
    spent: float = 0.0
    begun: float | None = None

    def go(self) -> None:
        """Start or start again."""
        self.begun = self._now()

    def stop(self) -> float:
        """Stand still, and return the seconds so far."""
        if self.begun is not None:
            self.spent += self._now() - self.begun
            self.begun = None
        return self.spent

    def _now(self) -> float:
        if self.device.type == "cuda":
            torch.cuda.synchronize(self.device)
        return time.perf_counter()


@dataclass(slots=True, kw_only=True)
class Record:
    """After each step: seconds so far, tokens of text and of the rectangles they were padded to; and the dev losses."""

    seconds: list[float] = field(default_factory=list)
    real: list[int] = field(default_factory=list)
    padded: list[int] = field(default_factory=list)
    dev: list[tuple[float, float]] = field(default_factory=list)

    def pace(self, warm: int) -> float:
        """Return tokens of text a second after the first ``warm`` steps."""
        return sum(self.real[warm:]) / (self.seconds[-1] - self.seconds[warm - 1])

    @property
    def waste(self) -> float:
        """The share of what was computed that is padding."""
        return 1 - sum(self.real) / sum(self.padded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How long a run is and when dev is measured: every ``look`` steps, and after the last; 0 for never."""

    steps: int | None
    rate: float
    look: int = 0


class Contest:
    """A series with its network as it was before any training. The tokenizer's work is done before any clock runs."""

    def __init__(self, series: Series, lesson: Lesson) -> None:
        self.series, self.lesson = series, lesson
        self.device = find_device()
        base = find_base(series.base)
        own = train_tokenizer([row.text for row in lesson.news], base.name) if base.origin == "scratch" else None
        network, self.tokenizer = load_base(base, "encoder" if series.kind == "classifier" else "decoder", own)
        start = None if series.kind == "classifier" else network.config.bos_token_id
        encoding = Encoding(limit=series.max_tokens, start=start, empty=None if start is not None else 0)
        self.rows, self.dev = (
            encode_rows(self.tokenizer, [row.text for row in rows], encoding, None) for rows in (lesson.news, lesson.dev)
        )
        self.labels, self.dev_labels = (
            torch.tensor([lesson.labels.index(row.label) for row in rows]) for rows in (lesson.news, lesson.dev)
        )
        self.config = network.config
        self._first = ClassifierNetwork(network, len(lesson.labels)) if series.kind == "classifier" else network

    def copy(self) -> Any:  # noqa: ANN401  # transformers has no types
        """Return the network as it was."""
        return deepcopy(self._first).to(self.device)

    def measure_dev(self, network: Any) -> float:  # noqa: ANN401  # as above
        """Return the mean loss (nats) of the dev rows, in single precision for all alike."""
        network.eval()
        if self.series.kind == "classifier":
            scores = read_scores(network, self.dev, self.device, "fp32")
            return float(torch.nn.functional.cross_entropy(scores, self.dev_labels))
        losses = torch.cat(read_losses(network, self.dev, self.device, "fp32"))
        return float(losses.mean())

    def groups(self, network: Any, rate: float) -> list[dict[str, Any]]:  # noqa: ANN401  # as above
        """Return the parameters with the rates that Addendum has for them: the Trainer is given the same."""
        if self.series.kind == "causal_lm":
            return [{"params": list(network.parameters()), "lr": rate}]
        head = Classifier().head_rate / Classifier().rate * rate
        return [
            {"params": list(network.encoder.parameters()), "lr": rate},
            {"params": list(network.head.parameters()), "lr": head},
        ]


def run_addendum(contest: Contest, contestant: Contestant, plan: Plan) -> Record:
    """Train by Addendum's own loop; raises what it raises."""
    record, clock, network = Record(), Clock(device=contest.device), contest.copy()
    params = describe(contest, contestant, plan)
    with run_exactly(contest.lesson.threads, contest.lesson.seed) as device:
        body = network.encoder if contest.series.kind == "classifier" else network
        quicken(body, params, device)
        task = _make_task(contest, params, network)
        waste = _measure_waste(contest, params, task)

        class Watch:
            def observe(self, step: Step) -> None:
                record.seconds.append(clock.stop())
                record.real.append(step.tokens)
                record.padded.append(round(step.tokens / (1 - waste)))
                if plan.look and (step.step % plan.look == 0 or step.step == step.steps):
                    record.dev.append((clock.spent, contest.measure_dev(network)))
                clock.go()

        clock.go()
        train_network(task, Course(schedule=params, seed=contest.lesson.seed, device=device), Watch())
    return record


def describe(contest: Contest, contestant: Contestant, plan: Plan) -> Classifier | CausalLm:
    """Return a contestant's parameters as Addendum has them."""
    fields: dict[str, Any] = {
        "base": contest.series.base,
        "max_tokens": contest.series.max_tokens,
        "batch_tokens": contestant.tokens or 4096,
        "epochs": 1 if plan.steps is None else plan.steps,
        "max_steps": plan.steps,
        "rate": plan.rate,
        "dev_rows": 0,
        "dropout": None if contestant.has_dropout else 0.0,
    }
    if contest.series.kind == "causal_lm":
        return CausalLm(**fields)
    return Classifier(**fields, head_rate=Classifier().head_rate / Classifier().rate * plan.rate)


def _make_task(contest: Contest, params: Classifier | CausalLm, network: Any) -> Task:  # noqa: ANN401  # as above
    if isinstance(params, Classifier):
        return ClassifierTask(params, network, contest.tokenizer, contest.lesson, contest.device)
    return CausalLmTask(params, network, (contest.rows, contest.dev), contest.device)


def _measure_waste(contest: Contest, params: Classifier | CausalLm, task: Task) -> float:
    if can_pack(contest.config, params.packing):
        return 0.0
    return measure_padding(plan_batches(task.lengths, params.batch_tokens, contest.lesson.seed, 0), task.lengths)
