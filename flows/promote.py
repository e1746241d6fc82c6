"""``promote``: turn a verdict into a promotion, once whoever must approve has.

Started from its deployment it asks on its own page: it suspends until the form is filled, and then runs again from the top.
Each asking is a pause of its own, so what was answered stays answered, and a form that does not count is shown again.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Literal
from uuid import UUID

from prefect import flow, suspend_flow_run
from prefect.context import FlowRunContext
from prefect.deployments import run_deployment
from prefect.input import RunInput
from pydantic import Field

from flows.promoting import PromotionOutcome
from flows.tasks import answer_form, promote_candidate
from pipelines.settings import Settings


class ApprovalForm(RunInput):
    """What whoever approves fills in on the page; it is recorded as self-declared, since the page does not know who that is."""

    answer: Literal["granted", "denied"] = Field(description="granted: it becomes champion; denied: it never will")
    name: str = Field(min_length=1, description="your name; it must not be that of whoever started the training")
    reason: str = Field(min_length=1, description="why; it is recorded with your name")


@flow(name="promote", flow_run_name="promote {domain}", log_prints=False)
def promote(domain: str, approved_by: str | None = None, reason: str = "", version: int | None = None) -> PromotionOutcome:
    """Promote a judged candidate of ``domain`` (the last, or ``version``) if its verdict says so, asking where it must."""
    deployment = _find_deployment()
    outcome = promote_candidate(domain, approved_by, reason, version, is_anew=deployment is not None)
    if deployment is None or outcome.asked is None:
        return outcome
    if version is None:
        # it must ask about this candidate when it is resumed, whichever is the last by then
        hand_over(deployment, domain, outcome, f"{domain} {outcome.asked} by hand {_name_run()}")
        return outcome
    return _ask_until_answered(domain, version, outcome)


def hand_over(deployment: str | UUID, domain: str, outcome: PromotionOutcome, key: str) -> None:
    """Start the flow run that asks about the outcome's version on its own page; the same ``key`` again is the same flow run."""
    parameters = {"domain": domain, "version": outcome.version}
    run_deployment(deployment, parameters=parameters, timeout=0, as_subflow=False, idempotency_key=key)


def _ask_until_answered(domain: str, version: int, outcome: PromotionOutcome) -> PromotionOutcome:
    attempts: Counter[int] = Counter()
    while outcome.asked is not None:
        form = ApprovalForm.with_initial_data(description=outcome.sentence)
        key = f"{outcome.asked}-{attempts[outcome.asked]}"
        attempts[outcome.asked] += 1
        filled = suspend_flow_run(wait_for_input=form, timeout=_count_seconds(outcome), key=key)
        outcome = answer_form(domain, version, filled.answer, filled.name, filled.reason)
    return outcome


def _count_seconds(outcome: PromotionOutcome) -> int | None:
    """Return for how long the form may wait: as long as the asking counts."""
    if outcome.until is None:
        return None
    return max(1, math.ceil((outcome.until - Settings().clock.now()).total_seconds()))


def _find_deployment() -> UUID | None:
    """Return the deployment of this flow run; only such a run can be suspended, and started again when the form is filled."""
    context = FlowRunContext.get()
    run = context.flow_run if context is not None else None
    return run.deployment_id if run is not None and run.parent_task_run_id is None else None


def _name_run() -> str:
    context = FlowRunContext.get()
    return str(context.flow_run.id) if context is not None and context.flow_run is not None else ""
