"""Which models saw a document: what was kept of each candidate is the answer, and what was not kept is said to be unknown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

import pyarrow.parquet as pq
import pytest
from pydantic import TypeAdapter

from flows.dropping import find_drop, withdraw_drop
from flows.impacts import Impact, Reign, Sight, trace_document
from flows.places import Place
from flows.promoting import Approval, promote_latest
from flows.returning import roll_back_domain
from flows.sightings import Seen
from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Kind
from pipelines.domain.identities import Digest, DocumentId, Json
from pipelines.domain.pins import CorpusPin, Pin
from pipelines.ledger.digest_sets import pack_digests
from pipelines.tables import tabulate_outcomes, write_table
from tests.builders.installations import build_records
from tests.builders.outcomes import build_outcome
from tests.builders.places import DOMAIN, judge_candidate
from tests.flows.conftest import Retrained
from tests.flows.test_dropping import land

YES = Approval(by="R. Okafor", reason="reviewed")
DOCUMENT = DocumentId(str(build_records(1)[0]["document_id"]))


def keep(place: Place, seen: Iterable[Digest], asked: Iterable[Digest]) -> Mapping[str, Json]:
    """Keep the evidence that a candidate learned from ``seen`` and was asked about ``asked``."""
    path = place.home.root / "outcomes.parquet"
    write_table(path, tabulate_outcomes([build_outcome(row_id=digest) for digest in asked]))
    named: dict[str, Json] = {
        "seen.json": place.evidence.put(json.dumps(sorted(seen)).encode()),
        "outcomes.parquet": place.evidence.put_file(path),
    }
    return {"evidence": named}


def keep_sets(place: Place, **seen: Iterable[Digest]) -> Mapping[str, Json]:
    """Keep the sets as a finished run does, and nothing beside them."""
    named: dict[str, Json] = {}
    for name, held in seen.items():
        packed = pack_digests(held)
        named |= {f"{name}.index": place.evidence.put(packed.index), f"{name}.digests": place.evidence.put(packed.body)}
    return {"evidence": named}


def digests(place: Place) -> dict[DocumentId, Digest]:
    return {entry.revision.document_id: entry.digest for entry in place.corpus(DOMAIN).read()}


def trace(place: Place) -> Impact:
    (found,) = trace_document(place, DOCUMENT)
    return found


def sights(place: Place) -> list[tuple[int, tuple[Sight, ...]]]:
    return [(one.version, one.sights) for one in trace(place).witnesses]


def test_how_each_candidate_came_by_it_is_told(place: Place) -> None:
    land(place)
    own, others = digests(place)[DOCUMENT], set(digests(place).values()) - {digests(place)[DOCUMENT]}
    judge_candidate(place, "learned", **keep(place, {own, *others}, others))
    judge_candidate(place, "asked", **keep(place, others, {own}))
    judge_candidate(place, "both", **keep(place, {own}, {own}))
    judge_candidate(place, "neither", **keep(place, others, others))
    judge_candidate(place, "forgotten")
    assert sights(place) == [
        (1, (Sight.LEARNED,)),
        (2, (Sight.ASKED,)),
        (3, (Sight.LEARNED, Sight.ASKED)),
        (4, (Sight.PRESENT,)),
        (5, (Sight.UNKNOWN,)),
    ]
    assert [one.version for one in trace(place).learned] == [1, 3]


def test_sets_tell_the_same_as_the_lists_that_they_are_made_of(place: Place) -> None:
    land(place)
    own, others = digests(place)[DOCUMENT], set(digests(place).values()) - {digests(place)[DOCUMENT]}
    held = {own, *others}
    judge_candidate(place, "learned", **keep_sets(place, snapshot=held, learned=held, asked=others))
    judge_candidate(place, "asked", **keep_sets(place, snapshot=held, learned=others, asked={own}))
    judge_candidate(place, "neither", **keep_sets(place, snapshot=held, learned=others, asked=others))
    judge_candidate(place, "half", **keep_sets(place, snapshot=held, learned=others))
    assert sights(place) == [
        (1, (Sight.LEARNED,)),
        (2, (Sight.ASKED,)),
        (3, (Sight.PRESENT,)),
        (4, (Sight.UNKNOWN,)),
    ]


def test_a_candidate_whose_snapshot_did_not_hold_it_is_not_named(place: Place) -> None:
    land(place)
    others = set(digests(place).values()) - {digests(place)[DOCUMENT]}
    judge_candidate(place, "without", **keep_sets(place, snapshot=others, learned=others, asked=others))
    assert sights(place) == []


def test_a_set_that_was_altered_answers_nothing(place: Place) -> None:
    land(place)
    held = digests(place).values()
    kept = keep_sets(place, snapshot=held, learned=held, asked=held)
    judge_candidate(place, "altered", **kept)
    named = kept["evidence"]
    assert isinstance(named, dict)
    body = str(named["learned.digests"])
    path = place.home.evidence / body[:2] / body[2:4] / body
    path.chmod(0o644)
    path.write_bytes(bytes(len(path.read_bytes())))
    with pytest.raises(LedgerError, match="altered"):
        trace_document(place, DOCUMENT)


def test_the_snapshots_that_held_it_are_named_and_no_others(place: Place) -> None:
    early = place.corpus(DOMAIN).pin()
    drop = land(place)
    start(place, "before", early)
    start(place, "with", place.corpus(DOMAIN).pin())
    withdraw_drop(place, find_drop(place, drop.drop_id), "labels swapped")
    start(place, "after", place.corpus(DOMAIN).pin())
    assert [(one.run, one.ingest_seq) for one in trace(place).snapshots] == [("with", 1)]


def start(place: Place, run: str, pin: CorpusPin) -> None:
    """Record the start of a retraining by this pin, as far as it is asked about here."""
    whole = TypeAdapter(Pin).dump_python(Pin(corpus=pin, champion=None, anchor=None, look=None, reason="a test"), mode="json")
    place.ledger.append(DOMAIN, Kind.RETRAIN_STARTED, {"run": run, "as_of": 0, "pin": whole})


@pytest.mark.parametrize(("gone", "sight"), [("outcomes.parquet", Sight.LEARNED), ("seen.json", Sight.UNKNOWN)])
def test_what_one_file_shows_is_told_though_the_other_is_gone(place: Place, gone: str, sight: Sight) -> None:
    land(place)
    kept = keep(place, digests(place).values(), ())
    named = kept["evidence"]
    assert isinstance(named, dict)
    place.evidence.erase(Digest(str(named[gone])))
    judge_candidate(place, "half", **kept)
    assert sights(place) == [(1, (sight,))]


def test_a_candidate_from_before_it_arrived_is_not_named(place: Place) -> None:
    land(place)
    judge_candidate(place, "before", **keep(place, (), ()), ingest_seq=0)
    assert sights(place) == []


def test_who_serves_and_who_served_is_told(place: Place) -> None:
    land(place)
    kept = keep(place, digests(place).values(), ())
    for number, against in ((1, None), (2, 1), (3, 2)):
        judge_candidate(place, f"reign-{number}", against=against, **kept)
        if number < 3:
            promote_latest(place, DOMAIN, YES)
    assert [one.reign for one in trace(place).witnesses] == [Reign.SERVED, Reign.SERVES, Reign.NEVER]
    assert [one.aliases for one in trace(place).witnesses] == [("previous",), ("champion",), ("challenger",)]
    roll_back_domain(place, DOMAIN, "wrong triage")
    assert [one.reign for one in trace(place).witnesses] == [Reign.SERVES, Reign.SERVED, Reign.NEVER]


def test_each_revision_is_named_with_the_drop_that_brought_it(place: Place) -> None:
    drop = land(place)
    (arrival,) = trace(place).arrivals
    assert (arrival.drop_id, arrival.state, arrival.digest) == (drop.drop_id, "admitted", digests(place)[DOCUMENT])
    withdraw_drop(place, find_drop(place, drop.drop_id), "labels swapped")
    (arrival,) = trace(place).arrivals
    assert arrival.state == "withdrawn", "it is remembered although it is no longer present"


def test_what_never_got_in_is_found_in_quarantine(place: Place) -> None:
    land(place, 6, text="Short.")
    found = trace(place)
    assert (found.arrivals, len(found.quarantined), found.witnesses) == ((), 1, ())


def test_what_nobody_ever_saw_touched_nothing(place: Place) -> None:
    land(place)
    assert trace_document(place, DocumentId("nobody's")) == []


def test_evidence_that_was_altered_answers_nothing(place: Place) -> None:
    land(place)
    kept = keep(place, digests(place).values(), ())
    judge_candidate(place, "altered", **kept)
    named = kept["evidence"]
    assert isinstance(named, dict)
    seen = str(named["seen.json"])
    (place.home.evidence / seen[:2] / seen[2:4] / seen).write_bytes(b"[]")
    with pytest.raises(LedgerError, match="altered"):
        trace_document(place, DOCUMENT)


def test_of_a_real_retraining_every_document_is_accounted_for_as_its_files_have_it(retrained: Retrained) -> None:
    place, folder = retrained.place, retrained.tree.folder
    seen = set(json.loads((folder.model / "seen.json").read_text()))
    asked = set(pq.read_table(folder.scores / "outcomes.parquet")["row_id"].to_pylist())
    (judged,) = place.ledger.events(DOMAIN, [Kind.CANDIDATE_JUDGED])
    named = judged.payload["evidence"]
    assert isinstance(named, Mapping)
    assert {name for seen_so in Seen for name in (seen_so.index_name, seen_so.body_name)} <= named.keys()
    assert seen
    assert asked
    for document, digest in list(digests(place).items())[::9]:
        (found,) = trace_document(place, document)
        (one,) = found.witnesses
        assert one.run == judged.payload["run"]
        assert (Sight.LEARNED in one.sights, Sight.ASKED in one.sights) == (digest in seen, digest in asked)
        assert [snapshot.run for snapshot in found.snapshots] == [one.run]
