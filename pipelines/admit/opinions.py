"""What a plain model of the older history thinks of the labels of the newer history and of a drop.

The newer history shows how often it is contradicted where nothing is wrong, a source at a time, drift included; a drop that
contradicts it much more often is not of the same making. The model is the linear learner: it takes seconds, keeps nothing, and
has never seen what it is asked about. A champion has learned from the very history that would have to say how often it errs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pipelines.admit.claims import Claim
from pipelines.admit.params import PoisonParams
from pipelines.learners.linear import Linear
from pipelines.learners.protocols import Document, Lesson

Chances = NDArray[np.float64]

OLDER = 0.75
"""Share of each source's history that the model learns from; the rest tells how it fares on what came after."""

MODEL = Linear(has_pairs=False, vocabulary=20_000, iterations=100)
SMALLEST = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinions:
    """Claims, and the chances (rows x labels, in the order of ``labels``) that a model gives their labels.

    Claims of labels that the model does not know, and of families that it learned from, are not among them.
    """

    labels: tuple[str, ...]
    claims: tuple[Claim, ...]
    chances: Chances

    @property
    def own(self) -> Chances:
        """The chance of each claim's own label."""
        places = {label: place for place, label in enumerate(self.labels)}
        columns = np.array([places[claim.label] for claim in self.claims], dtype=np.int64)
        return np.asarray(self.chances[np.arange(len(self.claims)), columns])

    @property
    def contradictions(self) -> Chances:
        """By how much (log odds) each claim's label is less likely than the likeliest; nothing where it is the likeliest."""
        return np.asarray(np.log(np.maximum(self.chances.max(axis=1), SMALLEST)) - np.log(np.maximum(self.own, SMALLEST)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Opinion:
    """What the model thinks of the newer history, and of the drop."""

    known: Opinions
    drop: Opinions


def form_opinion(history: Sequence[Claim], drop: Sequence[Claim], params: PoisonParams) -> Opinion | None:
    """Return the opinion of a model of the older part of ``history`` (oldest first); ``None`` where it would be worth nothing.

    The newest ``max_history`` rows count, equally many of each source as far as there are. One label alone teaches nothing.
    """
    from pipelines.learners.linear_fitting import learn_linear

    if len(history) < params.min_history:
        return None
    older, newer = _divide(history, params.max_history)
    labels = tuple(sorted({claim.label for claim in older}))
    taught = {claim.family for claim in older}
    known = [claim for claim in newer if claim.family not in taught and claim.label in labels]
    told = [claim for claim in drop if claim.label in labels]
    if len(labels) < 2 or not known:
        return None
    rows = [Document(row_id=claim.digest, text=claim.text, label=claim.label) for claim in older]
    lesson = Lesson(news=rows, history=(), dev=(), labels=labels, champion=None, checkpoints=None, seed=0, threads=1)
    ask = learn_linear(MODEL, lesson).give_chances
    return Opinion(
        known=Opinions(labels=labels, claims=tuple(known), chances=ask([claim.text for claim in known])),
        drop=Opinions(labels=labels, claims=tuple(told), chances=ask([claim.text for claim in told])),
    )


def _divide(history: Sequence[Claim], most: int) -> tuple[list[Claim], list[Claim]]:
    by_source: defaultdict[str, list[Claim]] = defaultdict(list)
    for claim in history:
        by_source[claim.source].append(claim)
    older: list[Claim] = []
    newer: list[Claim] = []
    for source in sorted(by_source):
        recent = by_source[source][-max(most // len(by_source), 1) :]
        border = round(OLDER * len(recent))
        older += recent[:border]
        newer += recent[border:]
    return older, newer
