"""Where a retraining starts when its champion saw what must be forgotten: from the newest earlier champion that did not."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import TypeAdapter

from flows.places import Place
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DomainName
from pipelines.domain.models import Lineage
from pipelines.domain.pins import CorpusPin, ModelPin
from pipelines.domain.revisions import resolve_statuses
from pipelines.ledger.reigns import CROWNING, fold_champions
from pipelines.lessons.ancestry import Checkpoint, find_tainted, find_untainted, list_allowed


def choose_start(place: Place, domain: DomainName, corpus: CorpusPin) -> ModelPin | None:
    """Return the earlier champion to start from; ``None`` where the present one is untainted, or no earlier one is.

    Only champions that nobody rolled back from are asked, and only those whose copy is kept: of what they saw, their evidence
    is the account.
    """
    reigns = fold_champions(place.ledger.events(domain, CROWNING))
    known = [(reign, found) for reign in reigns if (found := read_checkpoint(place, reign.digest)) is not None]
    if not known or known[-1][0] != reigns[-1]:
        return None
    allowed = list_allowed(resolve_statuses(place.corpus(domain).read(corpus)))
    if not find_tainted(known[-1][1].seen, allowed):
        return None
    start = find_untainted([checkpoint for _, checkpoint in known], allowed)
    return next((ModelPin(version=reign.version, digest=reign.digest) for reign, found in known if found is start), None)


def must_start_cold(place: Place, domain: DomainName) -> bool:
    """Tell whether the last control run found that warm starts have drifted, and no model from scratch was promoted since."""
    control = place.ledger.last(domain, Kind.CONTROL_RUN)
    if control is None or not control.payload["is_beyond"]:
        return False
    since = place.ledger.events(domain, [Kind.RETRAIN_STARTED, Kind.PROMOTED], since=control.seq)
    cold = {event.payload["run"] for event in since if event.kind is Kind.RETRAIN_STARTED and _is_cold(event)}
    return not any(event.kind is Kind.PROMOTED and event.payload["run_id"] in cold for event in since)


def _is_cold(event: Event) -> bool:
    pin = event.payload.get("pin")
    return isinstance(pin, Mapping) and bool(pin.get("is_cold"))


def read_checkpoint(place: Place, digest: Digest) -> Checkpoint | None:
    """Return what a champion's kept copy says of itself; ``None`` where none is kept, or it says nothing."""
    if not place.evidence.holds_folder(digest):
        return None
    files = {entry.name: entry.digest for entry in place.evidence.list_folder(digest)}
    if not {"lineage.json", "seen.json"} <= files.keys():
        return None
    lineage = TypeAdapter(Lineage).validate_json(place.evidence.get(files["lineage.json"]))
    seen = TypeAdapter(tuple[Digest, ...]).validate_json(place.evidence.get(files["seen.json"]))
    return Checkpoint(digest=digest, parent=lineage.parent, seen=frozenset(seen))
