"""Which models saw a document, and how: the answer that an auditor, a patient or a retraction asks for.

Everything is read from what was kept when it happened: the corpus, the ledger, and each candidate's evidence, by digest. Nothing
is searched that can be looked up, so that the answer does not take longer where there are a million documents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pydantic import TypeAdapter

from flows.dropping import list_drops
from flows.places import Place
from flows.projecting import name_aliases
from flows.sightings import Seen, Sightings
from pipelines.admit.quarantines import find_waiting
from pipelines.corpus.erasures import DocumentName
from pipelines.corpus.lookups import Arrived, list_arrived
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DocumentId, DomainName, SourceName
from pipelines.domain.pins import Pin
from pipelines.ledger.custody import list_tombstones
from pipelines.ledger.reigns import CROWNING, fold_champions


class Sight(StrEnum):
    """How a model came by a document; ``LEARNED`` includes what the models learned that it grew out of."""

    LEARNED = "learned from it"
    ASKED = "was asked about it"
    PRESENT = "neither, though it stood in its corpus"
    UNKNOWN = "not known: its evidence is gone"


class Reign(StrEnum):
    """Whether a model serves."""

    SERVES = "serves now"
    SERVED = "served"
    NEVER = "never served"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """A revision of the document in the corpus; ``state`` is that of the drop which brought it."""

    digest: Digest
    source: SourceName
    drop_id: str
    ingest_seq: int
    state: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A snapshot that held the document: of the pin by which ``run`` began, the corpus as of the arrival ``ingest_seq``."""

    run: str
    version: int
    ingest_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """A judged model that may have seen the document; ``aliases`` are those by which it is deployed, as the ledger has them."""

    version: int
    run: str
    decision: str
    sights: tuple[Sight, ...]
    reign: Reign
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """Everything of one domain that a document touched; ``quarantined`` are the digests of rows that never got in.

    Drops that were refused are not searched, nor runs that came to no verdict: neither left a model that can serve.
    """

    domain: DomainName
    arrivals: tuple[Arrival, ...]
    quarantined: tuple[Digest, ...]
    snapshots: tuple[Snapshot, ...]
    witnesses: tuple[Witness, ...]

    @property
    def is_unlearned(self) -> bool:
        """Whether it is known that no judged model keeps anything of it."""
        return not any({Sight.LEARNED, Sight.UNKNOWN} & set(one.sights) for one in self.witnesses)

    @property
    def learned(self) -> tuple[Witness, ...]:
        """The models that keep something of it."""
        return tuple(one for one in self.witnesses if Sight.LEARNED in one.sights)


def trace_document(place: Place, document: DocumentId) -> list[Impact]:
    """Return what the document touched, by domain; empty where nobody ever saw it.

    Raises:
        LedgerError: where a candidate's evidence was altered.
    """
    found = (_trace(place, domain, document) for domain in place.params.domains)
    return [impact for impact in found if impact.arrivals or impact.quarantined]


def _trace(place: Place, domain: DomainName, document: DocumentId) -> Impact:
    corpus = place.corpus(domain)
    arrived = [one for name in _list_names(place, domain, document) for one in list_arrived(corpus, name)]
    judged = place.ledger.events(domain, [Kind.CANDIDATE_JUDGED]) if arrived else []
    crowned = _list_reigns(place, domain)
    named = _list_aliases(place, domain) if arrived else {}
    witnesses = (_witness(place, event, arrived, crowned, named) for event in judged)
    return Impact(
        domain=domain,
        arrivals=_describe_arrivals(place, domain, arrived),
        quarantined=find_waiting(place.home, domain, document),
        snapshots=_list_snapshots(place, domain, arrived),
        witnesses=tuple(one for one in witnesses if one is not None),
    )


def _list_names(place: Place, domain: DomainName, document: DocumentId) -> list[DocumentId]:
    """Return what the corpus calls a document: by its id, and by what is left of that where it was erased."""
    erased = place.ledger.events(domain, [Kind.DOCUMENT_ERASED])
    tombstones = list_tombstones(erased)
    sources = sorted({str(event.payload.get("source")) for event in erased})
    names = (DocumentName(SourceName(source), document).tombstone for source in sources)
    return [document, *(name for name in names if name in tombstones)]


def _describe_arrivals(place: Place, domain: DomainName, arrived: Sequence[Arrived]) -> tuple[Arrival, ...]:
    states = {str(drop.drop_id): drop.state for drop in list_drops(place, domain)} if arrived else {}
    return tuple(
        Arrival(
            digest=one.digest,
            source=one.source,
            drop_id=one.drop_id,
            ingest_seq=one.ingest_seq,
            state=states.get(one.drop_id, "not in the ledger"),
        )
        for one in arrived
    )


def _list_snapshots(place: Place, domain: DomainName, arrived: Sequence[Arrived]) -> tuple[Snapshot, ...]:
    started = place.ledger.events(domain, [Kind.RETRAIN_STARTED]) if arrived else []
    pins, read = ((str(event.payload["run"]), event.payload.get("pin")) for event in started), TypeAdapter(Pin).validate_python
    corpora = ((run, read(pin).corpus) for run, pin in pins if pin is not None)
    return tuple(
        Snapshot(run=run, version=corpus.version, ingest_seq=corpus.ingest_seq)
        for run, corpus in corpora
        if any(one.stood_at(corpus.ingest_seq) for one in arrived)
    )


def _list_reigns(place: Place, domain: DomainName) -> Mapping[Digest, Reign]:
    """Return which models serve or served, by digest."""
    events = place.ledger.events(domain, CROWNING)
    reigns = {Digest(str(event.payload["digest"])): Reign.SERVED for event in events}
    stack = fold_champions(events)
    return reigns | {one.digest: Reign.SERVES for one in stack[-1:]}


def _list_aliases(place: Place, domain: DomainName) -> Mapping[Digest, tuple[str, ...]]:
    named = {alias: model.digest for alias, model in name_aliases(place, domain).items() if model is not None}
    return {digest: tuple(alias for alias, other in named.items() if other == digest) for digest in named.values()}


def _witness(
    place: Place,
    judged: Event,
    arrived: Sequence[Arrived],
    reigns: Mapping[Digest, Reign],
    aliases: Mapping[Digest, tuple[str, ...]],
) -> Witness | None:
    payload = judged.payload
    digests = {one.digest for one in arrived if one.ingest_seq <= int(str(payload["ingest_seq"]))}
    sights = _read_sights(Sightings.of(place.evidence, payload.get("evidence")), digests) if digests else ()
    if not sights:
        return None
    digest = Digest(str(payload["digest"]))
    return Witness(
        version=int(str(payload["version"])),
        run=str(payload["run"]),
        decision=str(payload["decision"]),
        sights=sights,
        reign=reigns.get(digest, Reign.NEVER),
        aliases=aliases.get(digest, ()),
    )


def _read_sights(kept: Sightings, digests: set[Digest]) -> tuple[Sight, ...]:
    """Return how one candidate came by the digests; nothing where its snapshot is known not to have held them."""
    learned, asked = kept.has(Seen.LEARNED, digests), kept.has(Seen.ASKED, digests)
    sights = [sight for sight, is_so in ((Sight.LEARNED, learned), (Sight.ASKED, asked)) if is_so]
    if None in {learned, asked} and not learned:
        sights.append(Sight.UNKNOWN)
    if not sights and kept.has(Seen.SNAPSHOT, digests) is not False:
        sights.append(Sight.PRESENT)
    return tuple(sights)
