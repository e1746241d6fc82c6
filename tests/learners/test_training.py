"""The loop: it stops where it is told, refuses what is not a number, and measures dev at the end of every epoch."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
import torch

from pipelines.domain.errors import DivergedError
from pipelines.learners.training import train_network
from tests.builders.lessons import Watcher
from tests.builders.tasks import Line, Noisy, course


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
    torch.manual_seed(1)
    first = train_network(Noisy(), course(), Watcher())
    torch.manual_seed(2)
    assert train_network(Noisy(), course(), Watcher()) == first
