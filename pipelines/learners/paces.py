"""How fast a training goes and how long it will still take: measured by whoever watches, never by what is trained.

What is said of a step is one line, written and read back here, since the flow that runs a stage learns of it from its log alone.
"""

from __future__ import annotations

import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from math import fsum

from pipelines.learners.protocols import Step

WARM_UP = 3
"""The first steps of a process are left out: they compile, choose kernels and fill caches, and say nothing of the others."""
WINDOW = 50
"""Steps that a speed is the mean of."""
LINE = re.compile(
    r"^train step (?P<step>\d+)/(?P<steps>\d+) loss (?P<loss>\S+) rate (?P<rate>\S+) tokens (?P<tokens>\d+)"
    r"(?: dev loss (?P<dev_loss>\S+))?(?: tokens/s (?P<speed>\S+))?(?: left (?P<left>\S+)s)?$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A step and how fast it came; both are ``None`` while too little was seen to tell."""

    step: Step
    tokens_per_second: float | None = None
    seconds_left: float | None = None

    @property
    def done(self) -> float:
        """The share of the steps that are done, 1.0 at the last."""
        return self.step.step / self.step.steps

    def describe(self) -> str:
        """Say it in a few words."""
        said = [f"step {self.step.step} of {self.step.steps}", f"loss {self.step.loss:.3f}"]
        if self.tokens_per_second is not None:
            said.append(f"{self.tokens_per_second:,.0f} tokens/s")
        if self.seconds_left is not None and self.step.step < self.step.steps:
            said.append(f"{describe_seconds(self.seconds_left)} left")
        return ", ".join(said)


class Pace:
    """A stopwatch on the steps of one process. ``clock`` gives seconds that never go back."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seen = 0
        self._last = 0.0
        self._window: deque[tuple[float, int]] = deque(maxlen=WINDOW)
        self._dev_step = 0
        self._dev: tuple[int, float] | None = None

    def measure(self, step: Step) -> Progress:
        """Take the time of a step that has just been done.

        Speed is tokens over seconds of the last :data:`WINDOW` steps after the first :data:`WARM_UP`. A step after which dev was
        read does not count to it; time left is the remaining steps at that pace, and as many readings of dev as are to come.
        """
        now = self._clock()
        seconds, self._last = now - self._last, now
        self._seen += 1
        if step.dev_loss is not None:
            self._note_dev(step, seconds)
        elif self._seen > WARM_UP:
            self._window.append((seconds, step.tokens))
        took = fsum(seconds for seconds, _ in self._window)
        if not took:
            return Progress(step=step)
        speed = sum(tokens for _, tokens in self._window) / took
        return Progress(step=step, tokens_per_second=speed, seconds_left=self._estimate(step, took / len(self._window)))

    def _note_dev(self, step: Step, seconds: float) -> None:
        if self._seen > 1:
            self._dev = (max(step.step - self._dev_step, 1), seconds)
        self._dev_step = step.step

    def _estimate(self, step: Step, pace: float) -> float:
        left = step.steps - step.step
        if self._dev is None:
            return left * pace
        every, took = self._dev
        return left * pace + -(-left // every) * max(took - pace, 0.0)


def write_line(progress: Progress) -> str:
    """Return the progress as one line."""
    step = progress.step
    said = [f"train step {step.step}/{step.steps} loss {step.loss:.4f} rate {step.rate:.3g} tokens {step.tokens}"]
    if step.dev_loss is not None:
        said.append(f"dev loss {step.dev_loss:.4f}")
    if progress.tokens_per_second is not None:
        said.append(f"tokens/s {progress.tokens_per_second:.1f}")
    if progress.seconds_left is not None:
        said.append(f"left {progress.seconds_left:.1f}s")
    return " ".join(said)


def read_line(line: str) -> Progress | None:
    """Return what :func:`write_line` wrote, rounded as it rounds; ``None`` for any other line."""
    found = LINE.match(line)
    if found is None:
        return None
    dev_loss, speed, left = (float(found[name]) if found[name] else None for name in ("dev_loss", "speed", "left"))
    step = Step(
        step=int(found["step"]),
        steps=int(found["steps"]),
        loss=float(found["loss"]),
        rate=float(found["rate"]),
        tokens=int(found["tokens"]),
        dev_loss=dev_loss,
    )
    return Progress(step=step, tokens_per_second=speed, seconds_left=left)


def describe_seconds(seconds: float) -> str:
    """Return a duration as people say it, in one unit and a half."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s" if whole < 600 else f"{round(whole / 60)} min"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
