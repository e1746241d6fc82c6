"""Which evidence the events name, and whether all of it is still what it was; what an erasure took away is missing by right.

An event names evidence in its payload under ``evidence``, as digests by name; a name without a dot is a folder's. A promotion
also names the weights by ``digest``. An event of kind ``document erased`` lists under ``erased`` the digests that it took away.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cache, partial

from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DomainName, shorten
from pipelines.ledger.chains import Break
from pipelines.ledger.evidence import EvidenceStore


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhibit:
    """A piece of evidence, as the event ``seq`` of ``domain`` names it."""

    domain: DomainName
    seq: int
    name: str
    digest: Digest

    @property
    def is_folder(self) -> bool:
        """Tell whether it is a folder: all files that we name have an ending."""
        return "." not in self.name


def list_exhibits(events: Sequence[Event]) -> list[Exhibit]:
    """Return every piece of evidence that the events of a domain name, in order."""
    judged = {event.payload.get("run") for event in events if event.kind is Kind.CANDIDATE_JUDGED and "evidence" in event.payload}
    found = []
    for event in events:
        named = event.payload.get("evidence")
        pieces = {name: str(digest) for name, digest in named.items()} if isinstance(named, Mapping) else {}
        if event.kind is Kind.PROMOTED and event.payload.get("run_id") in judged:  # earlier verdicts kept no evidence
            pieces["model"] = str(event.payload["digest"])
        found += [
            Exhibit(domain=event.domain, seq=event.seq, name=name, digest=Digest(digest)) for name, digest in pieces.items()
        ]
    return found


def list_erased(events: Sequence[Event]) -> frozenset[Digest]:
    """Return the digests of all evidence that was erased, as the events say."""
    named = [event.payload.get("erased") for event in events if event.kind is Kind.DOCUMENT_ERASED]
    return frozenset(Digest(str(digest)) for digests in named if isinstance(digests, list | tuple) for digest in digests)


def list_tombstones(events: Sequence[Event]) -> frozenset[str]:
    """Return what the documents are called that were erased, as the events say."""
    return frozenset(str(event.payload.get("document")) for event in events if event.kind is Kind.DOCUMENT_ERASED)


def find_losses(store: EvidenceStore, exhibits: Sequence[Exhibit], erased: AbstractSet[Digest]) -> list[Break]:
    """Return every piece of evidence that is missing or altered, file by file, except what was erased."""
    examine = cache(partial(_examine, store))
    losses = []
    for exhibit in exhibits:
        for name, digest, problem in _examine_all(store, exhibit, examine):
            if problem and not (problem == "missing" and digest in erased):
                said = f"its evidence {name} ({shorten(digest)}) is {problem}"
                losses.append(Break(domain=exhibit.domain, seq=exhibit.seq, problem=said))
    return losses


def _examine_all(
    store: EvidenceStore, exhibit: Exhibit, examine: Callable[[Digest], str | None]
) -> Iterator[tuple[str, Digest, str | None]]:
    problem = examine(exhibit.digest)
    if problem or not exhibit.is_folder:
        yield exhibit.name, exhibit.digest, problem
        return
    try:
        entries = store.list_folder(exhibit.digest)
    except LedgerError:
        yield exhibit.name, exhibit.digest, "no folder's list"
        return
    for entry in entries:
        yield f"{exhibit.name}/{entry.name}", entry.digest, examine(entry.digest)


def _examine(store: EvidenceStore, digest: Digest) -> str | None:
    try:
        return store.find_problem(digest)
    except LedgerError:
        return "named by no digest"
