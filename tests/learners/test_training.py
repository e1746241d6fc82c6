"""The loop: it stops where it is told, refuses what is not a number, and measures dev at the end of every epoch."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch

from pipelines.domain.errors import DivergedError
from pipelines.learners.schedules import Schedule
from pipelines.learners.training import Course, train_network
from tests.builders.lessons import Watcher


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


def course(**fields: object) -> Course:
    schedule = Schedule(**{"base": "scratch:tiny", "rate": 0.1, "batch_tokens": 20, "epochs": 2, "precision": "fp32", **fields})
    return Course(schedule=schedule, seed=0, device=torch.device("cpu"))


def test_learns() -> None:
    line = Line()
    train_network(line, course(epochs=60), Watcher())
    assert float(line.network.weight.detach()) == pytest.approx(2.0, abs=0.2)


def test_sees_every_row_once_an_epoch() -> None:
    line = Line()
    train_network(line, course(), Watcher())
    seen = [place for batch in line.batches for place in batch]
    assert sorted(seen[:6]) == sorted(seen[6:]) == list(range(6))


def test_measures_dev_at_the_end_of_each_epoch_and_of_the_training() -> None:
    curve = train_network(Line(), course(), Watcher())
    assert [step.dev_loss is not None for step in curve] == [False, False, True, False, False, True]
    curve = train_network(Line(), course(max_steps=4), Watcher())
    assert [step.dev_loss is not None for step in curve] == [False, False, True, True]
    assert [(step.step, step.steps, step.tokens) for step in curve] == [(number, 4, 20) for number in (1, 2, 3, 4)]


def test_refuses_a_loss_that_is_not_a_number_and_names_the_step() -> None:
    with pytest.raises(DivergedError, match="step 1"):
        train_network(Line(slope=float("nan")), course(), Watcher())


def test_refuses_a_gradient_that_is_not_a_number() -> None:
    class Steep(Line):
        def loss(self, places: Sequence[int]) -> torch.Tensor:  # noqa: ARG002  # as the line's
            return torch.sqrt(self.network.weight.abs()).sum()  # its slope at nothing is infinite

    with pytest.raises(DivergedError, match="step 1"):
        train_network(Steep(), course(), Watcher())


def test_dropout_is_that_of_the_step_whatever_was_drawn_before() -> None:
    class Noisy(Line):
        def loss(self, places: Sequence[int]) -> torch.Tensor:
            return super().loss(places) * (1 + torch.rand(()))

    torch.manual_seed(1)
    first = train_network(Noisy(), course(), Watcher())
    torch.manual_seed(2)
    assert train_network(Noisy(), course(), Watcher()) == first
