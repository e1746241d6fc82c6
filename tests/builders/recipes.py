"""Recipes with defaults, so that a test shows only what differs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pipelines.domain.identities import Digest, digest_value, encode_canonically
from pipelines.domain.recipes import Recipe

GATES: tuple[Mapping[str, Any], ...] = (
    {"kind": "floor", "metric": "accuracy", "slice": "holdout", "minimum": 0.6, "is_blocking": True},
    {
        "kind": "non_inferiority",
        "metric": "accuracy",
        "slice": "holdout",
        "against": "champion",
        "margin": 0.01,
        "is_blocking": True,
    },
    {"kind": "reason_to_change", "metric": "accuracy", "alternatives": ["superiority", "freshness"], "is_blocking": True},
    {"kind": "membership", "limit": 0.03, "minimum": 300, "must_be_measured": True, "is_blocking": True},
    {"kind": "size", "max_bytes": 1_000_000, "max_growth": None, "is_blocking": False},
)
PARAMS: Mapping[str, Any] = {
    "labels": ["A", "B"],
    "split.key": "5ea1",
    "split.shares.train": 0.6,
    "train.seed": 0,
    "train.learner.kind": "classifier",
    "train.learner.base": "package:small",
    "train.learner.rate": 5e-05,
    "judge.alpha": 0.05,
    "judge.period_days": 365,
    "judge.gates": list(GATES),
    "envelope.rules": [],
}


def build_recipe(params: Mapping[str, Any] | None = None, **fields: Any) -> Recipe:
    """A recipe; ``params`` replace some of its own (plain values; ``None`` takes one out)."""
    chosen = {**PARAMS, **(params or {})}
    recipe = Recipe(
        params={name: encode_canonically(value).decode() for name, value in chosen.items() if value is not None},
        code={part: digest_value(part) for part in ("domain", "evaluate", "learners", "train", "dvc.yaml")},
        constraints=digest_value("constraints"),
        corpus=Digest("c" * 64),
        ingest_seq=9,
        sources=("folder", "pubmed"),
        labels=("A", "B"),
    )
    return replace(recipe, **fields)


def change_gate(of: str, /, **fields: Any) -> dict[str, Any]:
    """The parameters with one gate changed."""
    return {"judge.gates": [{**gate, **fields} if gate["kind"] == of else gate for gate in GATES]}


def without_gate(kind: str) -> dict[str, Any]:
    """The parameters without one gate."""
    return {"judge.gates": [gate for gate in GATES if gate["kind"] != kind]}
