"""``rollback``: the previous champion serves again, and nothing is promoted until somebody unfreezes."""

from __future__ import annotations

from prefect import flow

from flows.tasks import roll_back_champion
from pipelines.domain.models import Champion


@flow(name="rollback", flow_run_name="rollback {domain}", log_prints=False)
def rollback(domain: str, reason: str) -> Champion:
    """Give ``domain`` its previous champion back."""
    return roll_back_champion(domain, reason)
