"""Metrics as plain functions of outcomes, so that whoever has the outcomes can recompute every number of a scorecard."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

from pipelines.domain.errors import NotMeasurableError
from pipelines.domain.models import Role
from pipelines.domain.scorecards import Outcome, Score, Scorecard, Slice

Metric = Callable[[Sequence[Outcome]], float]
CALIBRATION_BINS = 15


def accuracy(outcomes: Sequence[Outcome]) -> float:
    """Return the share of outcomes that are right."""
    return math.fsum(_right(outcome) for outcome in _some(outcomes)) / len(outcomes)


def macro_f1(outcomes: Sequence[Outcome]) -> float:
    """Return the mean F1 over every label that is true or predicted somewhere, each counting the same."""
    truths = Counter(outcome.label for outcome in _some(outcomes))
    predicted = Counter(outcome.predicted for outcome in outcomes)
    hits = Counter(outcome.label for outcome in outcomes if outcome.label == outcome.predicted)
    labels = sorted(set(truths) | set(predicted))
    return math.fsum(2 * hits[label] / (truths[label] + predicted[label]) for label in labels) / len(labels)


def log_loss(outcomes: Sequence[Outcome]) -> float:
    """Return the mean loss in nats a row."""
    return math.fsum(outcome.loss for outcome in _some(outcomes)) / len(outcomes)


def bits_per_byte(outcomes: Sequence[Outcome]) -> float:
    """Return the loss in bits over all rows together, per UTF-8 byte: comparable between tokenizers."""
    size = sum(outcome.size for outcome in _some(outcomes))
    if size == 0:
        raise NotMeasurableError("evaluate: bits per byte needs texts that are not empty")
    return math.fsum(outcome.loss for outcome in outcomes) / math.log(2) / size


def calibration_error(outcomes: Sequence[Outcome]) -> float:
    """Return the expected calibration error over 15 bins of equal width (https://arxiv.org/abs/1706.04599, equation 3)."""
    bins: defaultdict[int, list[float]] = defaultdict(list)
    for outcome in _some(outcomes):
        if outcome.confidence is None:
            raise NotMeasurableError("evaluate: calibration needs a confidence of every row")
        bins[find_bin(outcome.confidence)].append(_right(outcome) - outcome.confidence)
    return math.fsum(abs(math.fsum(bins[place])) for place in sorted(bins)) / len(outcomes)


def find_bin(confidence: float) -> int:
    """Return which of the 15 bins of equal width a confidence belongs to; its upper edge is its own."""
    return min(max(math.ceil(confidence * CALIBRATION_BINS) - 1, 0), CALIBRATION_BINS - 1)


CLASSIFIER_METRICS: Mapping[str, Metric] = {
    "accuracy": accuracy,
    "macro_f1": macro_f1,
    "log_loss": log_loss,
    "calibration_error": calibration_error,
}
LANGUAGE_METRICS: Mapping[str, Metric] = {"bits_per_byte": bits_per_byte}
CURRENCY_METRICS: Mapping[str, Metric] = {"currency": accuracy}


def build_scorecard(outcomes: Sequence[Outcome]) -> Scorecard:
    """Return every metric of every role and slice, in the order of their declaration."""
    groups: defaultdict[tuple[Role, Slice], list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        groups[outcome.role, outcome.slice].append(outcome)
    scores = [
        Score(role=role, slice=part, metric=name, value=metric(groups[role, part]), rows=len(groups[role, part]))
        for role in Role
        for part in Slice
        if (role, part) in groups
        for name, metric in _metrics_of(part, groups[role, part]).items()
    ]
    return Scorecard(scores=tuple(scores))


def _metrics_of(part: Slice, outcomes: Sequence[Outcome]) -> Mapping[str, Metric]:
    if part is Slice.CURRENCY:
        return CURRENCY_METRICS
    return LANGUAGE_METRICS if outcomes[0].correct is None else CLASSIFIER_METRICS


def _some(outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
    if not outcomes:
        raise NotMeasurableError("evaluate: a metric needs at least one row")
    return outcomes


def _right(outcome: Outcome) -> float:
    if outcome.correct is None:
        raise NotMeasurableError("evaluate: nothing can be right or wrong about these rows")
    return outcome.correct
