"""How a candidate bears small changes of its input, beside the champion on the very same changed rows.

Where a change keeps what a text says (typing errors, case, how a date is written) the two are compared by what they make of the
changed text: rows labelled rightly, or bits a byte. Where it may change it (another number, a "not") nothing says which answer
would be right, so a classifier is compared by whether it stays with its answer, and a language model by whether it finds the
true text likelier than the changed one. Without a champion a model's own value on the unchanged rows is told beside it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from pipelines.audit.perturbations import KEEPING, Perturbation, perturb
from pipelines.audit.subjects import Subject, choose_rows
from pipelines.domain.audits import Reading
from pipelines.domain.errors import NotMeasurableError
from pipelines.domain.identities import digest_value
from pipelines.learners.protocols import Document, Prediction, Predictor

if TYPE_CHECKING:
    from pipelines.audit.params import Robustness


Pairs = Sequence[tuple[Document, Document]]
"""Rows before and after a change."""


@dataclass(frozen=True, slots=True)
class Answers:
    """One model on the same rows before and after a change."""

    clean: Sequence[Prediction]
    changed: Sequence[Prediction]


class Witness:
    """A model that was asked about every row as it is, once, and is asked about each change of some."""

    def __init__(self, model: Predictor, rows: Sequence[Document]) -> None:
        self._model = model
        self._clean = {found.row_id: found for found in model.predict(rows)}

    def answer(self, pairs: Pairs) -> Answers:
        """Return what the model says of each pair, in order."""
        return Answers([self._clean[clean.row_id] for clean, _ in pairs], self._model.predict([changed for _, changed in pairs]))


def measure_robustness(probe: Robustness, subject: Subject) -> tuple[Reading, ...]:
    """Return the readings of each kind of change, as :func:`compare_answers` and :func:`compare_bits` name them.

    A kind that changes no row has one reading, of no rows. Raises :class:`NotMeasurableError` for a holdout without rows.
    """
    rows = [row.document for row in choose_rows(subject.read_holdout(), probe.rows, subject.seed("robustness"))]
    if not rows:
        raise NotMeasurableError("the holdout has no row to change")
    champion = subject.load_champion()
    witnesses = (Witness(subject.load_candidate(), rows), Witness(champion, rows) if champion else None)
    readings: list[Reading] = []
    for kind in probe.kinds:
        changed = [replace(row, text=perturb(kind, row.text, _seed(subject, row))) for row in rows]
        pairs = [(row, other) for row, other in zip(rows, changed, strict=True) if row.text != other.text]
        is_of_bits = subject.is_language_model and kind in KEEPING
        readings += (_measure_bits if is_of_bits else _measure_shares)(kind, pairs, witnesses) if pairs else [_leave_out(kind)]
    return tuple(readings)


def _measure_bits(kind: Perturbation, pairs: Pairs, witnesses: tuple[Witness, Witness | None]) -> list[Reading]:
    candidate, champion = witnesses
    answers = candidate.answer(pairs)
    if champion is not None:
        return compare_bits(kind, answers.changed, champion.answer(pairs).changed)
    changed, clean = _Bits(answers.changed), _Bits(answers.clean)
    return [Reading(name=kind, value=changed.ratio, reference=clean.ratio, count=len(pairs))]


def _measure_shares(kind: Perturbation, pairs: Pairs, witnesses: tuple[Witness, Witness | None]) -> list[Reading]:
    candidate, champion = witnesses
    answers, labels = candidate.answer(pairs), [clean.label for clean, _ in pairs]
    mine = judge_answers(kind, answers, labels)
    if champion is not None:
        return compare_answers(kind, mine, judge_answers(kind, champion.answer(pairs), labels))
    own = [found.predicted == label for found, label in zip(answers.clean, labels, strict=True)]
    return [Reading(name=kind, value=_share(mine), reference=_share(own) if kind in KEEPING else None, count=len(mine))]


def judge_answers(kind: Perturbation, answers: Answers, labels: Sequence[str]) -> list[bool]:
    """Return for each row whether the model did well by it: right, steady in its answer, or surer of the true text."""
    if any(found.confidence is None for found in answers.clean):
        return [clean.loss < changed.loss for clean, changed in zip(answers.clean, answers.changed, strict=True)]
    if kind in KEEPING:
        return [found.predicted == label for found, label in zip(answers.changed, labels, strict=True)]
    return [clean.predicted == changed.predicted for clean, changed in zip(answers.clean, answers.changed, strict=True)]


def _leave_out(kind: Perturbation) -> Reading:
    return Reading(name=kind, value=0.0)


def compare_answers(kind: str, mine: Sequence[bool], theirs: Sequence[bool]) -> list[Reading]:
    """Return three readings: ``kind`` (the candidate's share, beside the champion's), and the rows of ``gains`` and ``losses``.

    A gain is a row on which only the candidate does well, a loss one on which only the champion does.
    """
    count = len(mine)
    gains = sum(own and not other for own, other in zip(mine, theirs, strict=True))
    losses = sum(other and not own for own, other in zip(mine, theirs, strict=True))
    return [
        Reading(name=kind, value=_share(mine), reference=_share(theirs), count=count),
        Reading(name=f"{kind} gains", value=float(gains), count=count),
        Reading(name=f"{kind} losses", value=float(losses), count=count),
    ]


def compare_bits(kind: str, mine: Sequence[Prediction], theirs: Sequence[Prediction]) -> list[Reading]:
    """Return three readings: ``kind`` (bits a byte, beside the champion's), the ``difference`` and its standard ``error``.

    The difference is of bits a byte over all rows together, champion minus candidate so that more is better; its error is that
    of a difference of ratios of sums (Cochran 1977, Sampling Techniques, §6.4).
    """
    own, other, count = _Bits(mine), _Bits(theirs), len(mine)
    residuals = other.residuals - own.residuals
    error = math.sqrt(float((residuals**2).sum()) * count / max(count - 1, 1))
    return [
        Reading(name=kind, value=own.ratio, reference=other.ratio, count=count),
        Reading(name=f"{kind} difference", value=other.ratio - own.ratio, count=count),
        Reading(name=f"{kind} error", value=error, count=count),
    ]


class _Bits:
    """Bits a byte over all rows together, and how much each row pulls that ratio away from itself."""

    def __init__(self, found: Sequence[Prediction]) -> None:
        bits = np.array([one.loss for one in found], dtype=np.float64) / math.log(2)
        sizes = np.array([one.size for one in found], dtype=np.float64)
        self.ratio = float(bits.sum() / sizes.sum())
        self.residuals = (bits - self.ratio * sizes) / sizes.sum()


def _share(done: Sequence[bool]) -> float:
    return sum(done) / len(done)


def _seed(subject: Subject, row: Document) -> int:
    return int(digest_value([subject.seed("robustness"), row.row_id])[:15], 16)
