"""The time of a step is taken once, and every onlooker is told the same."""

from __future__ import annotations

from itertools import count

from pipelines.learners.monitors import Unwatched, Watched
from pipelines.learners.paces import WARM_UP, Pace, Progress
from pipelines.learners.protocols import Step


class Onlooking:
    def __init__(self) -> None:
        self.seen: list[Progress] = []

    def see(self, progress: Progress) -> None:
        self.seen.append(progress)


def build_step(number: int) -> Step:
    return Step(step=number, steps=9, loss=0.5, rate=0.1, tokens=10)


def test_all_onlookers_are_told_the_same_and_the_time_is_taken_once() -> None:
    seconds = count(0, 2)
    onlookers = [Onlooking(), Onlooking()]
    watched = Watched(onlookers, Pace(lambda: float(next(seconds))))
    for number in range(1, 9):
        watched.observe(build_step(number))
    assert onlookers[0].seen == onlookers[1].seen
    assert [progress.step.step for progress in onlookers[0].seen] == list(range(1, 9))
    assert [progress.tokens_per_second for progress in onlookers[0].seen] == [None] * WARM_UP + [5.0] * (8 - WARM_UP)


def test_nobody_needs_to_watch() -> None:
    Unwatched().observe(build_step(1))
    Watched([], Pace()).observe(build_step(1))
