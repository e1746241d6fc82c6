"""Whoever watches a training: nobody, or several onlookers who are told each step and how fast it came."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from pipelines.learners.paces import Pace, Progress
from pipelines.learners.protocols import Step


class Unwatched:
    """Takes note of nothing."""

    def observe(self, step: Step) -> None:
        """Let the step pass."""


class Onlooker(Protocol):
    """A log, a page, MLflow: told how a training goes. It changes nothing that is trained."""

    def see(self, progress: Progress) -> None:
        """Take note of a step and its pace."""
        ...


class Watched:
    """Takes the time of every step, once for all onlookers."""

    def __init__(self, onlookers: Sequence[Onlooker], pace: Pace) -> None:
        self._onlookers, self._pace = tuple(onlookers), pace

    def observe(self, step: Step) -> None:
        """Tell each of them."""
        progress = self._pace.measure(step)
        for onlooker in self._onlookers:
            onlooker.see(progress)
