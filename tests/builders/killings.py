"""A retraining's last part, from its verdict to the alias, in a process that kills itself right before or right after a step.

The steps are those that the code lists, so a step that is added there is killed here without a word.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from types import FrameType
from typing import Any, Literal

from flows.approving import Approval
from flows.concluding import STEPS
from flows.places import open_place
from flows.projecting import project
from flows.promoting import PROMOTION_STEPS, promote_latest
from flows.retraining import conclude_retraining, start_retraining
from tests.builders.places import DOMAIN

REVIEWER = "R. Okafor"
PRELOADED = ["tests.builders.killings", "mlflow.pyfunc", "dvc.api", "pyarrow.parquet", "model_signing"]


@dataclass(frozen=True, slots=True)
class Point:
    """A moment of a step: its function is called, or has returned."""

    moment: Literal["call", "return"]
    module: str
    function: str

    def __str__(self) -> str:
        return f"{'before' if self.moment == 'call' else 'after'} {self.function}"


def list_points() -> list[Point]:
    """Every moment between a verdict and the alias."""
    steps: list[Callable[..., Any]] = [*STEPS, *PROMOTION_STEPS]
    return [Point(moment, step.__module__, step.__name__) for step in steps for moment in ("call", "return")]


def go_on_in_a_process(point: Point | None) -> int:
    """Go on with the open retraining as a flow does, in a process of its own; return how that ended."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    process = context.Process(target=_go_on, args=(point, dict(os.environ)))
    process.start()
    process.join(300)
    assert process.exitcode is not None, "it hangs"
    return process.exitcode


def _go_on(point: Point | None, environment: dict[str, str]) -> None:
    os.environ.update(environment)
    if point is not None:
        _arm(point)
    place = open_place()
    project(place, DOMAIN)
    start = start_retraining(place, DOMAIN, None)
    if start.run_id is not None:
        conclude_retraining(place, DOMAIN, start.run_id)
    elif start.judged is None:
        return  # promoted already; what had to follow the ledger was mended on entering
    outcome = promote_latest(place, DOMAIN, Approval(by=REVIEWER, reason="given with the retraining"))
    assert outcome.is_promoted, outcome.sentence


def _arm(point: Point) -> None:
    code = getattr(import_module(point.module), point.function).__code__

    def watch(frame: FrameType, event: str, _: object) -> None:
        if event == point.moment and frame.f_code is code:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(watch)
