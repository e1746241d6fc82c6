"""The seam between the stages and whatever learns: a lesson goes in, a folder of safetensors and JSON comes out.

A learner is a frozen pydantic model (its own parameters) with a ``kind`` literal; a predictor is what reads its folder.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from pipelines.domain.identities import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """A row to learn from or to be scored on. ``label`` is empty for a text without one."""

    row_id: Digest
    text: str
    label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A currency item: two texts of which one is in force, after the context that both share."""

    row_id: Digest
    question: str
    text_before: str
    text_in_force: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """How a fit is carried out here: it changes how long it takes and what survives a kill, and no weight.

    ``checkpoints`` lies outside the outputs; ``None`` keeps nothing. ``enclosure`` is the folder in it for all attempts at one
    lesson, where a stage wants to forget them together. ``checkpoint_seconds`` is the least time between two of
    them. ``is_sharded`` divides the model, and not only the batch, among the processes that train it together, of which this
    one has the ``rank``: the first, 0, alone writes anything.
    """

    checkpoints: Path | None = None
    enclosure: Path | None = None
    checkpoint_seconds: float = 60.0
    is_sharded: bool = False
    rank: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """Everything that a fit depends on, beside the learner's own parameters.

    ``news`` are rows the champion has not seen; ``history`` are rows that it has, already sampled for replay (all rows are
    ``news`` on a cold start). ``champion`` is the folder to start warm from, ``None`` for a cold start. ``labels`` is the
    declared set, in order. ``checkpoints`` lies outside the outputs and may hold an earlier attempt at this very lesson;
    nothing depends on it, nor on the ``conduct``.
    """

    news: Sequence[Document]
    history: Sequence[Document]
    dev: Sequence[Document]
    labels: tuple[str, ...]
    champion: Path | None
    checkpoints: Path | None
    seed: int
    threads: int
    conduct: Conduct = Conduct()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One point of the training curve; ``dev_loss`` where it was measured."""

    step: int
    steps: int
    loss: float
    rate: float
    tokens: int
    dev_loss: float | None = None


class Monitor(Protocol):
    """Whoever watches a training: a terminal, a log, MLflow. Watching changes nothing that is trained."""

    def observe(self, step: Step) -> None:
        """Take note of a step."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Prediction:
    """One scored row, in the terms of :class:`~pipelines.domain.scorecards.Outcome`.

    ``probabilities`` are those of all labels of the model's card, ``None`` for a language model.
    """

    row_id: Digest
    predicted: str
    loss: float
    size: int
    confidence: float | None
    probabilities: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """One scored pair: log-likelihood per token of the text before and of the text in force (nats)."""

    row_id: Digest
    before: float
    in_force: float


class Predictor(Protocol):
    """A model read from its folder, ready to be asked."""

    def predict(self, documents: Sequence[Document]) -> list[Prediction]:
        """Score documents, in order: label and its loss for a classifier, the whole text's loss for a language model."""
        ...

    def prefer(self, pairs: Sequence[Pair]) -> list[Preference] | None:
        """Score pairs, in order; ``None`` where the model knows no likelihood of text (a classifier)."""
        ...

    def complete(self, prompts: Sequence[str], tokens: int) -> list[str] | None:
        """Continue each prompt greedily by at most ``tokens`` tokens; ``None`` for a classifier."""
        ...


class Learner(Protocol):
    """Its own parameters and one method; ``predictors.load_predictor`` reads what it wrote."""

    def fit(self, lesson: Lesson, output: Path, monitor: Monitor) -> list[Step]:
        """Train on ``lesson`` and write the model into ``output`` (empty when called); return the curve.

        Raises :class:`~pipelines.domain.errors.EmptyLessonError` and :class:`~pipelines.domain.errors.DivergedError`.
        """
        ...
