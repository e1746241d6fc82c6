"""A task so small that a step is nothing: a line through the origin, noise on request, and whoever ends it at a step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import torch

from pipelines.learners.attempts import Attempt
from pipelines.learners.protocols import Step
from pipelines.learners.schedules import Schedule
from pipelines.learners.training import Course


class Line:
    """Fits a line through the origin; every row is ten tokens long."""

    def __init__(self, slope: float = 2.0, rows: int = 6) -> None:
        self.network = torch.nn.Linear(1, 1, bias=False)
        torch.nn.init.zeros_(self.network.weight)
        self.lengths: Sequence[int] = [10] * rows
        self.batches: list[list[int]] = []
        self.slope = slope

    def loss(self, places: Sequence[int]) -> torch.Tensor:
        self.batches.append(list(places))
        inputs = torch.tensor([[1.0 + place] for place in places])
        return ((self.network(inputs) - self.slope * inputs) ** 2).sum()

    def count(self, places: Sequence[int]) -> int:
        return len(places)

    def dev_loss(self) -> float | None:
        return float((self.network.weight.detach() - self.slope).abs())

    def groups(self) -> list[dict[str, object]]:
        return [{"params": list(self.network.parameters()), "scale": 1.0}]


class Noisy(Line):
    """A line whose loss is drawn anew at every step, as dropout does."""

    def loss(self, places: Sequence[int]) -> torch.Tensor:
        return super().loss(places) * (1 + torch.rand(()))


class Ending:
    """Keeps the steps that it was shown, and ends the training at one of them."""

    def __init__(self, step: int, end: Callable[[], None]) -> None:
        self.steps: list[Step] = []
        self._step, self._end = step, end

    def observe(self, step: Step) -> None:
        self.steps.append(step)
        if step.step == self._step:
            self._end()


class KilledError(Exception):
    """Stands for a kill, in a process that has to go on."""


def kill() -> None:
    raise KilledError


def course(checkpoints: Path | None = None, *, seconds: float = 0.0, **fields: object) -> Course:
    schedule = Schedule(**{"base": "scratch:tiny", "rate": 0.1, "batch_tokens": 20, "epochs": 2, "precision": "fp32", **fields})
    attempt = Attempt(folder=checkpoints, seconds=seconds) if checkpoints is not None else None
    return Course(schedule=schedule, seed=0, device=torch.device("cpu"), attempt=attempt)
