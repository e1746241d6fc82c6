"""Which amended documents a reader is shown, and what else is quoted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pipelines.domain.identities import Digest, FamilyId, SourceName
from pipelines.domain.models import Role
from pipelines.domain.scorecards import CurrencyExample, Outcome, Slice
from pipelines.evaluate.contrasts import Contrast
from pipelines.evaluate.examples import pick_examples
from pipelines.evaluate.params import EvaluateParams
from pipelines.learners.linear import Linear
from pipelines.learners.protocols import Document
from pipelines.workspace import DomainFolder
from tests.builders.domains import build_pin, pin_model
from tests.builders.lessons import Watcher, build_lesson


def build_contrast(row_id: str, **fields: Any) -> Contrast:
    defaults: dict[str, Any] = {
        "document": Document(row_id=Digest(row_id), text="text", label="recall"),
        "family_id": FamilyId("family"),
        "source": SourceName("folder"),
        "effective_from": "2026-01-01",
        "context": "A report is due in",
        "before": " 7 days",
        "in_force": " 30 days",
        "following": (),
    }
    return Contrast(**{**defaults, **fields})


def build_currency(role: Role, row_id: str, *, is_right: bool) -> Outcome:
    return Outcome(
        role=role,
        slice=Slice.CURRENCY,
        row_id=row_id,
        family_id="family",
        source="folder",
        label="recall",
        predicted="recall" if is_right else "notice",
        correct=float(is_right),
        loss=0.1,
        size=4,
        confidence=0.9,
    )


@pytest.fixture
def folder(tmp_path: Path) -> DomainFolder:
    laid = DomainFolder(tmp_path)
    for place in (laid.model, laid.champion):
        Linear().fit(build_lesson(), place, Watcher())
    return laid


def pick(
    folder: DomainFolder, right: dict[str, tuple[bool, bool]], contrasts: list[Contrast], examples: int = 5
) -> list[CurrencyExample]:
    outcomes = [
        build_currency(role, row_id, is_right=both[place])
        for row_id, both in right.items()
        for place, role in enumerate((Role.CHAMPION, Role.CANDIDATE))
    ]
    pin = build_pin(champion=pin_model(folder.champion))
    return pick_examples(folder, pin, contrasts, outcomes, (EvaluateParams(examples=examples), 1))


def test_what_was_learned_comes_first_then_what_was_forgotten(folder: DomainFolder) -> None:
    right = {"a": (True, True), "b": (True, False), "c": (False, False), "d": (False, True)}
    found = pick(folder, right, [build_contrast(row_id) for row_id in right])
    assert [example.row_id for example in found] == ["d", "b", "a", "c"]
    assert [(example.is_champion_current, example.is_candidate_current) for example in found[:2]] == [
        (False, True),
        (True, False),
    ]


def test_a_classifiers_answers_are_its_labels(folder: DomainFolder) -> None:
    (example,) = pick(folder, {"a": (False, True)}, [build_contrast("a")])
    assert (example.champion_answer, example.candidate_answer) == ("notice", "recall")


def test_there_are_at_most_as_many_as_asked_for(folder: DomainFolder) -> None:
    right = dict.fromkeys("abcdef", (False, True))
    contrasts = [build_contrast(row_id) for row_id in right]
    assert len(pick(folder, right, contrasts, examples=4)) == 4
    assert pick(folder, right, contrasts, examples=0) == []


def test_a_long_question_keeps_the_end_nearest_to_the_change(folder: DomainFolder) -> None:
    contrast = build_contrast("a", context="x" * 900 + " due in", in_force=" 3" + "0" * 900)
    (example,) = pick(folder, {"a": (False, True)}, [contrast])
    assert len(example.question) <= 300
    assert example.question.endswith("due in")
    assert len(example.text_in_force) == 300
