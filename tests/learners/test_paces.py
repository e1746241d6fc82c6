"""Speed is that of the last steps alone, warm-up and readings of dev aside; and what is said is read back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.learners.paces import WARM_UP, WINDOW, Pace, Progress, describe_seconds, read_line, write_line
from pipelines.learners.protocols import Step


class Stopwatch:
    """A clock that goes on only when it is told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def build_step(number: int, steps: int = 1000, tokens: int = 100, dev_loss: float | None = None) -> Step:
    return Step(step=number, steps=steps, loss=0.5, rate=0.1, tokens=tokens, dev_loss=dev_loss)


def walk(seconds: list[float], steps: int = 1000, dev_at: tuple[int, ...] = ()) -> Progress:
    """Take steps of so many seconds, of a hundred tokens each, and return what is known after the last."""
    watch = Stopwatch()
    pace = Pace(watch)
    for number, took in enumerate(seconds, start=1):
        watch.now += took
        progress = pace.measure(build_step(number, steps, dev_loss=0.4 if number in dev_at else None))
    return progress


def test_too_few_steps_tell_nothing() -> None:
    for count in range(1, WARM_UP + 1):
        progress = walk([2.0] * count)
        assert (progress.tokens_per_second, progress.seconds_left) == (None, None)


def test_a_steady_training_takes_as_long_as_its_steps() -> None:
    progress = walk([2.0] * 20, steps=100)
    assert progress.tokens_per_second == pytest.approx(50)
    assert progress.seconds_left == pytest.approx(160)


@given(slow=st.lists(st.floats(0.1, 1e4), min_size=WARM_UP, max_size=WARM_UP))
def test_the_first_steps_distort_nothing_however_slow(slow: list[float]) -> None:
    assert walk([*slow, *[2.0] * 5]) == walk([2.0] * (WARM_UP + 5))


def test_only_the_last_steps_count() -> None:
    progress = walk([*[9.0] * 60, *[0.5] * WINDOW], steps=WINDOW + 70)
    assert progress.tokens_per_second == pytest.approx(200)
    assert progress.seconds_left == pytest.approx(5)


def test_reading_dev_is_no_step_but_takes_its_time_as_often_as_it_comes() -> None:
    progress = walk([*[2.0] * 9, 32.0], steps=30, dev_at=(10,))
    assert progress.tokens_per_second == pytest.approx(50)
    assert progress.seconds_left == pytest.approx(20 * 2 + 2 * 30)


def test_a_training_that_is_resumed_warms_up_again() -> None:
    watch = Stopwatch()
    pace = Pace(watch)
    for number in range(500, 500 + WARM_UP):
        watch.now += 60
        assert pace.measure(build_step(number)).seconds_left is None
    watch.now += 2
    assert pace.measure(build_step(500 + WARM_UP)).tokens_per_second == pytest.approx(50)


def test_the_last_step_has_nothing_left() -> None:
    assert walk([2.0] * 20, steps=20).seconds_left == pytest.approx(0)


figures = st.none() | st.floats(0, 1e9)


@given(
    step=st.integers(1, 10**7),
    loss=st.floats(0, 99),
    rate=st.floats(0, 1),
    tokens=st.integers(0, 10**9),
    dev=figures,
    left=figures,
)
def test_a_line_is_read_back_as_it_was_written(
    step: int, loss: float, rate: float, tokens: int, dev: float | None, left: float | None
) -> None:
    said = Step(step=step, steps=10**7, loss=loss, rate=rate, tokens=tokens, dev_loss=dev)
    progress = Progress(step=said, tokens_per_second=left, seconds_left=left)
    found = read_line(write_line(progress))
    assert found is not None
    assert (found.step.step, found.step.steps, found.step.tokens) == (step, 10**7, tokens)
    assert found.step.loss == pytest.approx(loss, abs=1e-4)
    assert found.step.rate == pytest.approx(rate, rel=1e-2)
    assert (found.step.dev_loss is None, found.seconds_left is None) == (dev is None, left is None)
    assert write_line(found) == write_line(progress)


@pytest.mark.parametrize(
    "line",
    ["", "Running stage 'train@clinical':", "said train step 1/2 loss 3", "train step one/2 loss 3", "train step 1/2 loss 3"],
)
def test_other_lines_are_no_progress(line: str) -> None:
    assert read_line(line) is None


def test_people_are_told_what_is_known_and_no_more() -> None:
    assert Progress(step=build_step(3, 8)).describe() == "step 3 of 8, loss 0.500"
    known = Progress(step=build_step(3, 8), tokens_per_second=2650.4, seconds_left=72)
    assert known.describe() == "step 3 of 8, loss 0.500, 2,650 tokens/s, 1 min 12 s left"
    assert (
        Progress(step=build_step(8, 8), tokens_per_second=9, seconds_left=0).describe() == "step 8 of 8, loss 0.500, 9 tokens/s"
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (59, "59 s"), (61, "1 min 1 s"), (601, "10 min"), (3601, "1 h 0 min"), (9000, "2 h 30 min")],
)
def test_a_duration_is_said_in_what_suits_it(seconds: float, said: str) -> None:
    assert describe_seconds(seconds) == said
