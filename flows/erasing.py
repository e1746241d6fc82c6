"""Erases a document: out of the corpus in every version, and out of every copy that was ever made of its text.

The corpus comes last. Until then it knows what is looked for, so that an erasure which was cut short is asked for again and goes
on. What the ledger says first, and keeps, are digests: which revisions, which models learned from them, what evidence went.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TypeAlias

from flows.compacting import remove_attempts
from flows.dossiers import publish_dossiers
from flows.impacts import Impact, trace_document
from flows.landing import complete_landings
from flows.places import Place
from flows.shelves import EvidenceShelf, Shelf, is_digest, list_shelves
from flows.turns import hold_admission, take_turn
from pipelines.admit.erasures import AdmissionErasure, erase_received, find_received, list_received, watch_for
from pipelines.corpus.erasures import DocumentName, name_document
from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DocumentId, DomainName, Json, SourceName
from pipelines.domain.revisions import Revision, Status
from pipelines.erase.searching import Wanted
from pipelines.erase.traces import find_traces
from pipelines.ledger.custody import list_erased, list_tombstones
from pipelines.ledger.ledgers import Draft
from pipelines.ledger.retrainings import open_retraining
from pipelines.promote.dossier.exhibits import list_named


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """A copy that holds something of the document: on which shelf, and under which name there."""

    shelf: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainErasure:
    """What was erased in one domain: revisions by digest, what admission had kept, and which models learned from it."""

    domain: DomainName
    revisions: tuple[Digest, ...]
    received: AdmissionErasure
    impact: Impact | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """What an erasure did.

    ``removed`` are whole copies, ``left`` those that still hold something of the document. ``attempts`` counts unfinished
    trainings whose checkpoints went, since weights may keep what they saw. Where not ``is_whole``, some text of it has no words
    that only it has, so that copies of that text could not be looked for.
    """

    name: DocumentName
    domains: tuple[DomainErasure, ...]
    removed: tuple[Spot, ...]
    left: tuple[Spot, ...]
    attempts: int
    is_whole: bool

    @property
    def was_known(self) -> bool:
        """Whether anything was known of what it said: else there was nothing to search for."""
        return any(one.revisions for one in self.domains)


Held: TypeAlias = Mapping[DomainName, Sequence[Revision]]
"""The revisions of the document that each domain holds; none where it was erased before."""
Found: TypeAlias = tuple[Shelf, str]
AT_WORK_S = 600.0
"""A training that is at work, of another domain, writes every minute or so."""


def find_sources(place: Place, document: DocumentId) -> list[SourceName]:
    """Return the sources under whose id anything of a document is held, or was erased, in any domain."""
    sources: set[SourceName] = set()
    for domain in place.params.domains:
        sources |= {one.source for one in _find_revisions(place, domain, document)}
        watched = {source.name for source in place.of(domain).watch.sources}
        sources |= {source for source in watched if _was_erased(place, domain, DocumentName(source, document))}
    return sorted(sources)


def erase_document(place: Place, name: DocumentName, reason: str) -> Erasure:
    """Erase a document in every domain that holds anything of it, and say what was done. Erasing twice is once.

    ``reason`` stands in the ledger for ever: it must not say what is erased.

    Raises:
        LedgerError: when a retraining of such a domain is running or open.
        CorpusError: where a corpus cannot be written; ask again.
    """
    with ExitStack() as turns:
        for domain in place.params.domains:
            turns.enter_context(hold_admission(place.home, domain))
            if _is_held(place, domain, name):
                _prepare(place, domain, turns.enter_context(take_turn(place.home, domain)))
        held = {domain: _list_held(place, domain, name) for domain in place.params.domains}
        concerned = {domain: held[domain] for domain in held if held[domain] or _was_erased(place, domain, name)}
        return _erase(place, name, concerned, reason)


def _prepare(place: Place, domain: DomainName, is_ours: bool) -> None:  # noqa: FBT001 - what the turn says
    if not is_ours or open_retraining(place.ledger, domain) is not None:
        advice = f"let it end, or give it up with `addendum abandon {domain} --reason …`, and erase again"
        raise LedgerError(f"{domain}: a retraining is open, and reads what is to be erased: {advice}")
    for source in place.of(domain).watch.sources:
        complete_landings(place, domain, source.name)


def _erase(place: Place, name: DocumentName, held: Held, reason: str) -> Erasure:
    wanted, domains = _describe_wanted(place, name, held), list(held)
    impacts = {one.domain: one for one in trace_document(place, name.document)}
    shelves = list_shelves(place, domains)
    found = list(_search(shelves, wanted))
    evidence = sorted(spot for shelf, spot in found if isinstance(shelf, EvidenceShelf) and is_digest(spot))
    digests = {domain: tuple(sorted(one.digest for one in revisions)) for domain, revisions in held.items()}
    for domain in domains:
        _record(place, domain, _state(name, reason, digests[domain], impacts.get(domain)), evidence)
    removed = [Spot(shelf=shelf.title, name=spot) for shelf, spot in found if shelf.remove(spot)]
    done = [
        DomainErasure(
            domain=domain,
            revisions=digests[domain],
            received=_erase_in_domain(place, domain, name, wanted),
            impact=impacts.get(domain),
        )
        for domain in domains
    ]
    _write_dossiers(place, domains, frozenset(evidence))
    return Erasure(
        name=name,
        domains=tuple(done),
        removed=tuple(removed),
        attempts=remove_attempts(place.home.checkpoints, time.time() - AT_WORK_S),
        left=tuple(Spot(shelf=shelf.title, name=spot) for shelf, spot in _search(shelves, wanted)),
        is_whole=wanted.traces.is_whole,
    )


def _erase_in_domain(place: Place, domain: DomainName, name: DocumentName, wanted: Wanted) -> AdmissionErasure:
    received = erase_received(place.home, domain, wanted.digests, watch_for(wanted.traces, [name.document]))
    place.corpus(domain).erase(name, place.clock.now())
    return received


def _describe_wanted(place: Place, name: DocumentName, held: Held) -> Wanted:
    revisions = [one for found in held.values() for one in found]
    arrived = (entry.revision for domain in place.params.domains for entry in place.corpus(domain).arrived())
    received = (one for domain in place.params.domains for one in list_received(place.home, domain))
    others = [one for one in (*arrived, *received) if name_document(one) != name]
    traces = find_traces(_list_texts(revisions), list(_list_texts(others)))
    return Wanted(traces, frozenset(revision.digest for revision in revisions))


def _is_held(place: Place, domain: DomainName, name: DocumentName) -> bool:
    # one that was erased is held too: whoever was cut short has files to clear
    return _was_erased(place, domain, name) or bool(_list_held(place, domain, name))


def _was_erased(place: Place, domain: DomainName, name: DocumentName) -> bool:
    return name.tombstone in list_tombstones(place.ledger.events(domain, [Kind.DOCUMENT_ERASED]))


def _find_revisions(place: Place, domain: DomainName, document: DocumentId) -> list[Revision]:
    arrived = [entry.revision for entry in place.corpus(domain).arrived(document)]
    held = {one.digest: one for one in (*arrived, *find_received(place.home, domain, document))}
    return [one for one in held.values() if one.status is not Status.ERASED]


def _list_held(place: Place, domain: DomainName, name: DocumentName) -> list[Revision]:
    return [one for one in _find_revisions(place, domain, name.document) if one.source == name.source]


def _list_texts(revisions: Iterable[Revision]) -> Iterable[str]:
    return (text for revision in revisions for text in (revision.title, revision.text))


def _search(shelves: Sequence[Shelf], wanted: Wanted) -> Iterator[Found]:
    return ((shelf, name) for shelf in shelves for name in shelf.find(wanted))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Statement:
    """What the ledger is to say of an erasure in one domain: of which revisions, and the same of each."""

    digests: tuple[Digest, ...]
    about: Mapping[str, Json]


def _state(name: DocumentName, reason: str, digests: tuple[Digest, ...], impact: Impact | None) -> _Statement:
    learned = [one.version for one in impact.learned] if impact else []
    about: dict[str, Json] = {"document": name.tombstone, "source": name.source, "reason": reason, "learned": learned}
    return _Statement(digests=digests, about=about)


def _record(place: Place, domain: DomainName, statement: _Statement, evidence: Sequence[str]) -> None:
    """Put an event for each revision into the ledger, once; evidence found later gets another one."""

    def draft(standing: Sequence[Event]) -> list[Draft]:
        said, gone = {str(event.payload["digest"]) for event in standing}, list_erased(standing)
        fresh = [digest for digest in evidence if digest not in gone]
        unsaid = [digest for digest in statement.digests if digest not in said]
        named = unsaid or list(statement.digests[:1] if fresh else ())
        payloads = [
            {"digest": digest, **statement.about, "erased": [] if number else fresh} for number, digest in enumerate(named)
        ]
        return [Draft(Kind.DOCUMENT_ERASED, payload) for payload in payloads]

    place.ledger.decide(domain, [Kind.DOCUMENT_ERASED], draft)


def _write_dossiers(place: Place, domains: Iterable[DomainName], gone: frozenset[str]) -> None:
    """Write the dossiers anew that stood on evidence which is gone: they say by which event it went."""
    for domain in domains:
        judged = place.ledger.events(domain, [Kind.CANDIDATE_JUDGED])
        touched = {int(str(event.payload["version"])) for event in judged if not gone.isdisjoint(list_named(event).values())}
        publish_dossiers(place, domain, *sorted(touched))
