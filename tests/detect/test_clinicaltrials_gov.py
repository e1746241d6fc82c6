"""ClinicalTrials.gov: windows, pages, amendments and withdrawals, on scripted and on recorded studies."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from pipelines.detect.clinicaltrials_gov import ClinicalTrialsGov
from pipelines.detect.sources import Access
from pipelines.domain.drops import Cursor, Detection
from pipelines.domain.errors import ResponseError
from pipelines.domain.revisions import Entry, Status, resolve_statuses
from tests.builders.cases_clinicaltrials_gov import answer_studies, build_study
from tests.builders.recordings import find_data, read_bytes
from tests.builders.servers import Answer, Asked, ScriptedServer, serve
from tests.builders.source_cases import NOW


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve() as running:
        yield running


def look(server: ScriptedServer, since: Cursor | None = None, now: datetime = NOW, **fields: Any) -> Detection:
    source = ClinicalTrialsGov(**{"start": date(2026, 1, 1), **fields})
    return source.detect(since, Access(now=now, base_urls={"clinicaltrials_gov": server.url}))


def test_asks_for_the_window_and_for_nobody_s_name(server: ScriptedServer) -> None:
    server.answer("/studies", answer_studies([]))
    look(server, query="AREA[ConditionMeshTerm]Asthma", page_size=7)
    asked = server.asked[0].params
    window = "AREA[LastUpdatePostDate]RANGE[2026-01-01,2026-03-10]"
    assert asked["query.term"] == f"{window} AND (AREA[ConditionMeshTerm]Asthma)"
    assert asked["pageSize"] == "7"
    pieces = asked["fields"].split(",")
    assert {"NCTId", "BriefSummary", "ConditionMeshTerm"} <= set(pieces)
    assert not [piece for piece in pieces if "Contact" in piece or "Official" in piece or "Investigator" in piece]


def test_reads_every_page_and_sends_the_token_back_where_it_came_from(server: ScriptedServer) -> None:
    server.answer("/studies", answer_studies([build_study(number) for number in range(1, 8)]))
    detection = look(server, page_size=3)
    assert [revision.document_id for revision in detection.revisions] == [f"NCT{number:08d}" for number in range(1, 8)]
    assert [asked.params.get("pageToken") for asked in server.asked] == [None, "3", "6"]
    assert len(detection.responses) == 3


def test_goes_on_from_the_newest_update_less_the_overlap(server: ScriptedServer) -> None:
    server.answer("/studies", answer_studies([build_study(1, "2026-02-01"), build_study(2, "2026-02-20")]))
    first = look(server)
    assert json.loads(first.cursor.position) == {"updated": "2026-02-20"}
    look(server, first.cursor, overlap_days=5)
    assert "RANGE[2026-02-15,2026-03-10]" in server.asked[-1].params["query.term"]


def test_nothing_new_is_no_step_back(server: ScriptedServer) -> None:
    server.answer("/studies", answer_studies([]))
    since = Cursor('{"updated": "2026-02-20"}')
    assert look(server, since).cursor == since


def test_what_comes_late_is_no_step_back_either(server: ScriptedServer) -> None:
    server.answer("/studies", answer_studies([build_study(1, "2026-02-18")]))
    since = Cursor('{"updated": "2026-02-20"}')
    late = look(server, since)
    assert len(late.revisions) == 1
    assert late.cursor == since


def test_a_first_look_that_finds_nothing_begins_again_where_it_began(server: ScriptedServer) -> None:
    server.answer("/studies", answer_studies([]))
    assert json.loads(look(server).cursor.position) == {"updated": "2026-01-01"}


def test_a_trial_that_is_withdrawn_after_all_leaves_and_its_earlier_text_with_it(server: ScriptedServer) -> None:
    server.answer("/studies", answer_studies([build_study(1, "2026-02-01")]))
    first = look(server)
    server.answer("/studies", answer_studies([build_study(1, "2026-03-01", status="WITHDRAWN", why="No funding")]))
    second = look(server, first.cursor)
    entries = [
        Entry(revision=revision, digest=revision.digest, drop_id=str(number), ingest_seq=number)
        for number, revision in enumerate([*first.revisions, *second.revisions])
    ]
    assert {entry.revision.status for entry in resolve_statuses(entries)} == {Status.WITHDRAWN}


def test_an_amended_trial_supersedes_what_it_said_before(server: ScriptedServer) -> None:
    server.answer("/studies", answer_studies([build_study(1, "2026-02-01", title="Old title of the trial")]))
    first = look(server)
    server.answer("/studies", answer_studies([build_study(1, "2026-03-01", title="New title of the trial")]))
    second = look(server, first.cursor)
    entries = [
        Entry(revision=revision, digest=revision.digest, drop_id=str(number), ingest_seq=number)
        for number, revision in enumerate([*second.revisions, *first.revisions])
    ]
    said = {entry.revision.title: entry.revision.status for entry in resolve_statuses(entries)}
    assert said == {"Old title of the trial": Status.SUPERSEDED, "New title of the trial": Status.ACTIVE}


def test_refuses_pages_that_lead_round_in_a_circle(server: ScriptedServer) -> None:
    page = {"totalCount": 9, "studies": [build_study()], "nextPageToken": "again"}
    server.answer("/studies", Answer.of_json(page))
    with pytest.raises(ResponseError, match="nextPageToken"):
        look(server)


def test_refuses_a_list_that_never_keeps_what_it_promised(server: ScriptedServer) -> None:
    server.answer("/studies", Answer.of_json({"totalCount": 9, "studies": [build_study()]}))
    with pytest.raises(ResponseError, match="promised"):
        look(server)


def test_refuses_an_address_that_is_not_the_api(server: ScriptedServer) -> None:
    with pytest.raises(ResponseError, match="no studies"):
        look(server)


def test_its_label_is_its_name(server: ScriptedServer) -> None:
    server.answer("/studies", answer_studies([build_study()]))
    assert {revision.source for revision in look(server, label="asthma_trials").revisions} == {"asthma_trials"}


def read_recordings() -> list[dict[str, Any]]:
    folder = find_data("api_recordings/ctgov_aact")
    found = [json.loads(read_bytes(path)) for path in sorted(folder.glob("NCT*.json*"))]
    whole = [study for study in found if "statusModule" in study.get("protocolSection", {})]
    return list({study["protocolSection"]["identificationModule"]["nctId"]: study for study in whole}.values())


@pytest.mark.data
def test_reads_recorded_studies(server: ScriptedServer) -> None:
    studies = read_recordings()
    server.answer("/studies", answer_studies(studies))
    detection = look(server, start=date(2000, 1, 1), page_size=3)
    found = {revision.document_id: revision for revision in detection.revisions}
    assert len(found) == len(studies) >= 9
    assert all(len(revision.text) > 100 and revision.title for revision in found.values())
    withdrawn = found["NCT00973089"]  # type: ignore[index]  # ids are texts
    assert withdrawn.status is Status.WITHDRAWN
    assert "mesh:Tooth Diseases" in withdrawn.labels
    assert (withdrawn.published_at, withdrawn.effective_from) == (date(2009, 9, 9), date(2015, 8, 19))
    assert "Withdrawn: recruiting or enrolling" in withdrawn.text


@pytest.mark.data
def test_no_contact_of_a_recorded_study_is_read(server: ScriptedServer) -> None:
    studies = read_recordings()
    server.answer("/studies", answer_studies(studies))
    said = " ".join(f"{revision.title} {revision.text}" for revision in look(server, start=date(2000, 1, 1)).revisions)
    people = [
        person["name"]
        for study in studies
        for people in study["protocolSection"].get("contactsLocationsModule", {}).values()
        for person in people
        if "name" in person
    ]
    assert people
    assert not [person for person in people if person in said]


@pytest.mark.data
def test_refuses_recorded_studies_that_lack_the_day_of_their_update(server: ScriptedServer) -> None:
    """The recording asked for other fields, which is what a renamed field looks like."""
    body = find_data("api_recordings/biomcp_2026/ctgov/search_phelan_limit50_20260811.json").read_bytes()
    server.answer("/studies", Answer(body=body))
    with pytest.raises(ResponseError) as raised:
        look(server)
    assert (raised.value.document[:3], raised.value.field) == (
        "NCT",
        "protocolSection.statusModule.lastUpdatePostDateStruct.date",
    )


@pytest.mark.data
def test_follows_recorded_page_tokens(server: ScriptedServer) -> None:
    folder = find_data("api_recordings/biomcp_2026/ctgov")
    pages = [json.loads((folder / f"search_phelan_{name}_20260811.json").read_bytes()) for name in ("limit5", "next")]
    del pages[1]["nextPageToken"]  # the recording stops here, with more to come
    pages[0]["totalCount"] = sum(len(page["studies"]) for page in pages)
    for study in (study for page in pages for study in page["studies"]):
        status = study["protocolSection"]["statusModule"]
        status["lastUpdatePostDateStruct"] = status["studyFirstPostDateStruct"] = {"date": "2026-02-01"}

    def respond(asked: Asked) -> Answer:
        return Answer.of_json(pages[1] if asked.params.get("pageToken") == pages[0]["nextPageToken"] else pages[0])

    server.answer("/studies", respond)
    assert len(look(server, now=datetime(2026, 8, 11, tzinfo=UTC)).revisions) == 10
