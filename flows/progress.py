"""Progress on a terminal: a bar for every stage that runs, fed by the log that the flows write anyway."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

PROGRESS_LOGGER = "addendum.progress"


class ProgressHandler(logging.Handler):
    """Turns records that carry ``stage``, ``domain`` and ``done`` into bars."""

    def __init__(self, progress: Progress) -> None:
        super().__init__()
        self.progress = progress
        self.bars: dict[tuple[str, str], TaskID] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Move the record's bar."""
        key = (str(record.__dict__["stage"]), str(record.__dict__["domain"]))
        done = float(record.__dict__["done"])
        if key not in self.bars:
            self.bars[key] = self.progress.add_task(f"{key[0]} of {key[1]}", total=1.0)
        self.progress.update(self.bars[key], completed=done, description=record.getMessage())
        if done >= 1.0:
            self.progress.remove_task(self.bars.pop(key))


class Waiting:
    """What a rehearsal shows while something takes its time."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress

    @contextmanager
    def waiting(self, description: str) -> Iterator[None]:
        """Show a spinner with ``description`` until the block ends."""
        task = self.progress.add_task(description, total=None)
        try:
            yield
        finally:
            self.progress.remove_task(task)


@contextmanager
def show_progress(console: Console) -> Iterator[Waiting]:
    """Show bars on ``console`` for as long as the block lasts."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    logger = logging.getLogger(PROGRESS_LOGGER)
    with Progress(*columns, console=console, transient=True) as progress:
        handler = ProgressHandler(progress)
        level = logger.level
        logger.addHandler(handler)
        logger.setLevel(logging.INFO)
        try:
            yield Waiting(progress)
        finally:
            logger.removeHandler(handler)
            logger.setLevel(level)
