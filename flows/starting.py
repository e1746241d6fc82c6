"""Where a retraining starts when its champion saw what must be forgotten: from the newest earlier champion that did not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from flows.places import Place
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DomainName
from pipelines.domain.models import Champion, Lineage
from pipelines.domain.pins import CorpusPin, ModelPin
from pipelines.domain.revisions import resolve_statuses
from pipelines.ledger.reigns import CROWNING, fold_champions
from pipelines.lessons.ancestry import Checkpoint, find_tainted, find_untainted, list_allowed


def choose_start(place: Place, domain: DomainName, corpus: CorpusPin) -> ModelPin | None:
    """Return the earlier champion to start from; ``None`` where the present one is untainted, or no earlier one is.

    Only champions that nobody rolled back from are asked, and only those whose copy is kept: of what they saw, their evidence
    is the account. Where retrainings were replayed without what must be forgotten, the last of these goes before.
    """
    found = find_chain(place, domain, corpus)
    if found is None:
        return None
    for reign in reversed(found.tainted):
        replays = [one for one in list_replays(place, domain, reign.digest) if _is_untainted(place, one.digest, found.allowed)]
        if replays:
            return replays[-1]
    return found.start


@dataclass(frozen=True, slots=True, kw_only=True)
class TaintedChain:
    """The champions that saw what must be forgotten, oldest first, and the last one before them (``None``: the base).

    ``allowed`` is all that a model may have seen.
    """

    start: ModelPin | None
    tainted: tuple[Champion, ...]
    allowed: frozenset[Digest]


def find_chain(place: Place, domain: DomainName, corpus: CorpusPin) -> TaintedChain | None:
    """Return the champions that saw what must be forgotten; ``None`` where the present one did not, or its copy is gone."""
    reigns = fold_champions(place.ledger.events(domain, CROWNING))
    known = [(reign, found) for reign in reigns if (found := read_checkpoint(place, reign.digest)) is not None]
    if not known or known[-1][0] != reigns[-1]:
        return None
    allowed = list_allowed(resolve_statuses(place.corpus(domain).read(corpus)))
    if not find_tainted(known[-1][1].seen, allowed):
        return None
    start = find_untainted([checkpoint for _, checkpoint in known], allowed)
    last = next((number for number, (_, found) in enumerate(known) if found is start), None)
    begin = known[last][0] if last is not None else None
    return TaintedChain(
        start=ModelPin(version=begin.version, digest=begin.digest) if begin else None,
        tainted=tuple(reign for reign, _ in known[0 if last is None else last + 1 :]),
        allowed=allowed,
    )


def list_replays(place: Place, domain: DomainName, replayed: Digest) -> list[ModelPin]:
    """Return the models that came of replaying the retraining which gave ``replayed``, in the order of replay."""
    events = [e for e in place.ledger.events(domain, [Kind.RETRAINING_REPLAYED]) if e.payload["replayed"] == replayed]
    return [ModelPin(version=int(str(one.payload["version"])), digest=Digest(str(one.payload["digest"]))) for one in events]


def _is_untainted(place: Place, digest: Digest, allowed: frozenset[Digest]) -> bool:
    found = read_checkpoint(place, digest)
    return found is not None and not find_tainted(found.seen, allowed)


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
