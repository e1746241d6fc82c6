"""``compact``: the upkeep of a domain's corpus, for a schedule."""

from __future__ import annotations

from prefect import flow

from flows.tasks import compact_domain


@flow(name="compact", flow_run_name="compact {domain}", log_prints=False)
def compact(domain: str) -> str:
    """Merge the small files of the corpus of ``domain``; no row changes, and every pin stays as good as it was.

    Checkpoints of trainings that were given up go too.
    """
    return compact_domain(domain)
