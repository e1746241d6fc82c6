"""What a training remembers of a text that it saw so often: canaries are planted in a twin of it, never in the candidate.

The twin learns the candidate's lesson by the same learner and seed, with canaries added. A canary that was seen is told by its
exposure: how far up it ranks, by loss, among canaries that nobody was shown.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pipelines.audit.canaries import invent_labelled, invent_numbers, repeat_canary
from pipelines.audit.intervals import spread_median
from pipelines.audit.subjects import Subject
from pipelines.domain.audits import Reading
from pipelines.domain.errors import NotMeasurableError
from pipelines.learners.monitors import Unwatched
from pipelines.learners.predictors import load_predictor
from pipelines.learners.protocols import Document, Lesson, Predictor

if TYPE_CHECKING:
    from pipelines.audit.params import Memorisation

UNPLANTED = "unplanted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flock:
    """Canaries by how often each is planted, and those that never are: a control group, and references to rank among."""

    planted: Mapping[int, Sequence[Document]]
    control: Sequence[Document]
    references: Sequence[Document]


def measure_memorisation(probe: Memorisation, subject: Subject) -> tuple[Reading, ...]:
    """Return the median exposure (bits) of the canaries of each repetition, and of those that were not planted.

    A planted group's interval is the bootstrap's, of its own median. The unplanted group's is the band in which the median of
    so many unplanted canaries lies 95% of the time, drawn from controls and references together; ``reference`` repeats its
    median. Raises :class:`NotMeasurableError` where the twin's training ended before it had seen every canary.
    """
    lesson = subject.plan_lesson().lesson
    flock = raise_flock(probe, subject, lesson)
    with TemporaryDirectory() as place:
        train_twin(subject, lesson, flock, Path(place))
        predictor = load_predictor(Path(place), subject.training.threads)
        references = sorted(_losses(predictor, flock.references))
        exposures = {times: _expose(predictor, group, references) for times, group in flock.planted.items()}
        control = _expose(predictor, flock.control, references)
    unplanted = [*control, *(expose(loss, references) for loss in references)]
    band = spread_median(unplanted, len(control), subject.seed("memorisation", UNPLANTED))
    readings = [_read(UNPLANTED, control, band, control)]
    for times, found in exposures.items():
        interval = spread_median(found, len(found), subject.seed("memorisation", str(times)))
        readings.append(_read(name_repetition(times), found, interval, control))
    return tuple(readings)


def name_repetition(times: int) -> str:
    """Return the name of the reading of the canaries that were planted so often."""
    return f"planted ×{times}"


def expose(loss: float, references: Sequence[float]) -> float:
    """Return a canary's exposure in bits among the sorted losses of references: log2 n - log2 rank, equals sharing a rank.

    Carlini et al. (2019), The Secret Sharer, USENIX Security, definition 5, with the rank among n sampled canaries (itself
    included) for that in the whole space of them; at most log2 n, and 1 in the median for what nobody was shown.
    """
    below, upto = bisect_left(references, loss), bisect_right(references, loss)
    rank = 1 + below + (upto - below) / 2
    return math.log2(len(references) + 1) - math.log2(rank)


def raise_flock(probe: Memorisation, subject: Subject, lesson: Lesson) -> Flock:
    """Return canaries that no run was ever shown: drawn by the look, from the lesson's own words where they need a label."""
    count = probe.canaries * (len(probe.repetitions) + 1) + probe.references
    seed = subject.seed("memorisation")
    if subject.is_language_model:
        canaries = invent_numbers(count, seed)
    else:
        words = sorted({word for row in lesson.news for word in row.text.split()})
        canaries = invent_labelled(count, words, subject.labels, seed)
    groups = [canaries[first : first + probe.canaries] for first in range(0, count - probe.references, probe.canaries)]
    return Flock(
        planted=dict(zip(probe.repetitions, groups[:-1], strict=True)),
        control=groups[-1],
        references=canaries[-probe.references :],
    )


def train_twin(subject: Subject, lesson: Lesson, flock: Flock, output: Path) -> None:
    """Train the lesson with the canaries among its news; raises :class:`NotMeasurableError` where it was cut short."""
    rows = [row for times, group in flock.planted.items() for canary in group for row in repeat_canary(canary, times)]
    learner = subject.training.learner
    curve = learner.fit(replace(lesson, news=(*lesson.news, *rows)), output, Unwatched())
    limit = None if learner.kind == "linear" else learner.max_steps
    if limit is not None and len(curve) >= limit:
        raise NotMeasurableError(f"`max_steps: {limit}` ends the training before every canary was seen")


def _read(name: str, exposures: Sequence[float], interval: tuple[float, float], control: Sequence[float]) -> Reading:
    lower, upper = interval
    return Reading(name=name, value=median(exposures), lower=lower, upper=upper, count=len(exposures), reference=median(control))


def _expose(predictor: Predictor, canaries: Sequence[Document], references: Sequence[float]) -> list[float]:
    return [expose(loss, references) for loss in _losses(predictor, canaries)]


def _losses(predictor: Predictor, canaries: Sequence[Document]) -> list[float]:
    return [found.loss for found in predictor.predict(canaries)]
