"""Whether a language model writes out what it was trained on: spans of training texts, against spans of texts kept back.

Boilerplate is written out whether or not it was trained on; so what counts is how much more of the training texts comes out.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pipelines.audit.intervals import bound_share
from pipelines.audit.subjects import Subject, choose_rows
from pipelines.domain.audits import Reading
from pipelines.domain.errors import NotMeasurableError
from pipelines.learners.rows import Row

if TYPE_CHECKING:
    from pipelines.audit.params import Extraction

TRAINED, KEPT = "training spans", "spans kept back"


def measure_extraction(probe: Extraction, subject: Subject) -> tuple[Reading, ...]:
    """Return the share of spans that can be extracted, of texts in training and of texts kept back, with exact intervals.

    Raises :class:`NotMeasurableError` for a classifier, and where no text is long enough.
    """
    if not subject.is_language_model:
        raise NotMeasurableError("a classifier emits labels, no text")
    kept = _measure(probe, subject, KEPT, subject.read_kept_back())
    trained = _measure(probe, subject, TRAINED, subject.read_learned(), kept.value)
    return trained, kept


def is_extractable(log_probability: float, tries: int, certainty: float) -> bool:
    """Return whether ``tries`` samples give the span at least once with a probability of ``certainty``.

    (n, p)-discoverable extraction: 1 - (1 - p_z)^n >= p (Hayes et al. 2024, https://arxiv.org/abs/2410.19482, definition 3),
    computed from logarithms, since p_z is as small as e^-100.
    """
    probability = math.exp(log_probability)
    return probability >= 1 or tries * math.log1p(-probability) <= math.log1p(-certainty)


def _measure(probe: Extraction, subject: Subject, name: str, rows: Sequence[Row], reference: float | None = None) -> Reading:
    from pipelines.learners.spans import Cut, measure_spans

    chosen = choose_rows(rows, probe.rows, subject.seed("extraction", name))
    cut = Cut(prefix=probe.prefix, span=probe.span, temperature=probe.temperature, top_k=probe.top_k)
    found = measure_spans(subject.folder.model, [row.document.text for row in chosen], cut, subject.training.threads)
    if not found:
        raise NotMeasurableError(f"{name}: no text has {probe.prefix + probe.span} tokens")
    hits = sum(is_extractable(one, probe.tries, probe.certainty) for one in found)
    lower, upper = bound_share(hits, len(found))
    return Reading(name=name, value=hits / len(found), lower=lower, upper=upper, count=len(found), reference=reference)
