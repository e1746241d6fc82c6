"""``drill``: rehearse a rollback on a scratch alias, so that the way back is known to work before it is needed."""

from __future__ import annotations

from prefect import flow

from flows.returning import Drill
from flows.tasks import drill_champion


@flow(name="drill", flow_run_name="drill {domain}", log_prints=False)
def drill(domain: str) -> Drill:
    """Rehearse a rollback of ``domain``; what serves is not touched."""
    return drill_champion(domain)
