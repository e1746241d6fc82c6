"""A retraining step by step, as the flow makes it and without Prefect: for tests of what a retraining leaves behind."""

from __future__ import annotations

from flows.landing import look_at_source
from flows.places import Place
from flows.promoting import Approval, promote_latest
from flows.retraining import conclude_retraining, start_retraining, track_inputs, worktree
from flows.stages import run_in_worktree
from flows.worktrees import Worktree
from pipelines.catalog import StageName
from pipelines.domain.identities import DomainName

REVIEWER = "R. Okafor"


def retrain_by_steps(place: Place, domain: DomainName, source: str = "folder") -> Worktree:
    """Look, retrain and promote (approved by name); return the run's checkout."""
    look_at_source(place, domain, source)
    start = start_retraining(place, domain, None)
    assert start.run_id is not None, start.reason
    environment = {"ADDENDUM_MLFLOW_RUN": track_inputs(place, domain, start.run_id), "ADDENDUM_HOME": str(place.home.root)}
    tree = worktree(place, domain, start.run_id)
    for stage in StageName:
        run_in_worktree(tree, stage, environment | {"ADDENDUM_WORKSPACE": str(tree.root)}, lambda _: None)
    conclude_retraining(place, domain, start.run_id)
    outcome = promote_latest(place, domain, Approval(by=REVIEWER, reason="a test"))
    assert outcome.is_promoted, outcome.sentence
    return tree
