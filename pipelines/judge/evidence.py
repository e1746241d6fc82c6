"""The outcomes as arrays, a model and a slice at a time, always paired by row: what every gate is handed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pipelines.domain.audits import AuditReport
from pipelines.domain.errors import NotMeasurableError, StageError
from pipelines.domain.identities import Json, digest_value
from pipelines.domain.models import Role
from pipelines.domain.pins import Look, Pin
from pipelines.domain.scorecards import Outcome, Slice
from pipelines.judge.model_files import ModelFiles
from pipelines.judge.overlaps import Overlaps

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """One model on one slice, in the order of ``row_id``; arrays are one value a row.

    ``family``, ``label`` and ``predicted`` are codes that all models of the slice share; a prediction that is no label of the
    slice is -1. ``correct`` is NaN where nothing can be right. ``loss`` is in nats, ``size`` in bytes.
    ``probabilities`` have the shape ``(rows, labels)``, NaN in the rows of a model that gives none.
    """

    row_ids: tuple[str, ...]
    families: int
    labels: int
    family: Codes
    label: Codes
    predicted: Codes
    correct: Floats
    loss: Floats
    size: Floats
    probabilities: Floats


@dataclass(frozen=True, slots=True)
class Evidence:
    """Everything a verdict may stand on: the pin, the look that it carries, the outcomes, the duties to change, the audit."""

    pin: Pin
    look: Look
    outcomes: Sequence[Outcome]
    duties: int = 0
    candidate_files: ModelFiles | None = None
    champion_files: ModelFiles | None = None
    audit: AuditReport | None = None
    overlaps: Overlaps | None = None

    @property
    def alpha(self) -> float:
        """The level of every test of this look."""
        return self.look.alpha

    @property
    def is_first(self) -> bool:
        """Whether there is no champion yet."""
        return self.pin.champion is None

    @property
    def is_renewed(self) -> bool:
        """Whether the holdout was renewed since the champion's cut-off, so that all its rows are fresh and none established."""
        return self.pin.generation.number > 1 and not self._choose(Slice.ESTABLISHED) and bool(self._choose(Slice.FRESH))

    def seed(self, *parts: str) -> int:
        """Return the seed of a resampling: fixed by the look before the candidate exists."""
        named: list[Json] = [self.look.generation, self.look.t, self.look.plan, *parts]
        return int(digest_value(named)[:15], 16)

    def rows(self, role: Role, part: Slice) -> Rows:
        """Return a model's rows of a slice; raises :class:`NotMeasurableError` where there are none."""
        chosen = self._choose(part)
        mine = sorted((outcome for outcome in chosen if outcome.role is role), key=lambda outcome: outcome.row_id)
        if not mine:
            raise NotMeasurableError(f"the {role.value} has no rows in the {part.value} slice")
        families = sorted({outcome.family_id for outcome in mine})
        labels = sorted({outcome.label for outcome in mine})
        return _tabulate(mine, families, labels)

    def pair(self, against: Role, part: Slice) -> tuple[Rows, Rows]:
        """Return candidate and reference on the same rows; raises :class:`StageError` where they are not the same."""
        is_one_model = against is Role.ANCHOR and self.pin.anchor is not None and self.pin.anchor == self.pin.champion
        first, second = self.rows(Role.CANDIDATE, part), self.rows(Role.CHAMPION if is_one_model else against, part)
        if first.row_ids != second.row_ids:
            raise StageError(f"candidate and {against.value} were not scored on the same {part.value} rows: run evaluate again")
        return first, second

    def _choose(self, part: Slice) -> list[Outcome]:
        match part:
            case Slice.HOLDOUT:  # fresh rows are rows of it, whether they are listed once or twice
                return self._list_once({Slice.HOLDOUT, Slice.FRESH, Slice.ESTABLISHED})
            case Slice.ESTABLISHED:  # what of the holdout is not fresh
                fresh = {outcome.row_id for outcome in self.outcomes if outcome.slice is Slice.FRESH}
                return [one for one in self._list_once({Slice.HOLDOUT, Slice.ESTABLISHED}) if one.row_id not in fresh]
            case _:
                return [outcome for outcome in self.outcomes if outcome.slice is part]

    def _list_once(self, parts: set[Slice]) -> list[Outcome]:
        unique: dict[tuple[Role, str], Outcome] = {}
        for outcome in self.outcomes:
            if outcome.slice in parts:
                unique.setdefault((outcome.role, outcome.row_id), outcome)
        return list(unique.values())


def _tabulate(outcomes: Sequence[Outcome], families: Sequence[str], labels: Sequence[str]) -> Rows:
    family_codes = {name: code for code, name in enumerate(families)}
    label_codes = {name: code for code, name in enumerate(labels)}
    return Rows(
        row_ids=tuple(outcome.row_id for outcome in outcomes),
        families=len(families),
        labels=len(labels),
        family=np.array([family_codes[outcome.family_id] for outcome in outcomes], dtype=np.int64),
        label=np.array([label_codes[outcome.label] for outcome in outcomes], dtype=np.int64),
        predicted=np.array([label_codes.get(outcome.predicted, -1) for outcome in outcomes], dtype=np.int64),
        correct=np.array([np.nan if outcome.correct is None else outcome.correct for outcome in outcomes], dtype=np.float64),
        loss=np.array([outcome.loss for outcome in outcomes], dtype=np.float64),
        size=np.array([outcome.size for outcome in outcomes], dtype=np.float64),
        probabilities=np.array([_list_probabilities(outcome, labels) for outcome in outcomes], dtype=np.float64),
    )


def _list_probabilities(outcome: Outcome, labels: Sequence[str]) -> list[float]:
    """A label that the model does not know is one that it gives no probability to."""
    if outcome.probabilities is None:
        return [np.nan] * len(labels)
    return [outcome.probabilities.get(label, 0.0) for label in labels]
