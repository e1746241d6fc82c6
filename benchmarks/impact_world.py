"""A home with as many documents and candidates as asked for: what `addendum impact` looks into, without the trainings.

The corpus is a real one, filled by appends; the ledger has the events of its drops and runs; each candidate's evidence is what a
concluded run leaves that says what was seen. Texts are invented and differ by a number: no answer here depends on what they say.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import TypeAdapter

from flows.places import Place, open_place
from flows.sightings import Seen
from pipelines.domain.events import Kind
from pipelines.domain.identities import Digest, DocumentId, DomainName, DropId, FamilyId, Json, SourceName, digest_value
from pipelines.domain.pins import CorpusPin, Pin
from pipelines.domain.revisions import Revision
from pipelines.ledger.digest_sets import pack_digests
from pipelines.settings import Settings

ROOT = Path(__file__).parents[1]
DOMAIN = DomainName("clinical")
SOURCE = SourceName("invented")
START = datetime(2026, 1, 1, tzinfo=UTC)
SENTENCE = (
    "the firm was notified by letter and each consignee was asked to examine inventory and to stop further distribution of it, "
)
ASKED = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many revisions arrive, in how many drops, and how many candidates came of them, each seeing more than the last."""

    documents: int = 1_000_000
    drops: int = 25
    candidates: int = 36


def build_world(folder: Path, size: Size) -> Place:
    """Fill a home in ``folder`` and return the place; a minute for each 200,000 documents or so."""
    place = open_place(Settings(home=folder, workspace=ROOT, now=START, actor="a benchmark"))
    digests = _fill_corpus(place, size)
    for number in range(1, size.candidates + 1):
        _judge(place, number, digests, size)
    return place


def name_document(number: int) -> DocumentId:
    """Return the id of the n-th document, from 0: ids are in no order, as those of a source that counts nothing."""
    return DocumentId(f"D-{number * 7_919 % 1_000_003:07d}-{number}")


def _fill_corpus(place: Place, size: Size) -> list[Digest]:
    corpus, digests = place.corpus(DOMAIN), list[Digest]()
    for drop in range(size.drops):
        revisions = list(_invent(range(drop * size.documents // size.drops, (drop + 1) * size.documents // size.drops)))
        drop_id = DropId(digest_value(f"drop {drop}"))
        appended = corpus.append(drop_id, revisions)
        digests += (revision.digest for revision in revisions)
        payload: dict[str, Json] = {"drop": drop_id, "source": SOURCE, "rows": len(revisions), "admitted": len(revisions)}
        place.ledger.append(DOMAIN, Kind.DROP_LANDED, {**payload, "quarantined": 0, "ingest_seq": appended.ingest_seq})
    return digests


def _invent(numbers: range) -> Iterator[Revision]:
    for number in numbers:
        document = name_document(number)
        yield Revision(
            source=SOURCE,
            document_id=document,
            family_id=FamilyId(document),
            title=f"Recall {number}",
            text=f"Recall {number} of lot {digest_value(number)[:20]}: {SENTENCE * 4}",
            labels=("Class II",),
            published_at=date(2026, 1, 1),
            effective_from=date(2026, 1, 1),
            recorded_at=START,
            url=f"https://example.org/{document}",
            licence="CC0",
        )


def _judge(place: Place, number: int, digests: Sequence[Digest], size: Size) -> None:
    """Record a run on the first drops and its verdict: nine documents of ten were learned, and some of the rest asked about."""
    arrival = max(number * size.drops // size.candidates, 1)
    held = digests[: arrival * size.documents // size.drops]
    asked = held[9::10][:ASKED]
    left_out = set(held[9::10])
    run, model = f"run-{number:03d}", digest_value(f"model {number}")
    pin = Pin(corpus=_pin(arrival), champion=None, anchor=None, look=None, reason="news")
    begun: Json = TypeAdapter(Pin).dump_python(pin, mode="json")
    place.ledger.append(DOMAIN, Kind.RETRAIN_STARTED, {"run": run, "as_of": 0, "pin": begun})
    learned = sorted(digest for digest in held if digest not in left_out)
    said: dict[str, Json] = {
        "run": run,
        "version": number,
        "digest": model,
        "decision": "promote",
        "sentence": "",
        "verdict": model,
    }
    evidence = _keep(place, {Seen.SNAPSHOT: held, Seen.LEARNED: learned, Seen.ASKED: asked})
    seen: dict[str, Json] = {"sentence": "", "ingest_seq": arrival, "against": number - 1 or None, "evidence": evidence}
    place.ledger.append(DOMAIN, Kind.CANDIDATE_JUDGED, {**said, **seen})
    crowned: dict[str, Json] = {"version": number, "digest": model, "ingest_seq": arrival, "run_id": run}
    place.ledger.append(DOMAIN, Kind.PROMOTED, crowned)


def _pin(arrival: int) -> CorpusPin:
    return CorpusPin(id="invented", version=arrival, ingest_seq=arrival, manifest_digest=digest_value(arrival))


def _keep(place: Place, seen: Mapping[Seen, Sequence[Digest]]) -> dict[str, Json]:
    """Keep the lists as a run makes them, and the sets beside them; return all by name."""
    sink = io.BytesIO()
    pq.write_table(pa.table({"row_id": list(seen[Seen.ASKED])}), sink)
    kept: dict[str, Json] = {
        "seen.json": place.evidence.put(json.dumps(list(seen[Seen.LEARNED])).encode()),
        "outcomes.parquet": place.evidence.put(sink.getvalue()),
    }
    for name, digests in seen.items():
        packed = pack_digests(digests)
        kept |= {name.index_name: place.evidence.put(packed.index), name.body_name: place.evidence.put(packed.body)}
    return kept
