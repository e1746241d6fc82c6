"""``watch``: look at every source of a domain, admit what passes, and say so with an event that a retraining waits for."""

from __future__ import annotations

from prefect import flow
from prefect.events import emit_event
from prefect.logging import get_run_logger

from flows.landing import Landing
from flows.places import open_place
from flows.tasks import look
from pipelines.domain.errors import SourceError
from pipelines.domain.identities import DomainName

ADMITTED = "addendum.drop.admitted"


@flow(name="watch", flow_run_name="watch {domain}", log_prints=False)
def watch(domain: str) -> list[Landing]:
    """Look at all sources of ``domain``; one that fails stops itself and no other, and fails the run when all are done."""
    sources = [source.name for source in open_place().of(DomainName(domain)).watch.sources]
    landings: list[Landing] = []
    failures: list[str] = []
    for source in sources:
        state = look(domain, source, return_state=True)
        if state.is_completed():
            landings.append(state.result())
        else:
            failures.append(f"{source} ({state.message})")
    admitted = [landing for landing in landings if landing.admitted]
    if admitted:
        emit_event(
            event=ADMITTED,
            resource={"prefect.resource.id": f"addendum.domain.{domain}", "addendum.domain": domain},
            payload={"domain": domain, "drops": [landing.drop_id for landing in admitted]},
        )
    get_run_logger().info("%s: %d of %d sources brought something", domain, len(admitted), len(sources))
    if failures:
        raise SourceError(f"{domain}: {'; '.join(failures)}; the other sources are done")
    return landings
