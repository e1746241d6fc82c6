"""The corpus stays fast to read however many drops it came in."""

from __future__ import annotations

from pydantic import TypeAdapter

from flows.places import Place
from pipelines.corpus.tables import Compacted
from pipelines.domain.identities import DomainName
from pipelines.domain.pins import Pin
from pipelines.ledger.retrainings import open_retraining


def compact_corpus(place: Place, domain: DomainName) -> Compacted:
    """Merge a domain's small files and remove what they were merged from, once nobody reads it any more.

    Raises:
        ParamsError: for a domain that is not in ``params.yaml``.
        CorpusError: where other writers kept committing, or the store fails.
    """
    place.of(domain)
    return place.corpus(domain).compact(list_pinned(place, domain))


def list_pinned(place: Place, domain: DomainName) -> frozenset[int]:
    """Return the version of the corpus that the open retraining reads, where one is open and reads this corpus.

    Other pins need no version of their own: what they name is read from the newest, by the order of arrival.
    """
    unfinished = open_retraining(place.ledger, domain)
    if unfinished is None:
        return frozenset()
    pin = TypeAdapter(Pin).validate_python(unfinished.payload["pin"]).corpus
    return frozenset({pin.version} if pin.id == place.corpus(domain).pin().id else ())


def describe_compacted(done: Compacted) -> str:
    """Say in a sentence what was done."""
    if not done.merged and not done.removed:
        return "its files are few already: nothing to do"
    return f"{done.merged} files became {done.made}, and {done.removed} that nobody reads any more are gone"
