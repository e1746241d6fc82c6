"""Whether a candidate answers about as fast as the champion, on this machine, one document at a time.

Outputs hold no duration: what is written is only whether the median is within its limits, which the same two models on a
machine left in peace answer alike every time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from statistics import median
from typing import TYPE_CHECKING

from pipelines.audit.subjects import Subject, choose_rows
from pipelines.domain.audits import Reading
from pipelines.domain.errors import NotMeasurableError
from pipelines.learners.protocols import Document, Predictor

if TYPE_CHECKING:
    from pipelines.audit.params import Latency

Stopwatch = Callable[[], float]
WITHIN_RATIO, WITHIN_LIMIT = "within the ratio", "within the limit"


def measure_latency(probe: Latency, subject: Subject, stopwatch: Stopwatch = time.perf_counter) -> tuple[Reading, ...]:
    """Return 1 or 0 for each limit: the ratio to the champion's median, and the absolute one where it is set.

    Raises :class:`NotMeasurableError` without rows, and without either a champion or an absolute limit.
    """
    rows = [row.document for row in choose_rows(subject.read_holdout(), probe.rows, subject.seed("latency"))]
    candidate, champion = subject.load_candidate(), subject.load_champion()
    if not rows:
        raise NotMeasurableError("the holdout has no row to answer")
    if champion is None and probe.limit_ms is None:
        raise NotMeasurableError("there is no champion yet to be slower than, and no `limit_ms`")
    seconds = time_alternately([candidate, *([champion] if champion else [])], rows, probe.rounds, stopwatch)
    readings = []
    if champion is not None:
        is_within = seconds[0] <= probe.ratio * seconds[1]
        readings.append(Reading(name=WITHIN_RATIO, value=float(is_within), count=len(rows), reference=probe.ratio))
    if probe.limit_ms is not None:
        is_within = 1000 * seconds[0] <= probe.limit_ms
        readings.append(Reading(name=WITHIN_LIMIT, value=float(is_within), count=len(rows), reference=probe.limit_ms))
    return tuple(readings)


def time_alternately(models: Sequence[Predictor], rows: Sequence[Document], rounds: int, stopwatch: Stopwatch) -> list[float]:
    """Return each model's median time for a document, in seconds, of the fastest of ``rounds`` for each document.

    Models take turns at every document, so that whatever slows the machine for a while slows all of them. The first answer of
    each, which loads what is lazy, is not counted.
    """
    best = [[float("inf")] * len(rows) for _ in models]
    for model in models:
        model.predict(rows[:1])
    for _ in range(rounds):
        for place, row in enumerate(rows):
            for times, model in zip(best, models, strict=True):
                begun = stopwatch()
                model.predict([row])
                times[place] = min(times[place], stopwatch() - begun)
    return [median(times) for times in best]
