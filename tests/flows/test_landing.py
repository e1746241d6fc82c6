"""Detect, check, archive, append, record: cut short anywhere and started again, it is one drop and nothing is lost or doubled."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from flows import landing
from flows.landing import Landing, land, look_at_source, release_from_quarantine
from flows.places import Place
from pipelines.admit.admission import AdmissionContext, admit_drop
from pipelines.admit.landing import land_drop
from pipelines.admit.params import PoisonParams
from pipelines.admit.quarantines import list_rows
from pipelines.domain.drops import Drop
from pipelines.domain.errors import ParamsError, UnreachableError, WorkspaceError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import SourceName
from pipelines.ledger.drops import drops, last_cursor
from tests.builders.installations import build_records
from tests.builders.places import DOMAIN, inbox_of, with_section
from tests.builders.shelves import write_lines

FOLDER = SourceName("folder")


def put(place: Place, name: str, records: list[dict[str, Any]]) -> None:
    (inbox_of(place) / f"{name}.jsonl").write_bytes(write_lines(*records))


def look(place: Place) -> Landing:
    return look_at_source(place, DOMAIN, "folder")


def documents(place: Place) -> list[str]:
    return [entry.revision.document_id for entry in place.corpus(DOMAIN).read()]


def landings(place: Place) -> list[Event]:
    return drops(place.ledger, DOMAIN)


def detect_drop(place: Place) -> Drop:
    """The drop that a look would find now, without landing it."""
    (source,) = place.of(DOMAIN).watch.sources
    found = source.detect(last_cursor(place.ledger, DOMAIN, FOLDER), place.access)
    return Drop(domain=DOMAIN, source=FOLDER, revisions=found.revisions, responses=found.responses, cursor=found.cursor)


def cut_short_after(place: Place, step: str) -> Drop:
    """Leave what a process that died after ``step`` leaves, by taking the same steps and stopping there."""
    drop = detect_drop(place)
    params = place.of(DOMAIN).admit.model_copy(update={"labels": place.of(DOMAIN).labels})
    landed = land_drop(drop, admit_drop(drop, params, AdmissionContext(today=place.clock.now().date())), place.home)
    if step == "append":
        place.corpus(DOMAIN).append(drop.drop_id, landed.admitted)
    return drop


def test_what_passes_is_in_the_corpus_and_in_the_ledger(place: Place) -> None:
    put(place, "a", build_records(6))
    found = look(place)
    (event,) = landings(place)
    assert (found.admitted, found.quarantined, found.is_refused) == (6, 0, False)
    assert len(documents(place)) == 6
    assert event.kind is Kind.DROP_LANDED
    assert event.payload["ingest_seq"] == 1
    assert found.checks_page is not None
    assert found.checks_page.is_file()


def test_a_second_look_finds_nothing_new_and_records_nothing(place: Place) -> None:
    put(place, "a", build_records(6))
    look(place)
    cursor = last_cursor(place.ledger, DOMAIN, FOLDER)
    assert look(place).sentence == "nothing new"
    assert len(landings(place)) == 1
    assert last_cursor(place.ledger, DOMAIN, FOLDER) == cursor


def test_records_sent_again_are_nothing_new(place: Place) -> None:
    put(place, "a", build_records(6))
    look(place)
    put(place, "b", build_records(9))
    assert look(place).admitted == 3
    assert sorted(documents(place)) == [f"R-{number:05d}" for number in range(9)]


@pytest.mark.parametrize("step", ["archive", "append"])
def test_a_landing_cut_short_is_completed_once(place: Place, step: str) -> None:
    put(place, "a", build_records(6))
    drop = cut_short_after(place, step)
    assert landings(place) == []
    found = look(place)
    (event,) = landings(place)
    assert (event.payload["drop"], event.payload["admitted"], event.payload["ingest_seq"]) == (drop.drop_id, 6, 1)
    assert found.admitted == 6
    assert sorted(documents(place)) == [f"R-{number:05d}" for number in range(6)]
    assert last_cursor(place.ledger, DOMAIN, FOLDER) == drop.cursor
    assert look(place).sentence == "nothing new"


@pytest.mark.parametrize("step", ["archive", "append"])
def test_a_landing_cut_short_is_completed_beside_what_came_meanwhile(place: Place, step: str) -> None:
    put(place, "a", build_records(6))
    first = cut_short_after(place, step)
    put(place, "b", build_records(9))
    assert look(place).admitted == 6 + 3, "the look tells of what it completed as well as of what it found"
    assert [event.payload["admitted"] for event in landings(place)] == [6, 3]
    assert landings(place)[0].payload["drop"] == first.drop_id
    assert sorted(documents(place)) == [f"R-{number:05d}" for number in range(9)]
    assert look(place).sentence == "nothing new"


@pytest.mark.parametrize("step", ["archive", "append"])
def test_a_landing_cut_short_is_completed_although_the_source_forgot_it(place: Place, step: str) -> None:
    put(place, "a", build_records(6))
    cut_short_after(place, step)
    (inbox_of(place) / "a.jsonl").unlink()
    look(place)
    assert [event.payload["rows"] for event in landings(place)] == [6, 6]
    statuses = [entry.revision.status for entry in place.corpus(DOMAIN).read()]
    assert sorted(statuses) == ["active"] * 6 + ["withdrawn"] * 6


def test_labels_are_held_against_what_the_corpus_knows(place: Place) -> None:
    poison = PoisonParams(min_history=100, max_history=200)
    screened = with_section(place, admit=place.of(DOMAIN).admit.model_copy(update={"poison": poison}))
    put(screened, "a", build_records(150))
    assert look(screened).admitted == 150
    put(screened, "b", build_records(60, first=150, wrong={"Class I": "Class II"}))
    found = look(screened)
    assert (found.is_refused, found.admitted) == (True, 0)
    assert "labels contradict texts no more than usual: 20 of 60 rows" in found.sentence


def test_a_landing_after_its_record_is_the_same_landing(place: Place) -> None:
    put(place, "a", build_records(6))
    drop = detect_drop(place)
    assert land(place, drop) == land(place, drop)
    assert len(landings(place)) == 1


def test_another_sources_unfinished_landing_is_left_to_that_source(place: Place) -> None:
    put(place, "a", build_records(6))
    cut_short_after(place, "archive")
    assert landing.complete_landings(place, DOMAIN, SourceName("elsewhere")) == []
    assert landings(place) == []


def test_a_row_in_quarantine_does_not_land_again(place: Place) -> None:
    records = build_records(12)
    put(place, "a", [*records, {**records[0], "document_id": "short", "text": "Short."}])
    assert look(place).quarantined == 1
    put(place, "b", [*build_records(15), {**records[0], "document_id": "short", "text": "Short."}])
    again = look(place)
    assert (again.admitted, again.quarantined) == (3, 0)
    assert len(list_rows(place.home, DOMAIN)) == 1


def test_a_revision_whose_figure_moved_tenfold_waits_until_a_person_lets_it_in(place: Place) -> None:
    record = {**build_records(1)[0], "text": "The fee is $25 for each of the recalled lots."}
    put(place, "a", [record])
    look(place)
    put(place, "b", [{**record, "text": "The fee is $250 for each of the recalled lots.", "effective_from": "2026-02-01"}])
    found = look(place)
    assert (found.admitted, found.quarantined) == (0, 1)
    (waiting,) = list_rows(place.home, DOMAIN)
    assert [reason.expectation for reason in waiting.reasons] == ["no figure moved too far"]
    release_from_quarantine(place, DOMAIN, waiting.digest, "the agency confirms it")
    assert len(documents(place)) == 2


def test_a_released_row_lands_once(place: Place) -> None:
    records = build_records(12)
    put(place, "a", [*records, {**records[0], "document_id": "short", "text": "Short."}])
    look(place)
    (row,) = list_rows(place.home, DOMAIN)
    for beginning in (row.digest[:8], row.digest, row.digest):
        release_from_quarantine(place, DOMAIN, beginning, "complete, though short")
    (event,) = place.ledger.events(DOMAIN, [Kind.QUARANTINE_RELEASED])
    assert event.payload["row"] == row.digest
    assert documents(place).count("short") == 1
    put(place, "b", [{**records[0], "document_id": "short", "text": "Short."}])
    assert look(place).sentence == "nothing new"


def test_a_row_that_is_not_in_quarantine_cannot_be_released(place: Place) -> None:
    with pytest.raises(WorkspaceError, match="there is none"):
        release_from_quarantine(place, DOMAIN, "abc", "why not")
    assert place.ledger.events(DOMAIN) == []


def test_a_refused_drop_says_why_moves_the_cursor_and_does_not_land_again(place: Place) -> None:
    place = with_section(place, admit=place.of(DOMAIN).admit.model_copy(update={"max_bad_share": 0.1, "min_rows_for_share": 1}))
    put(place, "a", [{**record, "labels": ["Class IX"]} for record in build_records(12)])
    found = look(place)
    (event,) = landings(place)
    assert found.is_refused
    assert event.kind is Kind.DROP_REFUSED
    assert event.payload["reasons"]
    assert event.payload["ingest_seq"] is None
    assert documents(place) == []
    assert look(place).sentence == "nothing new"
    put(place, "b", [{**record, "labels": ["Class IX"]} for record in build_records(12)])
    assert look(place).sentence == "nothing new"
    assert len(landings(place)) == 1


def test_an_unknown_source_is_refused_by_name(place: Place) -> None:
    with pytest.raises(ParamsError, match="no source 'elsewhere'"):
        look_at_source(place, DOMAIN, "elsewhere")


def test_a_source_that_is_gone_stops_before_anything_is_recorded(place: Place) -> None:
    inbox_of(place).rmdir()
    with pytest.raises(UnreachableError, match="is no folder"):
        look(place)
    assert place.ledger.events(DOMAIN) == []


def test_admission_without_labels_of_its_own_takes_those_of_the_domain(place: Place) -> None:
    put(place, "a", [*build_records(12), {**build_records(13)[12], "labels": ["Class IX"]}])
    assert look(place).quarantined == 1
    assert replace(place).of(DOMAIN).admit.labels == ()
