"""The loop that both networks are trained by. Its whole state at a step follows from the lesson and the step's number."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import torch

from pipelines.domain.errors import DivergedError
from pipelines.learners.batches import plan_batches
from pipelines.learners.devices import cast
from pipelines.learners.protocols import Monitor, Step
from pipelines.learners.schedules import Schedule


class Task(Protocol):
    """What is trained: a network, the lengths of its rows, and the losses of some of them.

    A mean is kept as sum and count, so that a batch may be divided (over micro-batches, over processes) and its gradient stay.
    """

    network: torch.nn.Module
    lengths: Sequence[int]

    def loss(self, places: Sequence[int]) -> torch.Tensor:
        """Return the sum of the losses of a batch of rows (nats), as a tensor that can be followed back."""
        ...

    def count(self, places: Sequence[int]) -> int:
        """Return how many losses :meth:`loss` is the sum of."""
        ...

    def dev_loss(self) -> float | None:
        """Return the loss on the dev rows, ``None`` where there are none."""
        ...

    def groups(self) -> list[dict[str, object]]:
        """Return the parameters by group, each with its ``scale`` of the learning rate."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """A schedule applied to one lesson."""

    schedule: Schedule
    seed: int
    device: torch.device


def train_network(task: Task, course: Course, monitor: Monitor) -> list[Step]:
    """Train ``task.network`` in place and return the curve; raises :class:`DivergedError` when the loss is not a number."""
    schedule, curve = course.schedule, list[Step]()
    optimiser = torch.optim.AdamW(task.groups(), lr=schedule.rate, weight_decay=schedule.weight_decay, fused=True)
    batches = plan_batches(task.lengths, schedule.batch_tokens, course.seed, 0)
    steps = schedule.count_steps(len(batches))
    epoch = 0
    while len(curve) < steps:
        for place, batch in enumerate(batches[: steps - len(curve)]):
            step = _take_step(task, course, optimiser, batch, (len(curve) + 1, steps))
            is_last = place == len(batches) - 1 or step.step == steps
            curve.append(replace(step, dev_loss=_measure_dev(task)) if is_last else step)
            monitor.observe(curve[-1])
        epoch += 1
        batches = plan_batches(task.lengths, schedule.batch_tokens, course.seed, epoch)
    return curve


def _take_step(
    task: Task, course: Course, optimiser: torch.optim.Optimizer, batch: Sequence[int], position: tuple[int, int]
) -> Step:
    step, steps = position
    rate = course.schedule.rate_at(step, steps)
    for group in optimiser.param_groups:
        group["lr"] = rate * group["scale"]
    # Seeded by the step, not once: dropout at a step is then the same however training came to it.
    torch.manual_seed(course.seed * 1_000_003 + step)
    task.network.train()
    optimiser.zero_grad(set_to_none=True)
    with cast(course.device, course.schedule.precision):
        loss = task.loss(batch) / task.count(batch)
    _check(float(loss.detach()), step)
    loss.backward()
    norm = torch.nn.utils.clip_grad_norm_(task.network.parameters(), course.schedule.clip)
    _check(float(norm), step)
    optimiser.step()
    tokens = sum(task.lengths[place] for place in batch)
    return Step(step=step, steps=steps, loss=float(loss.detach()), rate=rate, tokens=tokens)


def _measure_dev(task: Task) -> float | None:
    task.network.eval()
    return task.dev_loss()


def _check(value: float, step: int) -> None:
    if not math.isfinite(value):
        raise DivergedError(f"train: the loss is not a number at step {step}: lower `rate` or raise `warmup`")
