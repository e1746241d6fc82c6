"""A terminal is told every step, Prefect a line now and then; and nobody is left without the end."""

from __future__ import annotations

import logging

import pytest

from flows.progress import PROGRESS_LOGGER
from flows.telling import PAUSE_S, Audience, StageProgress, name_artifact
from pipelines.learners.paces import Progress, write_line
from pipelines.learners.protocols import Step


class Hearing:
    """A progress that hears steps a second apart, and what it told whom."""

    def __init__(self) -> None:
        self.now = 0.0
        self.told: list[str] = []
        self.shown: list[float] = []
        audience = Audience(tell=self.told.append, show=self.shown.append, clock=lambda: self.now)
        self.progress = StageProgress("train", "clinical", audience)

    def step(self, number: int, steps: int, dev_loss: float | None = None) -> None:
        self.now += 1
        step = Step(step=number, steps=steps, loss=0.5, rate=0.1, tokens=100, dev_loss=dev_loss)
        self.progress.hear(write_line(Progress(step=step, tokens_per_second=100.0, seconds_left=float(steps - number))))


def test_prefect_is_told_at_most_one_step_each_pause() -> None:
    hearing = Hearing()
    for number in range(1, 100):
        hearing.step(number, 1000)
    assert len(hearing.told) == 1 + 98 // PAUSE_S
    assert hearing.told[1] == "train of clinical: step 11 of 1000, loss 0.500, 100 tokens/s, 16 min left"


def test_a_terminal_is_told_every_step(caplog: pytest.LogCaptureFixture) -> None:
    hearing = Hearing()
    with caplog.at_level(logging.INFO, PROGRESS_LOGGER):
        for number in range(1, 21):
            hearing.step(number, 20)
    assert [record.__dict__["done"] for record in caplog.records] == [number / 20 for number in range(1, 21)]
    assert caplog.messages[1] == "step 2 of 20, loss 0.500, 100 tokens/s, 18 s left"


def test_dev_and_the_end_are_told_at_once() -> None:
    hearing = Hearing()
    for number in (1, 2, 3, 4):
        hearing.step(number, 4, 0.25 if number == 3 else None)
    assert [line.split(",")[0] for line in hearing.told] == [f"train of clinical: step {number} of 4" for number in (1, 3, 4)]
    assert hearing.told[1].endswith("dev loss 0.250")


def test_what_is_no_progress_is_passed_on_as_it_is() -> None:
    hearing = Hearing()
    for line in ("Running stage 'train@clinical':", "a 100% sure line {with} braces"):
        hearing.progress.hear(line)
    assert hearing.told == ["Running stage 'train@clinical':", "a 100% sure line {with} braces"]
    assert hearing.shown == []


def test_the_page_moves_a_tenth_at_a_time_and_to_its_end() -> None:
    hearing = Hearing()
    for number in range(1, 1001):
        hearing.step(number, 1000)
    assert hearing.shown == [10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0, 90.0, 100.0]


def test_an_artifacts_key_has_no_sign_that_prefect_refuses() -> None:
    assert name_artifact("Drug_safety", "train") == "drug-safety-train"
