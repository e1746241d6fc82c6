"""``promote``: turn the last verdict into a promotion, once whoever must approve has."""

from __future__ import annotations

from prefect import flow

from flows.promoting import PromotionOutcome
from flows.tasks import promote_candidate


@flow(name="promote", flow_run_name="promote {domain}", log_prints=False)
def promote(domain: str, approved_by: str | None = None, reason: str = "") -> PromotionOutcome:
    """Promote the last judged candidate of ``domain`` if its verdict says so."""
    return promote_candidate(domain, approved_by, reason)
