"""The corpus stays fast to read however many drops it came in, and every version that a pin names stays readable as it was."""

from __future__ import annotations

from flows.places import Place
from pipelines.corpus.tables import Compacted
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import DomainName


def compact_corpus(place: Place, domain: DomainName) -> Compacted:
    """Merge a domain's small files and remove what no pin names and nobody reads any more.

    Raises:
        ParamsError: for a domain that is not in ``params.yaml``.
        CorpusError: where other writers kept committing.
    """
    place.of(domain)
    return place.corpus(domain).compact(list_pinned(place, domain))


def list_pinned(place: Place, domain: DomainName) -> frozenset[int]:
    """Return the versions of the corpus that retrainings were made from."""
    found = (_read_version(event) for event in place.ledger.events(domain, [Kind.RETRAIN_STARTED]))
    return frozenset(version for version in found if version is not None)


def describe_compacted(done: Compacted) -> str:
    """Say in a sentence what was done."""
    if not done.merged and not done.removed:
        return "its files are few already: nothing to do"
    return f"{done.merged} files became {done.made}, and {done.removed} that no pin names are gone"


def _read_version(event: Event) -> int | None:
    pin = event.payload.get("pin")
    corpus = pin.get("corpus") if isinstance(pin, dict) else None
    version = corpus.get("version") if isinstance(corpus, dict) else None
    return version if isinstance(version, int) else None
