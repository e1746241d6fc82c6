"""What a stage says, passed on to each according to their patience: all of it to a terminal, a line now and then to Prefect.

Prefect keeps every line in its database and sends it over the network, so a training of ten thousand steps is told there by a
line each ten seconds. Its end, and every reading of dev, is always told.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Callable
from dataclasses import dataclass

from prefect.artifacts import create_progress_artifact, update_progress_artifact

from flows.progress import PROGRESS_LOGGER
from pipelines.learners.paces import Progress, read_line

PAUSE_S = 10.0
"""Between two lines of progress in Prefect's log."""
PARTS = 10
"""How often the bar on Prefect's page moves in a training."""
LOG = logging.getLogger(PROGRESS_LOGGER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Who is told: ``tell`` writes a line into Prefect's log, ``show`` moves its page to a percentage."""

    tell: Callable[[str], None]
    show: Callable[[float], None]
    clock: Callable[[], float] = time.monotonic


class StageProgress:
    """Hears a stage line by line, and passes on what each of the audience wants to know."""

    def __init__(self, stage: str, domain: str, audience: Audience) -> None:
        self.stage, self.domain, self._audience = stage, domain, audience
        self._shown = 0
        self._told_at = -PAUSE_S

    def hear(self, line: str) -> None:
        """Take note of a line; one that says how far a training is becomes progress."""
        progress = read_line(line)
        if progress is None:
            self._audience.tell(line)
            return
        said, step = progress.describe(), progress.step
        LOG.info(said, extra={"stage": self.stage, "domain": self.domain, "done": progress.done})
        if self._is_due(progress):
            self._told_at = self._audience.clock()
            dev = "" if step.dev_loss is None else f", dev loss {step.dev_loss:.3f}"
            self._audience.tell(f"{self.stage} of {self.domain}: {said}{dev}")
        part = PARTS * step.step // step.steps
        if part > self._shown:
            self._shown = part
            self._audience.show(round(100 * progress.done, 1))

    def _is_due(self, progress: Progress) -> bool:
        is_told = progress.step.dev_loss is not None or progress.done >= 1.0
        return is_told or self._audience.clock() - self._told_at >= PAUSE_S


class ProgressPage:
    """The bar on the page of a flow run, made when there is something to show."""

    def __init__(self, stage: str, domain: str) -> None:
        self._key, self._description = name_artifact(domain, stage), f"{stage} of {domain}"
        self._artifact: object | None = None

    def show(self, percent: float) -> None:
        """Move it."""
        if self._artifact is None:
            self._artifact = create_progress_artifact(progress=percent, key=self._key, description=self._description)
        else:
            update_progress_artifact(artifact_id=self._artifact, progress=percent)  # type: ignore[arg-type]  # what create returned


def name_artifact(*parts: str) -> str:
    """Return an artifact's key, in which Prefect allows lower-case letters, digits and hyphens only."""
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")
