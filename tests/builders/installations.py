"""A whole installation in a temporary folder: a clone of this workspace with small params, a home, and an inbox."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from flows.cloning import clone_workspace
from flows.places import Place, open_place
from flows.servers import prefect_environment
from pipelines.settings import QUIET, Settings

REPOSITORY = Path(__file__).resolve().parents[2]
LABELS = ("Class I", "Class II", "Class III")
WORDS = {
    "Class I": ("undeclared allergen sterility failure serious injury", "potent contamination hospital death reported"),
    "Class II": ("subpotent tablets stability assay out of limits", "dissolution failure temporary harm possible"),
    "Class III": ("misprinted carton colour minor label error", "missing expiry date on outer sleeve only"),
}


@dataclass(frozen=True, slots=True)
class Installation:
    """Where it lies, and how to drop records into it."""

    root: Path

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def workspace(self) -> Path:
        return self.root / "workspace"

    @property
    def home(self) -> Path:
        return self.root / "home"

    def drop(self, name: str, records: list[dict[str, Any]]) -> Path:
        path = self.inbox / f"{name}.jsonl"
        path.write_text("".join(f"{json.dumps(record)}\n" for record in records), encoding="utf-8")
        return path

    def place(self) -> Place:
        return open_place()

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Call ``addendum`` as somebody at a terminal in the workspace would."""
        here = Path(sys.executable).parent
        environment = {**os.environ, "PATH": f"{here}{os.pathsep}{os.environ['PATH']}"}
        command = [sys.executable, "-m", "flows.cli", *arguments]
        return subprocess.run(command, cwd=self.workspace, env=environment, capture_output=True, text=True, check=False)


def build_params(inbox: Path, **clinical: Any) -> dict[str, Any]:
    """Params of one domain that learns in a second: the linear learner on a folder, with margins that small holdouts decide."""
    gates = [
        {"kind": "floor", "metric": "accuracy", "minimum": 0.4},
        {"kind": "non_inferiority", "metric": "accuracy", "against": "champion", "margin": 0.25},
        {"kind": "non_inferiority", "metric": "accuracy", "against": "anchor", "slice": "anchor", "margin": 0.3},
        {"kind": "reason_to_change", "alternatives": ["freshness"]},
    ]
    section: dict[str, Any] = {
        "labels": list(LABELS),
        "watch": {"sources": [{"kind": "folder", "path": str(inbox), "may_be_empty": True}]},
        "admit": {"min_chars": 10},
        "curate": {"steps": [{"kind": "repair_unicode"}]},
        "split": {"key": "tests", "shares": {"train": 0.5, "dev": 0.1, "holdout": 0.25, "anchor": 0.15}},
        "train": {"threads": 1, "learner": {"kind": "linear"}},
        "evaluate": {"examples": 2},
        "audit": {},
        "judge": {"gates": gates},
    }
    return {"domains": ["clinical"], "clinical": {**section, **clinical}}


def build_records(count: int, *, first: int = 0, wrong: Mapping[str, str] | None = None) -> list[dict[str, Any]]:
    """Recalls that can be told apart by their words; ``wrong`` maps a true label to the one that is written down."""
    records = []
    for number in range(first, first + count):
        label = LABELS[number % 3]
        reason = WORDS[label][(number // 3) % 2]
        text = (
            f"Recall {number} of product {number * 7919 % 1009}: {reason}, lot {number * 104729 % 99991} of firm {number % 37}."
        )
        records.append(
            {
                "document_id": f"R-{number:05d}",
                "title": f"Recall {number}",
                "text": text,
                "labels": [(wrong or {}).get(label, label)],
                "published_at": "2026-01-05",
                "licence": "CC0",
            }
        )
    return records


@contextmanager
def build_installation(root: Path, params: Mapping[str, Any] | None = None) -> Iterator[Installation]:
    """Make it, and make this process (and all it starts) see it and nothing else until the block ends."""
    installation = Installation(root)
    installation.inbox.mkdir(parents=True)
    chosen = dict(params or build_params(installation.inbox))
    clone_workspace(REPOSITORY, installation.workspace, {"params.yaml": yaml.safe_dump(chosen, sort_keys=False).encode()})
    before = dict(os.environ)
    os.environ.update(QUIET)
    os.environ.update(
        ADDENDUM_HOME=str(installation.home), ADDENDUM_WORKSPACE=str(installation.workspace), ADDENDUM_ACTOR="a test"
    )
    os.environ.update(prefect_environment(Settings()))
    try:
        yield installation
    finally:
        os.environ.clear()
        os.environ.update(before)
