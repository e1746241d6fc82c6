"""A scorecard is a model's metrics by slice; an outcome is one row's result, from which every metric and test is computed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from pipelines.domain.models import Role


class Slice(StrEnum):
    """The parts of the evaluation rows.

    ``FRESH`` is the part of ``HOLDOUT`` newer than the champion's cut-off and ``ESTABLISHED`` the rest of it: whoever poisons the
    news poisons the fresh rows with it, and only the established ones tell.
    """

    DEV = "dev"
    HOLDOUT = "holdout"
    FRESH = "fresh"
    ESTABLISHED = "established"
    ANCHOR = "anchor"
    CURRENCY = "currency"
    GENERAL = "general"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """One model on one row.

    ``correct`` is 1.0 or 0.0 (classifier: label right; currency pair: text in force preferred), ``None`` where nothing can be
    right. ``loss`` is the negative log-likelihood in nats (of the label, or of the whole text). ``size`` is the text's length in
    UTF-8 bytes. ``confidence`` is the probability of the predicted label, ``None`` for a language model.
    ``probabilities`` are those of every label that the model knows.
    """

    role: Role
    slice: Slice
    row_id: str
    family_id: str
    source: str
    label: str
    predicted: str
    correct: float | None
    loss: float
    size: int
    confidence: float | None
    probabilities: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One metric of one model on one slice, with the number of rows it stands on."""

    role: Role
    slice: Slice
    metric: str
    value: float
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scorecard:
    """All scores of a run, in a fixed order."""

    scores: tuple[Score, ...]

    def find(self, role: Role, part: Slice, metric: str) -> Score | None:
        """Return the score, or ``None`` where it was not measured."""
        for score in self.scores:
            if (score.role, score.slice, score.metric) == (role, part, metric):
                return score
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyExample:
    """A revision pair as people read it: the question, the text before, the text in force, and what each model says."""

    row_id: str
    question: str
    text_before: str
    text_in_force: str
    effective_from: str
    champion_answer: str
    candidate_answer: str
    is_champion_current: bool | None
    is_candidate_current: bool
