"""A document is erased from everywhere, once, and the record says by digests what went and which models learned from it."""

from __future__ import annotations

import json
from collections.abc import Mapping

import pytest

from flows import shelves
from flows.dropping import find_drop, list_drops, withdraw_drop
from flows.erasing import Erasure, Spot, erase_document, find_sources
from flows.impacts import Sight, trace_document
from flows.landing import look_at_source
from flows.places import Place
from flows.retraining import start_retraining
from flows.turns import take_turn
from flows.verifying import verify_place
from pipelines.admit.quarantines import list_rows
from pipelines.corpus.erasures import DocumentName
from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Kind
from pipelines.domain.identities import Digest, DocumentId, Json, SourceName
from pipelines.domain.revisions import Status
from tests.builders.installations import build_records
from tests.builders.places import DOMAIN, inbox_of, judge_candidate
from tests.builders.shelves import write_lines
from tests.flows.test_dropping import land

RECORD = build_records(1)[0]
DOCUMENT = DocumentId(str(RECORD["document_id"]))
NAME = DocumentName(SourceName("folder"), DOCUMENT)
TEXT = str(RECORD["text"])


def erase(place: Place, name: DocumentName = NAME) -> Erasure:
    return erase_document(place, name, "request 17")


def digest_of(place: Place) -> Digest:
    return next(entry.digest for entry in place.corpus(DOMAIN).read() if entry.revision.document_id == DOCUMENT)


def find_anywhere(place: Place) -> list[str]:
    """Files of the home that hold the text as it is or in a table, read without the code under test."""
    import pyarrow.parquet as pq

    found = []
    for path in sorted(path for path in place.home.root.rglob("*") if path.is_file()):
        content = path.read_bytes()
        if content[:4] == b"PAR1":
            content += json.dumps(pq.read_table(path).to_pylist(), default=str).encode()
        if TEXT.encode() in content:
            found.append(str(path.relative_to(place.home.root)))
    return found


def keep(place: Place, digest: Digest) -> Mapping[str, Json]:
    """Evidence of a candidate that learned from the document and whose examples show its text."""
    seen, examples = place.evidence.put(json.dumps([digest]).encode()), place.evidence.put(f"[{TEXT!r}]".encode())
    return {"evidence": {"seen.json": seen, "examples.json": examples}}


def test_nothing_of_it_is_left_and_the_other_documents_are(place: Place) -> None:
    land(place)
    assert find_anywhere(place)
    done = erase(place)
    assert (find_anywhere(place), done.left, done.is_whole) == ([], (), True)
    (domain,) = done.domains
    assert (domain.received.archived, domain.received.responses, len(domain.revisions)) == (1, 1, 1)
    assert sum(entry.revision.status is Status.ACTIVE for entry in place.corpus(DOMAIN).read()) == 5


def test_the_record_keeps_digests_and_the_models_that_learned_from_it(place: Place) -> None:
    land(place)
    digest = digest_of(place)
    judge_candidate(place, "learned", **keep(place, digest))
    done = erase(place)
    (event,) = place.ledger.events(DOMAIN, [Kind.DOCUMENT_ERASED])
    examples = str(dict(keep(place, digest)["evidence"])["examples.json"])  # type: ignore[arg-type, call-overload]
    assert event.payload == {
        "digest": digest,
        "document": NAME.tombstone,
        "source": "folder",
        "reason": "request 17",
        "learned": [1],
        "erased": [examples],
    }
    assert Spot(shelf="evidence", name=examples) in done.removed
    impact = done.domains[0].impact
    assert impact is not None
    assert [(one.version, Sight.LEARNED in one.sights) for one in impact.learned] == [(1, True)]


def test_the_record_verifies_afterwards_since_what_is_missing_is_missing_by_right(place: Place) -> None:
    land(place)
    judge_candidate(place, "learned", **keep(place, digest_of(place)))
    erase(place)
    assert verify_place(place).problems == ()


def test_erasing_twice_is_once(place: Place) -> None:
    land(place)
    first, again = erase(place), erase(place)
    assert len(place.ledger.events(DOMAIN, [Kind.DOCUMENT_ERASED])) == 1
    assert (first.left, again.left, again.removed) == ((), (), ())
    assert again.domains[0].revisions == ()


def test_whoever_asks_for_it_later_is_still_told_which_models_learned_from_it(place: Place) -> None:
    land(place)
    digest = digest_of(place)
    judge_candidate(place, "learned", **keep(place, digest))
    before = [
        (one.version, Sight.LEARNED in one.sights) for impact in trace_document(place, DOCUMENT) for one in impact.witnesses
    ]
    erase(place)
    (impact,) = trace_document(place, DOCUMENT)
    assert [(one.version, Sight.LEARNED in one.sights) for one in impact.witnesses] == before == [(1, True)]
    assert digest in {one.digest for one in impact.arrivals}


def test_one_that_nobody_holds_is_no_case(place: Place) -> None:
    land(place)
    assert find_sources(place, DocumentId("nobody")) == []
    assert erase(place, DocumentName(SourceName("folder"), DocumentId("nobody"))).domains == ()
    assert find_sources(place, DOCUMENT) == ["folder"]


def test_a_later_look_at_the_source_does_not_bring_it_back(place: Place) -> None:
    land(place, 6)
    erase(place)
    changed = {**RECORD, "text": f"{TEXT} A sentence was added since."}
    (inbox_of(place) / "more.jsonl").write_bytes(write_lines(changed, *build_records(3, first=6)))
    look_at_source(place, DOMAIN, "folder")
    documents = {entry.revision.document_id for entry in place.corpus(DOMAIN).read() if entry.revision.text}
    assert DOCUMENT not in documents
    assert "R-00008" in documents
    assert find_anywhere(place) == []


def test_a_row_that_waits_in_quarantine_is_erased_and_stays_away(place: Place) -> None:
    (inbox_of(place) / "some.jsonl").write_bytes(write_lines({**RECORD, "labels": ["of no class"]}, *build_records(9, first=1)))
    look_at_source(place, DOMAIN, "folder")
    assert [row.document_id for row in list_rows(place.home, DOMAIN)] == [DOCUMENT]
    done = erase(place)
    assert (done.domains[0].received.quarantined, find_anywhere(place), list_rows(place.home, DOMAIN)) == (1, [], ())
    assert look_at_source(place, DOMAIN, "folder").sentence == "nothing new"


def test_what_a_withdrawn_drop_brought_is_erased_too(place: Place) -> None:
    withdraw_drop(place, land(place), "labels swapped")
    assert erase(place).left == ()
    assert find_anywhere(place) == []
    assert find_drop(place, list_drops(place, DOMAIN)[0].drop_id).state == "withdrawn"


def test_while_a_retraining_reads_it_nothing_is_erased(place: Place) -> None:
    land(place, 90)
    with take_turn(place.home, DOMAIN), pytest.raises(LedgerError, match="a retraining is open"):
        erase(place)
    assert start_retraining(place, DOMAIN, None).run_id
    with pytest.raises(LedgerError, match="addendum abandon clinical"):
        erase(place)
    assert place.ledger.events(DOMAIN, [Kind.DOCUMENT_ERASED]) == []
    assert find_anywhere(place)


@pytest.mark.parametrize("step", ["erase_received", "publish_dossiers"])
def test_one_that_was_cut_short_is_finished_by_asking_again(place: Place, step: str, monkeypatch: pytest.MonkeyPatch) -> None:
    land(place)
    judge_candidate(place, "learned", **keep(place, digest_of(place)))
    with monkeypatch.context() as patch:
        patch.setattr(f"flows.erasing.{step}", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            erase(place)
    done = erase(place)
    assert (find_anywhere(place), done.left) == ([], ())
    assert len(place.ledger.events(DOMAIN, [Kind.DOCUMENT_ERASED])) == 1
    assert verify_place(place).problems == ()


def test_a_copy_that_cannot_be_removed_is_told(place: Place) -> None:
    land(place)
    (place.home.root / "notes.txt").write_text(TEXT)
    assert [spot.name for spot in erase(place).left] == [str(place.home.root / "notes.txt")]


def test_a_text_that_another_document_repeats_is_told_as_one_that_could_not_be_looked_for(place: Place) -> None:
    twin = {**RECORD, "document_id": "R-99999", "title": RECORD["title"]}
    (inbox_of(place) / "twin.jsonl").write_bytes(write_lines(twin))
    land(place)
    done = erase(place)
    assert not done.is_whole
    assert [entry.revision.document_id for entry in place.corpus(DOMAIN).read() if entry.revision.text == TEXT] == ["R-99999"]


def test_the_models_that_are_left_of_it_are_a_duty_to_retrain(place: Place) -> None:
    from flows.promoting import Approval, promote_latest
    from flows.weighing import weigh_domain

    land(place)
    judge_candidate(place, "learned", **keep(place, digest_of(place)))
    assert promote_latest(place, DOMAIN, Approval(by="R. Okafor", reason="reviewed")).is_promoted
    assert not weigh_domain(place, DOMAIN).is_worth_it
    erase(place)
    worth = weigh_domain(place, DOMAIN)
    assert worth.is_worth_it
    assert worth.reason.startswith("duty: ")


def test_every_shelf_has_a_title_of_its_own(place: Place) -> None:
    titles = [shelf.title for shelf in shelves.list_shelves(place, [DOMAIN])]
    assert len(titles) == len(set(titles))
