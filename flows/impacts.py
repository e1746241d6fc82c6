"""Which models saw a document, and how: the answer that an auditor, a patient or a retraction asks for.

Everything is read from what was kept when it happened: the corpus, the ledger, and each candidate's evidence, by digest.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import pyarrow.compute as pc
import pyarrow.parquet as pq

from flows.dropping import list_drops
from flows.places import Place
from pipelines.admit.quarantines import list_rows
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DocumentId, DomainName, SourceName
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
class Witness:
    """A judged model that may have seen the document."""

    version: int
    run: str
    decision: str
    sights: tuple[Sight, ...]
    reign: Reign


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """Everything of one domain that a document touched; ``quarantined`` are the digests of rows that never got in.

    Drops that were refused are not searched, nor runs that came to no verdict: neither left a model that can serve.
    """

    domain: DomainName
    arrivals: tuple[Arrival, ...]
    quarantined: tuple[Digest, ...]
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
    arrivals = _list_arrivals(place, domain, document)
    rows = [row.digest for row in list_rows(place.home, domain) if row.document_id == document and not row.is_released]
    judged = place.ledger.events(domain, [Kind.CANDIDATE_JUDGED]) if arrivals else []
    reigns = _list_reigns(place, domain)
    witnesses = (_witness(place, event, arrivals, reigns) for event in judged)
    return Impact(
        domain=domain,
        arrivals=arrivals,
        quarantined=tuple(rows),
        witnesses=tuple(one for one in witnesses if one is not None),
    )


def _list_arrivals(place: Place, domain: DomainName, document: DocumentId) -> tuple[Arrival, ...]:
    states = {str(drop.drop_id): drop.state for drop in list_drops(place, domain)}
    return tuple(
        Arrival(
            digest=entry.digest,
            source=entry.revision.source,
            drop_id=entry.drop_id,
            ingest_seq=entry.ingest_seq,
            state=states.get(entry.drop_id, "not in the ledger"),
        )
        for entry in place.corpus(domain).arrived(document)
    )


def _list_reigns(place: Place, domain: DomainName) -> Mapping[Digest, Reign]:
    """Return which models serve or served, by digest."""
    events = place.ledger.events(domain, CROWNING)
    reigns = {Digest(str(event.payload["digest"])): Reign.SERVED for event in events}
    stack = fold_champions(events)
    return reigns | {one.digest: Reign.SERVES for one in stack[-1:]}


def _witness(place: Place, judged: Event, arrivals: tuple[Arrival, ...], reigns: Mapping[Digest, Reign]) -> Witness | None:
    payload = judged.payload
    digests = {one.digest for one in arrivals if one.ingest_seq <= int(str(payload["ingest_seq"]))}
    if not digests:
        return None
    digest = Digest(str(payload["digest"]))
    return Witness(
        version=int(str(payload["version"])),
        run=str(payload["run"]),
        decision=str(payload["decision"]),
        sights=_read_sights(place, payload.get("evidence"), digests),
        reign=reigns.get(digest, Reign.NEVER),
    )


def _read_sights(place: Place, named: object, digests: set[Digest]) -> tuple[Sight, ...]:
    files = {str(name): Digest(str(digest)) for name, digest in named.items()} if isinstance(named, Mapping) else {}
    kept = {name: digest for name, digest in files.items() if place.evidence.has(digest)}
    sights = []
    if "seen.json" in kept and _is_learned(place.evidence.get(kept["seen.json"]), digests):
        sights.append(Sight.LEARNED)
    if "outcomes.parquet" in kept and _is_asked(place.evidence.get(kept["outcomes.parquet"]), digests):
        sights.append(Sight.ASKED)
    if not {"seen.json", "outcomes.parquet"} <= kept.keys() and Sight.LEARNED not in sights:
        sights.append(Sight.UNKNOWN)
    return tuple(sights) or (Sight.PRESENT,)


def _is_learned(seen: bytes, digests: set[Digest]) -> bool:
    # the list of digests is searched as it is, without being read as JSON
    return any(digest.encode() in seen for digest in digests)


def _is_asked(outcomes: bytes, digests: set[Digest]) -> bool:
    asked = pq.read_table(io.BytesIO(outcomes), columns=["row_id"])["row_id"].unique()
    return bool(pc.any(pc.is_in(asked, value_set=pc.cast(sorted(digests), asked.type))).as_py())
