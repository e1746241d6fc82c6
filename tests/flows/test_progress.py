"""Bars follow the log, and are gone when the stage is done."""

from __future__ import annotations

import io
import logging

import pytest
from rich.console import Console
from rich.progress import Progress

from flows.progress import PROGRESS_LOGGER, ProgressHandler, Waiting, show_progress

LOG = logging.getLogger(PROGRESS_LOGGER)


def build_console() -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=100)


def say(handler: ProgressHandler, stage: str, done: float, domain: str = "clinical") -> None:
    record = logging.LogRecord("progress", logging.INFO, "", 0, f"step of {stage}", None, None)
    record.__dict__.update(stage=stage, domain=domain, done=done)
    handler.emit(record)


def test_a_stage_has_one_bar_that_moves_and_goes() -> None:
    progress = Progress(console=build_console())
    handler = ProgressHandler(progress)
    say(handler, "train", 0.0)
    say(handler, "train", 0.5)
    (task,) = progress.tasks
    assert (task.completed, task.description) == (0.5, "step of train")
    say(handler, "train", 1.0)
    assert progress.tasks == []


def test_stages_and_domains_have_bars_of_their_own() -> None:
    progress = Progress(console=build_console())
    handler = ProgressHandler(progress)
    for stage, domain in (("train", "clinical"), ("train", "regulatory"), ("judge", "clinical")):
        say(handler, stage, 0.1, domain)
    assert len(progress.tasks) == 3


def test_a_stage_may_come_again() -> None:
    progress = Progress(console=build_console())
    handler = ProgressHandler(progress)
    for done in (0.0, 1.0, 0.0):
        say(handler, "train", done)
    assert len(progress.tasks) == 1


def test_the_logger_is_left_as_it_was() -> None:
    before = list(LOG.handlers), LOG.level
    with show_progress(build_console()):
        assert LOG.isEnabledFor(logging.INFO)
        LOG.info("half", extra={"stage": "train", "domain": "clinical", "done": 0.5})
    assert (list(LOG.handlers), LOG.level) == before


def test_waiting_is_shown_for_as_long_as_it_lasts_even_when_it_fails() -> None:
    def start_and_break(waiting: Waiting) -> None:
        with waiting.waiting("the server starts"):
            assert [task.description for task in waiting.progress.tasks] == ["the server starts"]
            raise ValueError("broken")

    with show_progress(build_console()) as waiting:
        with pytest.raises(ValueError, match="broken"):
            start_and_break(waiting)
        assert waiting.progress.tasks == []
