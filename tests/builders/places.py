"""Places with a fresh home on a shared workspace, and judged candidates without a training."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flows.places import Place, find_heads
from flows.worktrees import run_git
from pipelines.clock import SetClock
from pipelines.domain.events import Kind
from pipelines.domain.identities import Digest, DomainName, Json, RunId, digest_value
from pipelines.domain.pins import Look, ModelPin
from pipelines.domain.verdicts import Decision, Finding, Verdict
from pipelines.files import digest_file, write_json
from pipelines.ledger.ledgers import Ledger
from pipelines.params import DomainParams, Params
from pipelines.settings import Settings
from pipelines.workspace import Workspace
from tests.builders.installations import build_params
from tests.builders.ledgers import START

DOMAIN = DomainName("clinical")


@dataclass(frozen=True, slots=True)
class Shared:
    """What is dear to make and may be shared: a clone to read, and an empty MLflow database to copy."""

    workspace: Path
    database: Path


def build_place(shared: Shared, root: Path, **clinical: Any) -> Place:
    """A place whose home is new, on a clock that stands still; ``clinical`` replaces sections of its params."""
    inbox = root / "inbox"
    inbox.mkdir(parents=True, exist_ok=True)
    settings = Settings(home=root / "home", workspace=shared.workspace, now=START, actor="a test")
    settings.place.mlflow.mkdir(parents=True, exist_ok=True)
    if not (settings.place.mlflow / "mlflow.db").exists():
        shutil.copyfile(shared.database, settings.place.mlflow / "mlflow.db")
    section = DomainParams.model_validate(build_params(inbox, **clinical)["clinical"])
    ledger = Ledger.open(settings.ledger_address, SetClock(START), settings.actor, find_heads(settings))
    return Place(settings, Workspace(shared.workspace), Params({DOMAIN: section}), ledger)


def with_section(place: Place, **fields: Any) -> Place:
    """The same place with other params of its domain."""
    return replace(place, params=Params({DOMAIN: place.of(DOMAIN).model_copy(update=fields)}))


def inbox_of(place: Place) -> Path:
    return place.home.root.parent / "inbox"


def build_model(folder: Path, text: str = "weights") -> Path:
    """A folder that is registered and laid out like a model, and cannot be asked anything."""
    write_json(folder / "model.json", {"kind": "linear", "text": text})
    (folder / "weights.safetensors").write_bytes(text.encode() * 100)
    return folder


def judge_candidate(
    place: Place,
    name: str,
    *,
    decision: str = "promote",
    against: int | None = None,
    findings: tuple[Finding, ...] = (),
    is_made: bool = False,
    **payload: Json,
) -> ModelPin:
    """Register a small model as the candidate of a run called ``name`` and record its verdict, as a retraining leaves it.

    ``is_made`` where ``made/<name>`` in the home holds a model already; ``payload`` is said of it besides.
    """
    run_id = RunId(name)
    mlflow_run = place.tracker.open_run(DOMAIN, run_id)
    made = place.home.root / "made" / name
    model = place.registry.register(DOMAIN, mlflow_run, made if is_made else build_model(made, name), "linear")
    verdict = Workspace(place.home.run(DOMAIN, run_id)).of(DOMAIN).verdict / "verdict.json"
    sentence = f"the sentence about {name}"
    write_json(verdict, build_verdict(model.digest, decision=Decision(decision), sentence=sentence, findings=findings))
    run_git(place.workspace.root, "branch", "--force", f"addendum/run/{run_id}", "HEAD")
    said: dict[str, Json] = {
        "run": run_id,
        "version": model.version,
        "digest": model.digest,
        "decision": decision,
        "verdict": digest_file(verdict),
        "sentence": sentence,
        "ingest_seq": 1,
        "against": against,
    }
    place.ledger.append(DOMAIN, Kind.CANDIDATE_JUDGED, {**said, **payload})
    return model


def build_verdict(candidate: Digest, **fields: Any) -> Verdict:
    """A verdict under the first look, without a finding."""
    look = Look(generation=1, t=1, alpha=0.03, plan=Digest(digest_value("plan")))
    defaults: dict[str, Any] = {"decision": Decision.PROMOTE, "sentence": "", "look": look, "findings": ()}
    return Verdict(candidate=candidate, **{**defaults, **fields})


@contextmanager
def in_environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables for as long as the block lasts."""
    before = dict(os.environ)
    os.environ.update(variables)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
