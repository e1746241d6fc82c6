"""Two recipes differ in what was changed between them, by name, and in nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from pipelines.domain.identities import Digest, digest_value
from pipelines.judge.changes import Difference, compare_recipes
from tests.builders.recipes import build_recipe, without_gate

CODE = build_recipe().code


def name_all(before: Any, after: Any) -> list[str]:
    return [difference.name for difference in compare_recipes(before, after)]


def test_a_recipe_differs_from_itself_in_nothing() -> None:
    assert compare_recipes(build_recipe(), build_recipe()) == ()


@pytest.mark.parametrize(
    ("after", "names"),
    [
        (build_recipe(corpus=Digest("d" * 64), ingest_seq=12), ["corpus"]),
        (build_recipe(sources=("ecfr", "folder", "pubmed")), ["sources.added"]),
        (build_recipe(sources=("folder",)), ["sources.removed"]),
        (build_recipe(labels=("A", "B", "C")), ["labels.added"]),
        (build_recipe(labels=("A",)), ["labels.removed"]),
        (build_recipe(labels=("B", "A")), ["labels.order"]),
        (build_recipe({"labels": ["A", "B", "C"]}, labels=("A", "B", "C")), ["labels.added"]),
        (build_recipe({"train.learner.rate": 1e-4}), ["train.learner.rate"]),
        (build_recipe({"train.learner.rate": None}), ["train.learner.rate"]),
        (build_recipe({"train.is_warm": True}), ["train.is_warm"]),
        (build_recipe({"split.key": "07e2"}), ["split.key"]),
        (build_recipe({"envelope.rules": [{"match": "*", "then": "free"}]}), ["envelope.rules"]),
        (build_recipe(without_gate("floor")), ["judge.weaker"]),
        (build_recipe(code={**CODE, "learners": digest_value("other")}), ["code.learners"]),
        (build_recipe(code={**CODE, "audit": digest_value("new")}), ["code.audit"]),
        (build_recipe(code={**CODE, "dvc.yaml": digest_value("other")}), ["code.dvc.yaml"]),
        (build_recipe(constraints=digest_value("other")), ["constraints"]),
    ],
)
def test_each_part_has_a_name_that_a_rule_can_speak_about(after: Any, names: list[str]) -> None:
    assert name_all(build_recipe(), after) == names
    if not names[0].startswith(("sources", "labels", "judge")):
        assert name_all(after, build_recipe()) == names


def test_everything_at_once_is_told_documents_first() -> None:
    after = build_recipe(
        {"train.seed": 1, "train.learner.base": "package:large", **without_gate("floor")},
        corpus=Digest("d" * 64),
        ingest_seq=20,
        sources=("folder", "pubmed", "ecfr"),
        code={**CODE, "train": digest_value("other")},
    )
    assert [difference.sentence for difference in compare_recipes(build_recipe(), after)][:5] == [
        "other documents (+11 arrivals)",
        "source added: ecfr",
        'base model: "package:small" → "package:large"',
        "train.seed: 0 → 1",
        "gate removed: floor accuracy holdout",
    ]


def test_a_parameters_new_value_is_there_to_be_compared_with_bounds() -> None:
    (difference,) = compare_recipes(build_recipe(), build_recipe({"train.learner.rate": 1e-4}))
    assert difference == Difference(name="train.learner.rate", sentence="train.learner.rate: 5e-05 → 0.0001", value=1e-4)


def test_a_long_value_is_cut() -> None:
    (difference,) = compare_recipes(build_recipe(), build_recipe({"curate.steps": ["x" * 500]}))
    assert len(difference.sentence) < 100
