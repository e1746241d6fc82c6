"""The loop that both networks are trained by. Its whole state at a step follows from the lesson and the step's number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

import torch

from pipelines.learners.attempts import Attempt, open_attempt
from pipelines.learners.batches import plan_batches
from pipelines.learners.checkpoints import Position, State
from pipelines.learners.devices import describe_device
from pipelines.learners.keeping import Keeping, keep_state
from pipelines.learners.parallel import Crew, Engine, find_crew
from pipelines.learners.protocols import Lesson, Monitor, Step
from pipelines.learners.schedules import Schedule
from pipelines.learners.states import copy_state, restore_state
from pipelines.learners.stepping import Stepper


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
    """A schedule applied to one lesson. ``attempt`` is where its state is kept, ``None`` for nowhere."""

    schedule: Schedule
    seed: int
    device: torch.device
    attempt: Attempt | None = None
    is_sharded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A batch and where it stands: its epoch, its number in it, and whether it is the epoch's last."""

    epoch: int
    number: int
    rows: Sequence[int]
    is_last: bool


def plan_course(schedule: Schedule, lesson: Lesson, device: torch.device) -> Course:
    """Return the course of a lesson, with the attempt that its state is kept in."""
    return Course(
        schedule=schedule,
        seed=lesson.seed,
        device=device,
        attempt=open_attempt(schedule, lesson),
        is_sharded=lesson.conduct.is_sharded,
    )


def train_network(task: Task, course: Course, monitor: Monitor) -> list[Step]:
    """Train ``task.network`` in place and return the curve, from the last checkpoint of the same attempt where there is one.

    Raises :class:`~pipelines.domain.errors.DivergedError` when the loss is not a number,
    :class:`~pipelines.domain.errors.OutOfMemoryError`, :class:`~pipelines.domain.errors.DiskFullError` where no checkpoint can be
    written, :class:`~pipelines.domain.errors.PreemptedError` after SIGTERM, and
    :class:`~pipelines.domain.errors.DismissedError` in all processes but the first when the network is trained.
    """
    crew = find_crew(course.device)
    with keep_state(course.attempt, crew) as keeping:
        loop = _Loop(task, course, crew, keeping)
        loop.go_on()
        loop.run(monitor)
    loop.engine.finish()
    crew.dismiss()
    return loop.curve


class _Loop:
    """The state of a training, and what changes it."""

    def __init__(self, task: Task, course: Course, crew: Crew, keeping: Keeping) -> None:
        self._task, self._course, self._crew, self._keeping = task, course, crew, keeping
        schedule = course.schedule
        self.curve: list[Step] = []
        self._next = (0, 0)
        self.engine = Engine(task, crew, is_sharded=course.is_sharded)
        self._optimiser = torch.optim.AdamW(task.groups(), lr=schedule.rate, weight_decay=schedule.weight_decay, fused=True)
        self._stepper = Stepper(
            task=task,
            schedule=schedule,
            seed=course.seed,
            optimiser=self._optimiser,
            engine=self.engine,
            crew=crew,
            micro_tokens=schedule.micro_tokens,
        )

    def go_on(self) -> None:
        """Take up what an earlier attempt has left."""
        state = self._keeping.find(describe_device())
        if state is None:
            return
        restore_state(self._task.network, self._optimiser, state, self._course.device)
        self.curve = list(state.curve)
        self._next = state.position.epoch, state.position.batch
        self._stepper.micro_tokens = state.position.micro_tokens

    def run(self, monitor: Monitor) -> None:
        """Take the steps that are left."""
        first = plan_batches(self._task.lengths, self._course.schedule.batch_tokens, self._course.seed, 0)
        steps = self._course.schedule.count_steps(len(first))
        for turn in islice(self._walk(), steps - len(self.curve)):
            step = self._stepper.take(turn.rows, len(self.curve) + 1, steps)
            is_measured = turn.is_last or step.step == steps
            self.curve.append(replace(step, dev_loss=self._measure_dev()) if is_measured else step)
            self._next = (turn.epoch + 1, 0) if turn.is_last else (turn.epoch, turn.number + 1)
            if self._crew.is_first:
                monitor.observe(self.curve[-1])
            if step.step < steps:
                self._keeping.look(self._copy)

    def _walk(self) -> Iterator[Turn]:
        epoch, begin = self._next
        while True:
            batches = plan_batches(self._task.lengths, self._course.schedule.batch_tokens, self._course.seed, epoch)
            for number in range(begin, len(batches)):
                yield Turn(epoch=epoch, number=number, rows=batches[number], is_last=number == len(batches) - 1)
            epoch, begin = epoch + 1, 0

    def _copy(self) -> State:
        position = Position(
            step=len(self.curve),
            epoch=self._next[0],
            batch=self._next[1],
            micro_tokens=self._stepper.micro_tokens,
            device=describe_device(),
            processes=self._crew.size,
        )
        return copy_state(self._task.network, self._optimiser, position, self.curve, self._course.device)

    def _measure_dev(self) -> float | None:
        self._task.network.eval()
        return self._task.dev_loss()
