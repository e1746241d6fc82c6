"""From a look at a source to the corpus: detect, check, archive, append, record. In that order, so that a crash loses nothing.

The cursor moves with the record in the ledger, which comes last: cut short after the archive was written, the next look first
completes it from the archive before it asks the source anything, and nothing lands twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from flows.places import Place
from flows.turns import hold_admission
from pipelines.admit.admission import AdmissionContext, admit_drop
from pipelines.admit.archives import AdmissionRecord, read_archived_drop
from pipelines.admit.erasures import leave_out_erased
from pipelines.admit.frames import count_labels
from pipelines.admit.landing import LandedDrop, land_drop
from pipelines.admit.quarantines import quarantined_digests, release_row
from pipelines.corpus.lookups import find_standing
from pipelines.detect.sources import Access
from pipelines.domain.drops import Detection, Drop
from pipelines.domain.errors import ParamsError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DocumentId, DomainName, DropId, Json, SourceName, digest_value, shorten
from pipelines.domain.reading import compose_text
from pipelines.domain.revisions import Entry, Revision, Status, resolve_statuses
from pipelines.ledger.custody import list_tombstones
from pipelines.ledger.drops import drops, last_cursor
from pipelines.ledger.ledgers import Draft


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """What one look at a source came to."""

    source: SourceName
    sentence: str
    drop_id: DropId | None = None
    admitted: int = 0
    quarantined: int = 0
    is_refused: bool = False
    checks_page: Path | None = None


def look_at_source(place: Place, domain: DomainName, name: str) -> Landing:
    """Look at the source called ``name`` from where it was left off; raises our errors for a source that cannot be read."""
    source = next((source for source in place.of(domain).watch.sources if source.name == name), None)
    if source is None:
        raise ParamsError(f"{domain} has no source {name!r} in params.yaml")
    with hold_admission(place.home, domain):
        completed = complete_landings(place, domain, source.name)
    found = source.detect(last_cursor(place.ledger, domain, source.name), _open_access(place, domain))
    with hold_admission(place.home, domain):
        landed = _land_news(place, domain, source.name, found)
    landings = [*completed, *landed]
    return _add_up(landings) if landings else Landing(source=source.name, sentence="nothing new")


def _land_news(place: Place, domain: DomainName, source: SourceName, found: Detection) -> list[Landing]:
    """Land what is new of a detection and was not erased, as one drop, if there is any."""
    detection = leave_out_erased(found, _list_tombstones(place))
    known = find_known(place, domain)
    news = tuple(revision for revision in detection.revisions if revision.digest not in known)
    if not news:
        return []
    return [
        land(place, Drop(domain=domain, source=source, revisions=news, responses=detection.responses, cursor=detection.cursor))
    ]


def _list_tombstones(place: Place) -> frozenset[str]:
    """Return what was erased from any domain: none of them takes it in again, nor one that never had it."""
    erased = [event for domain in place.params.domains for event in place.ledger.events(domain, [Kind.DOCUMENT_ERASED])]
    return list_tombstones(erased)


def _open_access(place: Place, domain: DomainName) -> Access:
    """Return what a source is handed, with what a correction may name: the labels of the domain and what its corpus holds."""
    labels = place.of(domain).admit.labels or place.of(domain).labels
    return replace(place.access, labels=labels, find_standing=lambda documents: find_standing(place.corpus(domain), documents))


def _add_up(landings: Sequence[Landing]) -> Landing:
    """Return the last landing with what those before it (completed after a crash) brought."""
    admitted, quarantined = sum(one.admitted for one in landings), sum(one.quarantined for one in landings)
    return replace(landings[-1], admitted=admitted, quarantined=quarantined, sentence="; ".join(one.sentence for one in landings))


def land(place: Place, drop: Drop) -> Landing:
    """Decide about a drop of new revisions, and put the decision into effect."""
    context = _describe_world(place, drop)
    params = place.of(drop.domain).admit
    labelled = params if params.labels else params.model_copy(update={"labels": place.of(drop.domain).labels})
    landed = land_drop(drop, admit_drop(drop, labelled, context), place.home)
    ingest_seq = None
    if landed.admitted:
        ingest_seq = place.corpus(drop.domain).append(drop.drop_id, landed.admitted).ingest_seq
    _record_landing(place, drop, landed, ingest_seq)
    return _sum_up(drop, landed)


def complete_landings(place: Place, domain: DomainName, source: SourceName) -> list[Landing]:
    """Complete what was archived of ``source`` and, cut short by a crash, never got into the record; oldest decision first."""
    recorded = {str(event.payload["drop"]) for event in drops(place.ledger, domain)}
    folder = place.home.drop(domain, DropId("-")).parent
    unheard = [path for path in folder.glob("*/admission.json") if path.parent.name not in recorded]
    unheard.sort(key=lambda path: (path.stat().st_mtime_ns, path.parent.name))
    found = [read_archived_drop(place.home, domain, DropId(path.parent.name)).drop for path in unheard]
    return [land(place, drop) for drop in found if drop.source == source]


def find_known(place: Place, domain: DomainName) -> frozenset[Digest]:
    """Return the digests of everything that has been decided about: in the corpus, in quarantine, or refused with its drop."""
    refused = {
        revision.digest
        for event in drops(place.ledger, domain)
        if event.kind is Kind.DROP_REFUSED
        for revision in read_archived_drop(place.home, domain, DropId(str(event.payload["drop"]))).drop.revisions
    }
    return frozenset(place.corpus(domain).known_digests() | quarantined_digests(place.home, domain) | refused)


def release_from_quarantine(place: Place, domain: DomainName, beginning: str, reason: str) -> Landing:
    """Let a quarantined row in after all, as a drop of its own, and record who said so and why."""
    place.of(domain)
    revision = release_row(place.home, domain, beginning)
    drop_id = DropId(digest_value({"domain": domain, "released": revision.digest}))
    appended = place.corpus(domain).append(drop_id, [revision])
    known = place.ledger.events(domain, [Kind.QUARANTINE_RELEASED])
    if not any(event.payload["row"] == revision.digest for event in known):
        payload: dict[str, Json] = {
            "row": revision.digest,
            "drop": drop_id,
            "source": revision.source,
            "ingest_seq": appended.ingest_seq,
            "reason": reason,
        }
        place.ledger.append(domain, Kind.QUARANTINE_RELEASED, payload)
    return Landing(
        source=revision.source, sentence=f"row {shorten(revision.digest)} is in the corpus", drop_id=drop_id, admitted=1
    )


def _describe_world(place: Place, drop: Drop) -> AdmissionContext:
    earlier = [event for event in drops(place.ledger, drop.domain) if event.payload["source"] == drop.source]
    volumes = [int(str(event.payload["rows"])) for event in earlier if event.kind is Kind.DROP_LANDED]
    entries = place.corpus(drop.domain).read()
    reference = count_labels(entry.revision for entry in entries if entry.revision.source == drop.source)
    return AdmissionContext(
        today=place.clock.now().date(),
        reference_labels=reference,
        previous_volumes=tuple(volumes[-20:]),
        in_force=_list_in_force(entries, drop),
        history=_list_labelled(entries) if any(revision.labels for revision in drop.revisions) else (),
    )


def _list_in_force(entries: Sequence[Entry], drop: Drop) -> dict[tuple[SourceName, DocumentId], str]:
    """Return the text in force of each document that the drop brings a revision of."""
    brought = {(revision.source, revision.document_id) for revision in drop.revisions}
    known = (entry for entry in entries if (entry.revision.source, entry.revision.document_id) in brought)
    active = (entry.revision for entry in resolve_statuses(known) if entry.revision.status is Status.ACTIVE)
    return {(revision.source, revision.document_id): compose_text(revision.title, revision.text) for revision in active}


def _list_labelled(entries: Sequence[Entry]) -> tuple[Revision, ...]:
    """Return the labelled revisions in force, oldest arrival first: what the labels of a drop are held against."""
    active = (entry for entry in resolve_statuses(entries) if entry.revision.status is Status.ACTIVE and entry.revision.labels)
    return tuple(entry.revision for entry in sorted(active, key=lambda entry: (entry.ingest_seq, entry.digest)))


def _record_landing(place: Place, drop: Drop, landed: LandedDrop, ingest_seq: int | None) -> None:
    kind = Kind.DROP_REFUSED if landed.is_refused else Kind.DROP_LANDED
    record = landed.record
    payload: dict[str, Json] = {
        "drop": drop.drop_id,
        "source": drop.source,
        "rows": record.rows,
        "admitted": len(record.admitted),
        "quarantined": len(record.quarantined),
        "cursor": drop.cursor.position,
        "ingest_seq": ingest_seq,
        "reasons": list(_give_reasons(record)),
    }

    def record_once(standing: Sequence[Event]) -> list[Draft]:
        return [] if any(event.payload["drop"] == drop.drop_id for event in standing) else [Draft(kind, payload)]

    place.ledger.decide(drop.domain, [kind], record_once)


def _give_reasons(record: AdmissionRecord) -> tuple[str, ...]:
    if record.refusals:
        return tuple(f"{refusal.expectation}: {refusal.observed} (limit: {refusal.limit})" for refusal in record.refusals)
    counted = Counter(reason.expectation for row in record.quarantined for reason in row.reasons)
    return tuple(f"{expectation}: {count} rows" for expectation, count in sorted(counted.items()))


def _sum_up(drop: Drop, landed: LandedDrop) -> Landing:
    record = landed.record
    reasons = "; ".join(_give_reasons(record))
    if landed.is_refused:
        said = f"drop {shorten(drop.drop_id)} of {record.rows} rows refused: {reasons}"
    else:
        said = f"drop {shorten(drop.drop_id)}: {len(record.admitted)} admitted, {len(record.quarantined)} quarantined"
        said += f" ({reasons})" if reasons else ""
    return Landing(
        source=drop.source,
        sentence=said,
        drop_id=drop.drop_id,
        admitted=len(record.admitted),
        quarantined=len(record.quarantined),
        is_refused=landed.is_refused,
        checks_page=landed.folder / "checks.html",
    )
