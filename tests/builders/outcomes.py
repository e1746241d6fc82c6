"""Outcomes of models that are right where the builder says, pins and folders to judge them in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pipelines.domain.identities import Digest, digest_value
from pipelines.domain.models import Role
from pipelines.domain.pins import CorpusPin, Look, ModelPin, Pin
from pipelines.domain.scorecards import Outcome, Slice
from pipelines.files import write_bytes, write_json
from pipelines.judge.evidence import Evidence
from pipelines.judge.params import JudgeParams
from pipelines.judge.plans import plan_digest
from pipelines.tables import tabulate_outcomes, write_table
from pipelines.workspace import DomainFolder
from tests.builders.recipes import build_recipe

ALPHA_1 = 0.030396355092701338
LABELS = ("alpha", "beta", "gamma")


def build_outcome(row: int = 0, *, is_right: bool = True, **fields: Any) -> Outcome:
    label = LABELS[row % len(LABELS)]
    defaults: dict[str, Any] = {
        "role": Role.CANDIDATE,
        "slice": Slice.HOLDOUT,
        "row_id": f"row-{row:06d}",
        "family_id": f"family-{row:06d}",
        "source": "folder",
        "label": label,
        "predicted": label if is_right else LABELS[(row + 1) % len(LABELS)],
        "correct": 1.0 if is_right else 0.0,
        "loss": 0.1 if is_right else 2.0,
        "size": 100,
        "confidence": 0.9,
    }
    return Outcome(**{**defaults, **fields})


def build_outcomes(role: Role, part: Slice, rows: int, wrong: Iterable[int] = (), **fields: Any) -> list[Outcome]:
    """Return ``rows`` outcomes that are right but for the rows in ``wrong``."""
    misses = set(wrong)
    return [build_outcome(row, role=role, slice=part, is_right=row not in misses, **fields) for row in range(rows)]


def build_pin(params: JudgeParams | None = None, **fields: Any) -> Pin:
    plan = plan_digest(params or JudgeParams())
    defaults: dict[str, Any] = {
        "corpus": CorpusPin(id="corpus", version=3, ingest_seq=3, manifest_digest=digest_value("manifest")),
        "champion": ModelPin(version=2, digest=digest_value("champion")),
        "anchor": ModelPin(version=1, digest=digest_value("anchor")),
        "look": Look(generation=1, t=1, alpha=ALPHA_1, plan=plan),
        "reason": "news: 40 revisions",
    }
    return Pin(**{**defaults, **fields})


def build_comparison(rows: int, wrong: Mapping[Role, Iterable[int]], parts: Iterable[Slice] = (Slice.HOLDOUT,)) -> list[Outcome]:
    """Return outcomes of each role in ``wrong`` on the same rows of each of ``parts``."""
    return [outcome for part in parts for role, misses in wrong.items() for outcome in build_outcomes(role, part, rows, misses)]


def build_evidence(outcomes: list[Outcome], files: Mapping[str, Any] | None = None, **pin: Any) -> Evidence:
    """Return what a gate is handed; ``files`` are ``candidate_files`` and ``champion_files``."""
    built = build_pin(**pin)
    assert built.look is not None
    return Evidence(built, built.look, outcomes, **(files or {}))


def write_run(root: Path, pin: Pin, outcomes: list[Outcome]) -> DomainFolder:
    """Write what ``judge`` reads."""
    folder = DomainFolder(root)
    write_json(folder.pin, pin)
    write_table(folder.scores / "outcomes.parquet", tabulate_outcomes(outcomes))
    write_bytes(folder.model / "model.json", b"{}\n")
    write_json(folder.verdict / "recipe.json", build_recipe())
    return folder


def forge_digest(name: str = "candidate") -> Digest:
    return digest_value(name)
