"""The judge in the replay: each year a look from the ledger, the candidate scored and judged, and promoted where it may be.

These are the product's ledger, stages and rules, at the date of each year. What is left out is what a drift says nothing about:
Prefect, DVC, MLflow and the dossier, of which ``overhead.py`` says what they take.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks.currency_models import Model, Shelf
from flows.renewals import count_holdout, count_needed
from pipelines.catalog import StageName, run_stage
from pipelines.clock import SetClock
from pipelines.domain.events import Kind
from pipelines.domain.identities import Digest, Json
from pipelines.domain.models import Champion
from pipelines.domain.pins import Generation, Look, ModelPin, Pin
from pipelines.domain.promotions import Promotion
from pipelines.domain.verdicts import Decision, Verdict
from pipelines.files import digest_file, read_json, write_json
from pipelines.inputs import digest_inputs
from pipelines.judge.plans import plan_digest
from pipelines.ledger.champions import anchor, champion, promote
from pipelines.ledger.generations import current_generation, renew
from pipelines.ledger.ledgers import Ledger
from pipelines.ledger.looks import LookRequest, reserve_look
from pipelines.params import DomainParams
from pipelines.workspace import DomainFolder, Workspace

CODE = Path(__file__).parents[1]
APPROVER = "the benchmark"


@dataclass(frozen=True, slots=True)
class Gate:
    """The ledger and the workspace in which the candidates of one series and seed are judged."""

    shelf: Shelf
    params: DomainParams
    drop: int
    root: Path

    @property
    def workspace(self) -> Workspace:
        """The workspace: this very code, linked, since a look is bound to the code that it is reserved for."""
        root = self.root / "workspace"
        root.mkdir(parents=True, exist_ok=True)
        for name in ("pipelines", "dvc.yaml", "constraints.txt"):
            if not (root / name).exists():
                (root / name).symlink_to(CODE / name)
        return Workspace(root)

    @property
    def folder(self) -> DomainFolder:
        """The domain's folder."""
        return self.workspace.of(self.shelf.splits.series.name)

    @property
    def ledger(self) -> Ledger:
        """The ledger, at the date of the year's drop."""
        self.root.mkdir(parents=True, exist_ok=True)
        clock = SetClock(self.shelf.splits.series.drops[self.drop].ends_at)
        return Ledger.open(f"sqlite:///{self.root / 'ledger.sqlite'}", clock, APPROVER)


def judge_candidate(gate: Gate, candidate: Model, serving: Model | None) -> Verdict:
    """Judge the year's candidate against who serves, record the verdict, promote where it says so, and return it.

    Asked again about a year that was judged it returns the verdict that was recorded then.
    """
    domain, kept = gate.shelf.splits.series.name, gate.root / "verdicts" / f"{gate.drop:02d}.json"
    if not kept.is_file():
        folder = gate.folder
        pin = _pin(gate)
        _lay_out(gate, pin, candidate, serving)
        for stage in ((StageName.SPLIT,) if pin.generation.number > 1 else ()) + (StageName.EVALUATE, StageName.JUDGE):
            run_stage(stage, domain, gate.params, gate.workspace, gate.shelf.splits.settings)
        verdict = read_json(folder.verdict / "verdict.json", Verdict)
        _record(gate, pin, candidate, verdict)
        write_json(kept, verdict)
    return read_json(kept, Verdict)


def _pin(gate: Gate) -> Pin:
    """Pin the year's corpus, the champion and the anchor as the ledger has them, and reserve the look: once a year."""
    ledger, domain = gate.ledger, gate.shelf.splits.series.name
    path = gate.root / "pins" / f"{gate.drop:02d}.json"
    if path.is_file():
        return read_json(path, Pin)
    pin = Pin(
        corpus=gate.shelf.splits.pin(gate.drop),
        champion=_pin_model(gate, champion(ledger, domain)),
        anchor=_pin_model(gate, anchor(ledger, domain)),
        look=None,
        reason=f"the drop of {gate.shelf.splits.series.drops[gate.drop].name}",
        generation=_renew(gate, ledger),
    )
    pin = replace(pin, look=_reserve(gate, ledger, pin))
    ledger.append(domain, Kind.RETRAIN_STARTED, {"run": pin.run_id, "reason": pin.reason})
    write_json(path, pin)
    return pin


def _renew(gate: Gate, ledger: Ledger) -> Generation:
    """Open the next generation of the holdout where the present is worn out and the last drop brought enough rows."""
    domain, splits, params = gate.shelf.splits.series.name, gate.shelf.splits, gate.params
    state = current_generation(ledger, domain)
    if not state.is_retired:
        return state.generation
    since = splits.pin(gate.drop - 1).ingest_seq
    opened = Generation(number=state.generation.number + 1, since=since)
    fresh = count_holdout(splits.read_entries(gate.drop), params.split, opened)
    needed = count_needed(params.judge, 1) or 1
    return renew(ledger, domain, since, fresh) if fresh >= needed else state.generation


def _reserve(gate: Gate, ledger: Ledger, pin: Pin) -> Look:
    judging = gate.params.judge
    request = LookRequest(
        plan=plan_digest(judging),
        inputs=digest_inputs(gate.workspace, gate.shelf.splits.series.name, gate.params, pin),
        alpha=judging.alpha,
        period_days=judging.period_days,
    )
    return reserve_look(ledger, gate.shelf.splits.series.name, request)


def _pin_model(gate: Gate, model: Champion | None) -> ModelPin | None:
    if model is None:
        return None
    recipe = gate.root / "recipes" / f"{model.version:02d}.json"
    return ModelPin(version=model.version, digest=model.digest, recipe=digest_file(recipe))


def _lay_out(gate: Gate, pin: Pin, candidate: Model, serving: Model | None) -> None:
    folder, ready = gate.folder, gate.shelf.splits.folder(gate.drop)
    shutil.rmtree(folder.root, ignore_errors=True)
    folder.reference.mkdir(parents=True)
    links = {folder.snapshot: ready.snapshot, folder.curated: ready.curated, folder.model: gate.shelf.folder(candidate)}
    links |= {folder.splits: ready.splits} if pin.generation.number == 1 else {}
    links |= {folder.champion: gate.shelf.folder(serving)} if serving else {}
    links |= {folder.anchor: gate.root / "anchor"} if pin.anchor else {}
    for link, place in links.items():
        link.symlink_to(place.resolve())
    if pin.champion:
        shutil.copyfile(gate.root / "recipes" / f"{pin.champion.version:02d}.json", folder.reference / "recipe.json")
    write_json(folder.pin, pin)


def _record(gate: Gate, pin: Pin, candidate: Model, verdict: Verdict) -> None:
    ledger, domain, version = gate.ledger, gate.shelf.splits.series.name, gate.drop + 1
    verdict_digest = digest_file(gate.folder.verdict / "verdict.json")
    payload: Mapping[str, Json] = {
        "run": pin.run_id,
        "version": version,
        "digest": candidate.digest,
        "verdict": verdict_digest,
        "decision": verdict.decision,
        "sentence": verdict.sentence,
        "ingest_seq": pin.corpus.ingest_seq,
        "against": pin.champion.version if pin.champion else None,
    }
    if not any(event.payload["run"] == pin.run_id for event in ledger.events(domain, [Kind.CANDIDATE_JUDGED])):
        ledger.append(domain, Kind.CANDIDATE_JUDGED, payload)
        ledger.append(domain, Kind.RETRAIN_ENDED, {"run": pin.run_id, "decision": verdict.decision})
    if verdict.decision is Decision.PROMOTE:
        _promote(gate, ledger, pin, candidate, verdict.sentence, verdict_digest)


def _promote(gate: Gate, ledger: Ledger, pin: Pin, candidate: Model, reason: str, verdict: Digest) -> None:
    recipe = gate.root / "recipes" / f"{gate.drop + 1:02d}.json"
    recipe.parent.mkdir(exist_ok=True)
    shutil.copyfile(gate.folder.verdict / "recipe.json", recipe)
    if pin.anchor is None:
        shutil.rmtree(gate.root / "anchor", ignore_errors=True)
        shutil.copytree(gate.shelf.folder(candidate), gate.root / "anchor", copy_function=os.link)
    promotion = Promotion(
        domain=gate.shelf.splits.series.name,
        version=gate.drop + 1,
        digest=candidate.digest,
        ingest_seq=pin.corpus.ingest_seq,
        run_id=pin.run_id,
        previous=pin.champion.version if pin.champion else None,
        verdict=verdict,
        reason=reason,
        approved_by=None if pin.champion else APPROVER,
    )
    promote(ledger, promotion)
