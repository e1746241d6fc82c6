"""The steps of a retraining around the pure stages, each idempotent: a flow killed anywhere and started again ends the same."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

from pydantic import TypeAdapter

from flows.concluding import conclude_run
from flows.conclusions import Conclusion
from flows.costs import FAILED, count_cost, leave_out_failed, show_cost, write_cost
from flows.envelopes import find_stop
from flows.pinning import lay_out, pin_domain
from flows.places import Place
from flows.stages import end_leftovers
from flows.starting import must_start_cold
from flows.turns import take_turn
from flows.unlearning import replay_chain
from flows.weighing import weigh_domain
from flows.worktrees import Worktree, open_worktree, params_of, read_base, refuse_uncommitted
from flows.worth import Worth
from pipelines.domain.errors import LedgerError, WorkspaceError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import DomainName, Json, RunId
from pipelines.domain.pins import Pin
from pipelines.files import read_json
from pipelines.inputs import is_own_look
from pipelines.ledger.retrainings import end_retraining, open_retraining
from pipelines.ledger.retrainings import start_retraining as begin
from pipelines.params import DomainParams
from pipelines.recipes import leave_out_keys
from pipelines.tracking import TrackedDataset
from pipelines.workspace import Workspace

LOG = logging.getLogger("addendum.retraining")
FROM_SCRATCH = "; from scratch: warm starts have drifted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """A retraining that goes on, or the reason why there is none (``run_id`` is ``None``).

    ``judged`` is the version of the very candidate that would come out, where it has a verdict: whoever asked may still have to
    promote it, and no other.
    """

    run_id: RunId | None
    reason: str
    is_resumed: bool = False
    judged: int | None = None


def start_retraining(place: Place, domain: DomainName, reason: str | None) -> Start:
    """Go on with an unfinished retraining, or weigh whether to begin one; the answer is in the ledger either way.

    ``reason`` overrides the weighing: somebody asked for it.
    """
    unfinished = open_retraining(place.ledger, domain)
    if unfinished is not None:
        run_id = RunId(str(unfinished.payload["run"]))
        _prepare(place, domain, run_id, _read_pin(unfinished))
        return Start(run_id=run_id, reason=str(unfinished.payload["reason"]), is_resumed=True)
    worth = Worth(is_worth_it=True, reason=reason) if reason else weigh_domain(place, domain)
    if not worth.is_worth_it:
        return _hold(place, domain, worth)
    refuse_uncommitted(place.workspace)
    stopped = find_stop(place, domain)
    return _hold(place, domain, replace(worth, reason=stopped)) if stopped else _begin(place, domain, worth)


def _begin(place: Place, domain: DomainName, worth: Worth) -> Start:
    reason = f"{worth.reason}{FROM_SCRATCH}" if must_start_cold(place, domain) else worth.reason
    as_of = max((event.seq for event in place.ledger.events(domain)), default=0)
    if place.of(domain).retrain.unlearning == "replay":
        replay_chain(place, domain, LOG.info)
    pin = pin_domain(place, domain, reason, with_look=True)
    judged = _find_judged(place, domain, pin.run_id)
    if judged is not None:
        said = f"the candidate from this corpus has been judged ({judged.payload['decision']}, event {judged.seq})"
        held = _hold(place, domain, replace(worth, reason=f"{said}: nothing would come out differently"))
        return replace(held, judged=int(str(judged.payload["version"])))
    tree = _prepare(place, domain, pin.run_id, pin)
    made_from: dict[str, Json] = {"pin": _pin_payload(pin), "as_of": as_of, "commit": read_base(tree)}
    begin(place.ledger, domain, {"run": pin.run_id, "reason": reason, "figures": dict(worth.figures), **made_from})
    return Start(run_id=pin.run_id, reason=reason)


def worktree(place: Place, domain: DomainName, run_id: RunId) -> Worktree:
    """Return the run's worktree."""
    return open_worktree(place.workspace, place.home, domain, run_id)


def track_inputs(place: Place, domain: DomainName, run_id: RunId) -> str:
    """Open the MLflow run and log what it is made from; return the MLflow run."""
    tree = worktree(place, domain, run_id)
    tracker, folder = place.tracker, tree.folder
    run = tracker.open_run(domain, run_id)
    tracker.log_params(run, flatten_params(params_of(tree)))
    pin = read_json(folder.pin, Pin)
    tracker.log_datasets(
        run, [TrackedDataset(name=f"{domain} corpus", digest=pin.corpus.manifest_digest, context="training", rows=0)]
    )
    tracker.log_files(run, [folder.pin], "run")
    tracker.tag(run, {"addendum.reason": pin.reason, "addendum.domain": domain})
    return run


def conclude_retraining(place: Place, domain: DomainName, run_id: RunId) -> Conclusion:
    """Register the candidate, record its verdict with its evidence, write its dossier, and commit the run's branch."""
    return conclude_run(place, worktree(place, domain, run_id))


def abandon_retraining(place: Place, domain: DomainName, run_id: RunId, why: str) -> None:
    """End a retraining that cannot succeed (a stage refused its input), so that the next one starts afresh."""
    mlflow_run = place.tracker.open_run(domain, run_id)
    cost = count_cost(place, mlflow_run)
    show_cost(place.tracker, mlflow_run, cost)
    own = leave_out_failed(cost, place.ledger.events(domain), run_id)
    end_retraining(place.ledger, domain, {"run": run_id, "decision": FAILED, "why": why[:500], "cost": write_cost(own)})
    place.tracker.close_run(mlflow_run, is_failed=True)


def abandon_open(place: Place, domain: DomainName, why: str) -> RunId:
    """End the open retraining of a domain because somebody says so; its look stays spent. Returns its run.

    What a killed flow left running of it is ended.

    Raises:
        LedgerError: when none is open, a process is at work on it, or it has been judged.
    """
    place.of(domain)
    with take_turn(place.home, domain) as is_ours:
        if not is_ours:
            raise LedgerError(f"{domain}: its retraining is running: end that process, or wait for it")
        unfinished = open_retraining(place.ledger, domain)
        if unfinished is None:
            raise LedgerError(f"{domain}: no retraining is open: there is nothing to abandon")
        run_id = RunId(str(unfinished.payload["run"]))
        judged = _find_judged(place, domain, run_id)
        if judged is not None and judged.seq > unfinished.seq:
            raise LedgerError(f"{domain}: run {run_id} has its verdict: `addendum retrain {domain}` concludes it")
        end_leftovers(worktree(place, domain, run_id))
        abandon_retraining(place, domain, run_id, why)
        return run_id


def flatten_params(params: DomainParams) -> dict[str, str]:
    """Return the stage sections as MLflow shows them: dotted names and plain values, without keys."""
    flat: dict[str, str] = {}
    chosen = params.model_dump(mode="json", include={"labels", "curate", "split", "train", "evaluate", "audit", "judge"})
    waiting: list[tuple[str, object]] = [("", leave_out_keys(chosen))]
    while waiting:
        prefix, value = waiting.pop()
        if isinstance(value, dict):
            waiting.extend((f"{prefix}.{key}".lstrip("."), inner) for key, inner in value.items())
        elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
            waiting.extend((f"{prefix}.{index}", inner) for index, inner in enumerate(value))
        else:
            flat[prefix] = str(value)
    return flat


def _hold(place: Place, domain: DomainName, worth: Worth) -> Start:
    reason = worth.reason
    last = place.ledger.last(domain, Kind.RETRAIN_HELD, Kind.RETRAIN_STARTED, Kind.DROP_LANDED, Kind.DROP_WITHDRAWN)
    if last is None or last.kind is not Kind.RETRAIN_HELD or last.payload["reason"] != reason:
        place.ledger.append(domain, Kind.RETRAIN_HELD, {"reason": reason, "figures": dict(worth.figures)})
    return Start(run_id=None, reason=reason)


def _prepare(place: Place, domain: DomainName, run_id: RunId, pin: Pin) -> Worktree:
    """Return the run's checkout with the pin in it; raises where it is not what the look was reserved for."""
    tree = worktree(place, domain, run_id)
    lay_out(place, domain, pin, tree.folder)
    if not is_own_look(Workspace(tree.root), domain, params_of(tree), pin):
        raise WorkspaceError(
            f"{tree.root}: params.yaml or the code in it is not what the run's look was reserved for: take the change back with "
            f"`git -C {tree.root} checkout -- .`, then retrain again; or give the run up: `addendum abandon {domain} --reason …`"
        )
    return tree


def _find_judged(place: Place, domain: DomainName, run_id: RunId) -> Event | None:
    judged = place.ledger.events(domain, [Kind.CANDIDATE_JUDGED])
    return next((event for event in reversed(judged) if event.payload["run"] == run_id), None)


def _pin_payload(pin: Pin) -> Json:
    payload: Json = TypeAdapter(Pin).dump_python(pin, mode="json")
    return payload


def _read_pin(event: Event) -> Pin:
    return TypeAdapter(Pin).validate_python(event.payload["pin"])
