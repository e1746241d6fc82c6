"""``fit``: the stages that want a GPU (train, evaluate, audit), so that a GPU is never held for anything else."""

from __future__ import annotations

from prefect import flow

from flows.stages import StageRun
from flows.tasks import run_stage
from pipelines.catalog import FITTING


@flow(name="fit", flow_run_name="fit {domain}", log_prints=False)
def fit(domain: str, run_id: str, mlflow_run: str) -> list[StageRun]:
    """Train the candidate, score it beside champion and anchor, and probe it where that is due."""
    return [run_stage(stage, domain, run_id, mlflow_run) for stage in FITTING]
