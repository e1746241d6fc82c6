"""Who is compared: the candidate, the champion, the anchor, and for classifiers a plain linear model of the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from pipelines.domain.errors import StageError
from pipelines.domain.models import Lineage, Role
from pipelines.domain.pins import Pin
from pipelines.domain.scorecards import Outcome
from pipelines.evaluate.material import Material
from pipelines.evaluate.params import EvaluateParams
from pipelines.evaluate.scoring import score_model
from pipelines.files import check_folder
from pipelines.learners.cards import read_card
from pipelines.learners.linear import Linear
from pipelines.learners.monitors import Unwatched
from pipelines.learners.predictors import load_predictor
from pipelines.learners.protocols import Lesson
from pipelines.learners.rows import read_rows
from pipelines.workspace import DomainFolder


def score_all(folder: DomainFolder, pin: Pin, material: Material, params: EvaluateParams, threads: int) -> list[Outcome]:
    """Score every model of the pin on the same material; an anchor that is the champion is scored once, for both roles.

    Raises :class:`StageError` when the champion or the anchor is another kind of model, whose outcomes mean another thing, and
    :class:`~pipelines.domain.errors.WorkspaceError` when its folder is not what the pin says.
    """
    words = params.following_words
    outcomes = score_model(Role.CANDIDATE, load_predictor(folder.model, threads), material, words)
    if pin.champion is not None:
        check_folder(folder.champion, pin.champion.digest)
        _check_kinds(folder.model, folder.champion)
        outcomes += score_model(Role.CHAMPION, load_predictor(folder.champion, threads), material, words)
    if pin.anchor is not None and pin.champion is not None and pin.anchor.digest == pin.champion.digest:
        outcomes += _rename([outcome for outcome in outcomes if outcome.role is Role.CHAMPION], Role.ANCHOR)
    elif pin.anchor is not None:
        check_folder(folder.anchor, pin.anchor.digest)
        _check_kinds(folder.model, folder.anchor)
        outcomes += score_model(Role.ANCHOR, load_predictor(folder.anchor, threads), material, words)
    return outcomes


def score_baseline(
    folder: DomainFolder, lineage: Lineage, material: Material, params: EvaluateParams, threads: int
) -> list[Outcome]:
    """Fit the linear learner with its defaults on every labelled row of ``train``, and score it like the others."""
    rows = [row.document for row in read_rows(folder.splits / "train.parquet", lineage.labels) if row.document.label]
    lesson = Lesson(
        news=rows, history=(), dev=(), labels=lineage.labels, champion=None, checkpoints=None, seed=0, threads=threads
    )
    with TemporaryDirectory() as place:
        Linear().fit(lesson, Path(place), Unwatched())
        return score_model(Role.BASELINE, load_predictor(Path(place), threads), material, params.following_words)


def _check_kinds(candidate: Path, other: Path) -> None:
    kinds = read_card(candidate).kind, read_card(other).kind
    if (kinds[0] == "causal_lm") is not (kinds[1] == "causal_lm"):
        raise StageError(f"evaluate: a {kinds[0]} cannot be compared with a {kinds[1]}: give it a domain of its own")


def _rename(outcomes: Sequence[Outcome], role: Role) -> list[Outcome]:
    return [replace(outcome, role=role) for outcome in outcomes]
