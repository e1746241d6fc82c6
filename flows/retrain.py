"""``retrain``: weigh it, pin it, run the pure stages, judge, and hand the verdict to ``promote``.

Killed anywhere and started again it goes on where it was: the ledger knows the open run, and DVC knows the stages that are done.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from prefect import flow
from prefect.client.schemas.objects import FlowRun
from prefect.deployments import run_deployment

from flows.conclusions import Conclusion
from flows.fit import fit
from flows.places import open_place
from flows.promote import hand_over, promote
from flows.promoting import PromotionOutcome
from flows.showing import show_seconds
from flows.stages import StageRun
from flows.tasks import ADVANCE, abandon, conclude, control, run_stage, start, track
from flows.turns import take_turn
from pipelines.catalog import FITTING, StageName
from pipelines.domain.errors import PreemptedError, StageError
from pipelines.domain.identities import DomainName
from pipelines.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Retraining:
    """What one call came to: nothing but a reason, or a judged candidate and what became of it."""

    domain: str
    reason: str
    run_id: str | None = None
    conclusion: Conclusion | None = None
    promotion: PromotionOutcome | None = None
    stages: tuple[StageRun, ...] = ()


@flow(name="retrain", flow_run_name="retrain {domain}", log_prints=False)
def retrain(domain: str, reason: str | None = None, approved_by: str | None = None) -> Retraining:
    """Retrain ``domain`` if it is worth it (or because of ``reason``), judge the candidate, and promote it if it may be."""
    with take_turn(Settings().place, DomainName(domain)) as is_ours:
        if not is_ours:
            return Retraining(domain=domain, reason="already running: another retraining of this domain is not done yet")
        return _retrain(domain, reason, approved_by)


def _retrain(domain: str, reason: str | None, approved_by: str | None) -> Retraining:
    begun = start(domain, reason, approved_by)
    if begun.run_id is None:
        # cut short between its verdict and its promotion, the last run has nothing left to train and something to promote
        promotion = _promote(domain, approved_by, begun.reason, begun.judged) if begun.judged is not None else None
        return Retraining(domain=domain, reason=begun.reason, promotion=promotion)
    mlflow_run = track(domain, begun.run_id)
    try:
        stages = _run_stages(domain, begun.run_id, mlflow_run)
    except PreemptedError:
        raise  # the run stays open: whoever retrains next takes it up
    except StageError as error:
        abandon(domain, begun.run_id, str(error))
        raise
    show_seconds(domain, stages)
    conclusion = conclude(domain, begun.run_id)
    promotion = _promote(domain, approved_by, f"{ADVANCE}: {begun.reason}", conclusion.version)
    if open_place().of(DomainName(domain)).retrain.control is not None:
        control(domain)
    return Retraining(
        domain=domain,
        reason=begun.reason,
        run_id=begun.run_id,
        conclusion=conclusion,
        promotion=promotion,
        stages=tuple(stages),
    )


def _promote(domain: str, approved_by: str | None, reason: str, version: int) -> PromotionOutcome:
    """Promote here; what waits for an approval is handed over to the page that the environment names, once for each asking."""
    outcome = promote(domain, approved_by=approved_by, reason=reason, version=version)
    deployment = Settings().promote_deployment
    if deployment is not None and outcome.asked is not None:
        hand_over(deployment, domain, outcome, f"{domain} {outcome.asked}")
    return outcome


def _run_stages(domain: str, run_id: str, mlflow_run: str) -> list[StageRun]:
    before = [StageName.SNAPSHOT, StageName.CURATE, StageName.SPLIT]
    runs = [run_stage(stage, domain, run_id, mlflow_run) for stage in before]
    runs += _fit(domain, run_id, mlflow_run)
    return [*runs, run_stage(StageName.JUDGE, domain, run_id, mlflow_run)]


def _fit(domain: str, run_id: str, mlflow_run: str) -> list[StageRun]:
    """Fit here, or on the pool that the environment names; there the stages are then found done."""
    deployment = Settings().fit_deployment
    if deployment is None:
        return fit(domain, run_id, mlflow_run)
    parameters = {"domain": domain, "run_id": run_id, "mlflow_run": mlflow_run}
    flow_run = cast("FlowRun", run_deployment(deployment, parameters=parameters))
    state = flow_run.state
    if state is not None and state.is_crashed():
        raise PreemptedError(f"fit of {domain} lost its worker: it goes on when the retraining is started again")
    if state is None or not state.is_completed():
        raise StageError(f"fit of {domain} ended as {state.name if state else 'unknown'}: see its flow run on the Prefect page")
    return [run_stage(stage, domain, run_id, mlflow_run) for stage in FITTING]
