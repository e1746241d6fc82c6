"""The steps from a finished run to a recorded verdict, in their order.

Each is idempotent: a kill between any two is mended by going through all of them again, and what is done is found done.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import TypeAdapter

from flows.accounting import account_for_cost, account_for_drift
from flows.conclusions import Concluding, Conclusion
from flows.costs import count_cost, leave_out_failed, show_cost, write_cost
from flows.dossiers import publish_dossier
from flows.evidence import gather_evidence
from flows.places import Place
from flows.recoveries import measure_gain, write_gain
from flows.worktrees import Worktree, commit_run, read_base
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.events import Kind
from pipelines.domain.identities import Digest, Json
from pipelines.domain.pins import Pin
from pipelines.domain.scorecards import Scorecard
from pipelines.domain.verdicts import Verdict
from pipelines.files import digest_file, digest_folder, read_json
from pipelines.ledger.retrainings import end_retraining, open_retraining
from pipelines.tracking import TrackedDataset

Step = Callable[[Concluding], Concluding]


def conclude_run(place: Place, tree: Worktree) -> Conclusion:
    """Register the candidate, record its verdict with its evidence, write its dossier, and show all of it in MLflow.

    Raises :class:`WorkspaceError` where pin, model and verdict do not belong together.
    """
    verdict = read_json(tree.folder.verdict / "verdict.json", Verdict)
    run = Concluding(place=place, tree=tree, verdict=verdict, pin=read_json(tree.folder.pin, Pin))
    for step in STEPS:
        run = step(run)
    page = run.dossier.page if run.dossier else None
    return Conclusion(
        version=run.registered.version, decision=verdict.decision, sentence=verdict.sentence, page=page, cost=run.cost
    )


def check_verdict(run: Concluding) -> Concluding:
    """Raise :class:`WorkspaceError` unless the verdict is on this very model, under the pin that the ledger knows."""
    tree, started = run.tree, open_retraining(run.place.ledger, run.tree.domain)
    is_as_started = started is None or (
        started.payload["run"] == tree.run_id and TypeAdapter(Pin).validate_python(started.payload["pin"]) == run.pin
    )
    if run.verdict.candidate != digest_folder(tree.folder.model) or run.verdict.look != run.pin.look or not is_as_started:
        raise WorkspaceError(f"{tree.root}: pin, model and verdict do not belong together: somebody changed them; retrain again")
    return run


def commit_branch(run: Concluding) -> Concluding:
    """Commit the run's branch."""
    commit_run(run.tree, f"{run.tree.domain}: {run.verdict.decision} ({run.verdict.sentence})")
    return run


def track_outcome(run: Concluding) -> Concluding:
    """Show scores, data and decision in MLflow."""
    tracker, folder = run.place.tracker, run.tree.folder
    mlflow_run = tracker.open_run(run.tree.domain, run.tree.run_id)
    tracker.log_scorecard(mlflow_run, read_json(folder.scores / "scorecard.json", Scorecard))
    tracker.log_datasets(mlflow_run, _list_datasets(folder.splits))
    files = [folder.pin, run.tree.lock, folder.scores / "scorecard.json", folder.verdict / "verdict.json"]
    tracker.log_files(mlflow_run, [*files, folder.training / "curve.csv", folder.card / "card.json"], "run")
    drift = account_for_drift(run.place, run.tree)
    tracker.log_metrics(mlflow_run, {f"drift.{attribute}": shift for attribute, shift in drift.shifts.items()})
    tracker.tag(mlflow_run, {"addendum.decision": run.verdict.decision, "addendum.sentence": run.verdict.sentence})
    return replace(run, mlflow_run=mlflow_run)


def register_model(run: Concluding) -> Concluding:
    """Register the model, once by its digest."""
    kind = run.place.of(run.tree.domain).train.learner.kind
    return replace(run, model=run.place.registry.register(run.tree.domain, run.mlflow_run, run.tree.folder.model, kind))


def keep_evidence(run: Concluding) -> Concluding:
    """Keep what the verdict stands on, before the ledger names it."""
    return replace(run, evidence=gather_evidence(run.place, run.tree, run.verdict))


def record_candidate(run: Concluding) -> Concluding:
    """Record the registered candidate."""
    _append_once(run, Kind.CANDIDATE_REGISTERED, {"mlflow_run": run.mlflow_run})
    return run


def record_verdict(run: Concluding) -> Concluding:
    """Record the verdict with the digests of its evidence."""
    _append_once(
        run,
        Kind.CANDIDATE_JUDGED,
        {
            "decision": run.verdict.decision,
            "verdict": digest_verdict(run.tree),
            "sentence": run.verdict.sentence,
            "ingest_seq": run.pin.corpus.ingest_seq,
            "against": run.pin.champion.version if run.pin.champion else None,
            "commit": read_base(run.tree),
            "needs_approval": run.verdict.needs_approval,
            "evidence": dict(run.evidence),
        },
    )
    return run


def show_dossier(run: Concluding) -> Concluding:
    """Write the dossier and attach it to the MLflow run."""
    return replace(run, dossier=publish_dossier(run.place, run.tree.domain, run.registered.version))


def add_up_cost(run: Concluding) -> Concluding:
    """Add up what the stages took, and show it in MLflow."""
    cost = count_cost(run.place, run.mlflow_run)
    show_cost(run.place.tracker, run.mlflow_run, cost)
    return replace(run, cost=leave_out_failed(cost, run.place.ledger.events(run.tree.domain), run.tree.run_id))


def close_run(run: Concluding) -> Concluding:
    """End the MLflow run, and last of all the retraining."""
    run.place.tracker.close_run(run.mlflow_run)
    payload: dict[str, Json] = {
        "run": run.tree.run_id,
        "decision": run.verdict.decision,
        "cost": write_cost(run.cost),
        "taught": account_for_cost(run.tree).taught,
        "gain": write_gain(measure_gain(run.tree)),
    }
    end_retraining(run.place.ledger, run.tree.domain, payload)
    return run


STEPS: tuple[Step, ...] = (
    check_verdict,
    commit_branch,
    track_outcome,
    register_model,
    keep_evidence,
    record_candidate,
    record_verdict,
    show_dossier,
    add_up_cost,
    close_run,
)


def digest_verdict(tree: Worktree) -> Digest:
    """Return the digest of the verdict as written: what the ledger names."""
    return digest_file(tree.folder.verdict / "verdict.json")


def _append_once(run: Concluding, kind: Kind, payload: Mapping[str, Json]) -> None:
    ledger, domain, run_id = run.place.ledger, run.tree.domain, run.tree.run_id
    starts = ledger.events(domain, [Kind.RETRAIN_STARTED])
    since = max((event.seq for event in starts if event.payload["run"] == run_id), default=0)
    if not any(event.payload["run"] == run_id for event in ledger.events(domain, [kind], since=since)):
        ledger.append(domain, kind, {**run.identity, **payload})


def _list_datasets(splits: Path) -> list[TrackedDataset]:
    import pyarrow.parquet as pq

    contexts = {"train": "training", "dev": "validation", "holdout": "evaluation", "anchor": "evaluation"}
    return [
        TrackedDataset(
            name=name,
            digest=digest_file(splits / f"{name}.parquet"),
            context=context,
            rows=pq.read_metadata(splits / f"{name}.parquet").num_rows,
        )
        for name, context in contexts.items()
    ]
