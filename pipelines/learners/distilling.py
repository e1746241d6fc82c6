"""How a candidate is held to its champion's opinion while it learns: a task around a task, whose loss has one more term."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from pipelines.learners.training import Task
from pipelines.learners.upkeep import Distillation


class Scored(Task, Protocol):
    """A task whose loss can be taken apart, so that another network can be asked about the same rows.

    ``scores`` has a line for each of the losses that :meth:`Task.count` counts, row by row in the order of ``places``.
    """

    def scores(self, network: torch.nn.Module, places: Sequence[int]) -> torch.Tensor:
        """Return ``network``'s scores of a batch of rows (losses x outputs), not normalised."""
        ...

    def judge(self, scores: torch.Tensor, places: Sequence[int]) -> torch.Tensor:
        """Return the sum of the losses of a batch whose scores are known (nats)."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Teacher:
    """The champion as it was. ``outputs`` are the places of its own outputs among the candidate's, ``None`` where all agree."""

    network: torch.nn.Module
    outputs: tuple[int, ...] | None = None


class Distilled:
    """``task`` with the divergence from a teacher added to its loss, on the rows at ``taught`` places alone."""

    def __init__(self, task: Scored, teacher: Teacher, params: Distillation, taught: frozenset[int]) -> None:
        self._task, self._teacher, self._params, self._taught = task, teacher, params, taught
        self.lengths: Sequence[int] = task.lengths
        teacher.network.eval().requires_grad_(requires_grad=False)

    @property
    def network(self) -> torch.nn.Module:
        """The network that learns."""
        return self._task.network

    @network.setter
    def network(self, network: torch.nn.Module) -> None:
        self._task.network = network

    def loss(self, places: Sequence[int]) -> torch.Tensor:
        """Return the sum of the losses and of the weighted divergences (nats)."""
        scores = self._task.scores(self.network, places)
        loss = self._task.judge(scores, places)
        asked = [place for place in places if place in self._taught]
        if not asked:
            return loss
        with torch.no_grad():
            opinions = self._task.scores(self._teacher.network, asked)
        own = scores[self._find_lines(places)]
        if self._teacher.outputs is not None:
            own = own[:, list(self._teacher.outputs)]
        return loss + self._params.weight * measure_divergence(own, opinions, self._params.temperature)

    def count(self, places: Sequence[int]) -> int:
        """Return how many losses the sum is of; the divergence is not counted."""
        return self._task.count(places)

    def dev_loss(self) -> float | None:
        """Return the loss on dev, without any divergence."""
        return self._task.dev_loss()

    def groups(self) -> list[dict[str, object]]:
        """Return the parameters that learn; none is the teacher's."""
        return self._task.groups()

    def _find_lines(self, places: Sequence[int]) -> list[int]:
        lines, first = list[int](), 0
        for place in places:
            last = first + self._task.count([place])
            lines.extend(range(first, last) if place in self._taught else ())
            first = last
        return lines


def choose_taught(params: Distillation, news: int, rows: int) -> frozenset[int]:
    """Return the places of the rows that the teacher is asked about, of ``rows`` whose first ``news`` it has not seen."""
    return frozenset(range(0 if params.rows == "all" else news, rows))


def measure_divergence(own: torch.Tensor, opinions: torch.Tensor, temperature: float) -> torch.Tensor:
    """Return T² × the sum over lines of KL(opinion || own) in nats, both softened by the temperature T (lines x outputs).

    Hinton et al. (2015), https://arxiv.org/abs/1503.02531, section 2: T² keeps the gradients' size whatever the temperature.
    """
    softened = [torch.log_softmax(scores.float() / temperature, dim=-1) for scores in (own, opinions)]
    return temperature**2 * torch.nn.functional.kl_div(softened[0], softened[1], reduction="sum", log_target=True)
