"""One model on all of the material, as outcomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from pipelines.domain.identities import Digest
from pipelines.domain.models import Role
from pipelines.domain.scorecards import Outcome, Slice
from pipelines.evaluate.contrasts import Contrast
from pipelines.evaluate.material import Material
from pipelines.learners.protocols import Document, Prediction, Predictor
from pipelines.learners.rows import Row

IN_FORCE, BEFORE = "in force", "before"
UNDATED = frozenset({Slice.CURRENCY, Slice.GENERAL})
"""Slices whose rows say nothing about when they were published: a pair has the day it took effect, everyday English none."""


def score_model(role: Role, predictor: Predictor, material: Material, following_words: int) -> list[Outcome]:
    """Score every row once and every amended document; rows in the order of the material."""
    by_id = {prediction.row_id: prediction for prediction in predictor.predict(material.documents)}
    outcomes = [_judge_row(role, part, row, by_id[row.document.row_id]) for part, rows in material.rows.items() for row in rows]
    outcomes += _score_contrasts(role, predictor, material.contrasts, following_words)
    return [_assign(outcome, material.subgroups) for outcome in outcomes]


def _assign(outcome: Outcome, subgroups: Mapping[Digest, tuple[str, ...]]) -> Outcome:
    names = subgroups.get(Digest(outcome.row_id))
    return replace(outcome, subgroups=names) if names else outcome


def _judge_row(role: Role, part: Slice, row: Row, prediction: Prediction) -> Outcome:
    is_classified = prediction.confidence is not None
    return Outcome(
        role=role,
        slice=part,
        row_id=row.document.row_id,
        family_id=row.family_id,
        source=row.source,
        label=row.document.label,
        predicted=prediction.predicted,
        correct=float(prediction.predicted == row.document.label) if is_classified else None,
        loss=prediction.loss,
        size=prediction.size,
        confidence=prediction.confidence,
        year=0 if part in UNDATED else row.published_at.year,
        probabilities=prediction.probabilities,
    )


def _score_contrasts(role: Role, predictor: Predictor, contrasts: tuple[Contrast, ...], following_words: int) -> list[Outcome]:
    """A language model is current where it finds the text in force likelier; a classifier where it labels it rightly."""
    preferences = predictor.prefer([contrast.ask(following_words) for contrast in contrasts])
    if preferences is None:
        predictions = predictor.predict([contrast.document for contrast in contrasts])
        rows = [_row_of(contrast) for contrast in contrasts]
        return [_judge_row(role, Slice.CURRENCY, row, found) for row, found in zip(rows, predictions, strict=True)]
    return [
        Outcome(
            role=role,
            slice=Slice.CURRENCY,
            row_id=contrast.document.row_id,
            family_id=contrast.family_id,
            source=contrast.source,
            label=IN_FORCE,
            predicted=IN_FORCE if preference.in_force > preference.before else BEFORE,
            correct=float(preference.in_force > preference.before),
            loss=-preference.in_force,
            size=len(contrast.in_force.encode()),
            confidence=None,
        )
        for contrast, preference in zip(contrasts, preferences, strict=True)
    ]


def _row_of(contrast: Contrast) -> Row:
    return Row(
        document=Document(row_id=contrast.document.row_id, text=contrast.document.text, label=contrast.document.label),
        family_id=contrast.family_id,
        source=contrast.source,
        published_at=date.fromisoformat(contrast.effective_from),
        ingest_seq=0,
    )
