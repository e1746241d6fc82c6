"""The Federal Register: windows, corrections, withdrawals, and what real answers of 2024 are read as."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
import stamina
from lxml import etree

from pipelines.detect.federal_register import FederalRegister
from pipelines.detect.fields import normalise_dashes
from pipelines.detect.sources import Access
from pipelines.domain.drops import Cursor, Detection
from pipelines.domain.errors import ResponseError
from pipelines.domain.revisions import Entry, Revision, Status, resolve_statuses
from tests.builders.cases_federal_register import ELSEWHERE, build_row, build_source, respond_with, script_rows
from tests.builders.recordings import find_data, read_bytes, read_cassette
from tests.builders.servers import Answer, Asked, ScriptedServer, serve
from tests.builders.source_cases import NOW


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    stamina.set_testing(True, attempts=3)
    yield
    stamina.set_testing(False)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve() as running:
        yield running


def look(source: FederalRegister, server: ScriptedServer, since: Cursor | None = None, now: datetime = NOW) -> Detection:
    return source.detect(since, Access(now=now, base_urls={"federal_register": server.url}))


def look_at(server: ScriptedServer, *rows: dict[str, Any], **params: Any) -> list[Revision]:
    script_rows(server, *rows)
    return list(look(build_source(**params), server).revisions)


def resolve(revisions: list[Revision]) -> dict[str, list[Revision]]:
    entries = [Entry(revision=revision, digest=revision.digest, drop_id="d", ingest_seq=1) for revision in revisions]
    found: dict[str, list[Revision]] = {}
    for entry in resolve_statuses(entries):
        found.setdefault(entry.revision.document_id, []).append(entry.revision)
    return found


def test_reads_a_document_with_all_that_it_says(server: ScriptedServer) -> None:
    (revision,) = look_at(server, build_row("2026-00001", effective_on="2026-04-01"))
    assert revision.document_id == "2026-00001"
    assert revision.family_id == "FDA-2025-N-0001"
    assert revision.labels == ("type:Rule", "agency:food-and-drug-administration", "topic:Medical devices", "cfr:21 CFR 803")
    assert (revision.published_at, revision.effective_from) == (date(2026, 3, 2), date(2026, 4, 1))
    assert revision.text.startswith("The agency amends")
    assert (revision.status, revision.licence, revision.recorded_at) == (Status.ACTIVE, "US government work", NOW)


def test_reads_the_title_where_there_is_no_abstract(server: ScriptedServer) -> None:
    (revision,) = look_at(server, build_row(abstract=None))
    assert revision.text == revision.title


@pytest.mark.parametrize(
    ("fields", "family"),
    [
        ({"dockets": [{"id": "EPA-1-2"}], "docket_ids": ["FRL 1"]}, "EPA-1-2"),
        ({"docket_ids": ["Docket No. CDC-2024-0001", "X"]}, "CDC-2024-0001"),
        ({"docket_ids": ["DOCKET #: RBS-23-BUSINESS-0024"]}, "RBS-23-BUSINESS-0024"),
        ({"docket_ids": ["Docket Nos. MC2024–161 and CP2024–167"]}, "MC2024-161 and CP2024-167"),
        ({"docket_ids": ["Internal Agency Docket No. FEMA-3582-EM"]}, "FEMA-3582-EM"),
        ({"docket_ids": []}, "2026-00001"),
        ({"docket_ids": ["Docket No."]}, "2026-00001"),
    ],
)
def test_a_family_is_the_first_docket_or_else_the_document(fields: dict[str, Any], family: str, server: ScriptedServer) -> None:
    assert look_at(server, build_row("2026-00001", **fields))[0].family_id == family


def test_emits_only_the_classes_of_the_domain_where_it_has_any(server: ScriptedServer) -> None:
    classes = {"agency:food-and-drug-administration": "FDA", "topic:Medical devices": "FDA"}
    assert look_at(server, build_row(), labels=classes)[0].labels == ("FDA",)


def test_asks_for_what_its_params_say(server: ScriptedServer) -> None:
    look_at(server, build_row(), agencies=("fda", "epa"), types=("RULE",), terms=("drug", "new device"))
    pairs = server.asked[0].pairs
    assert [value for name, value in pairs if name == "conditions[agencies][]"] == ["fda", "epa"]
    assert ("conditions[type][]", "RULE") in pairs
    assert ("conditions[term]", '"drug" | "new device"') in pairs
    assert ("conditions[publication_date][lte]", "2026-03-10") in pairs


def test_never_asks_elsewhere_whatever_a_next_page_says(server: ScriptedServer) -> None:
    rows = [build_row(f"2026-0000{index}") for index in range(5)]
    assert len(look_at(server, *rows)) == 5
    assert {asked.headers["host"] for asked in server.asked} == {server.url.removeprefix("http://")}
    assert ELSEWHERE not in {asked.path for asked in server.asked}


def test_halves_a_window_that_holds_more_than_the_api_shows(server: ScriptedServer) -> None:
    rows = [build_row(f"2026-{index:05}", publication_date=f"2026-03-{1 + index % 9:02}") for index in range(2_500)]
    detection_ids = {revision.document_id for revision in look_at(server, *rows, per_page=1_000)}
    assert detection_ids == {row["document_number"] for row in rows}


def test_refuses_a_single_day_that_holds_more_than_the_api_shows(server: ScriptedServer) -> None:
    rows = [build_row(f"2026-{index:05}") for index in range(2_001)]
    with pytest.raises(ResponseError, match=r"more than 2000 documents on 2026-03-02.*narrow"):
        look_at(server, *rows, per_page=1_000)


def test_refuses_a_list_that_never_keeps_its_promise(server: ScriptedServer) -> None:
    server.answer("/documents.json", Answer.of_json({"count": 3, "results": [build_row()]}))
    with pytest.raises(ResponseError, match="field count"):
        look(build_source(), server)


def test_looks_back_by_the_overlap_and_never_before_the_start(server: ScriptedServer) -> None:
    script_rows(server, build_row())
    for day, first in (("2026-03-09", "2026-03-07"), ("2026-03-02", "2026-03-01")):
        look(build_source(overlap_days=2), server, Cursor(json.dumps({"published": day})))
        assert server.asked[-1].params["conditions[publication_date][gte]"] == first


def test_a_cursor_never_goes_back(server: ScriptedServer) -> None:
    script_rows(server, build_row())
    cursor = Cursor('{"published": "2026-03-09"}')
    assert look(build_source(), server, cursor).cursor == cursor


@pytest.mark.parametrize("position", ["", "{}", "[]", '{"published": 3}', '{"published": "soon"}'])
def test_refuses_a_cursor_that_is_not_its_own(position: str, server: ScriptedServer) -> None:
    with pytest.raises(ResponseError, match="cursor"):
        look(build_source(), server, Cursor(position))
    assert server.asked == []


def build_correction(number: str = "C1-2026-00001", **fields: Any) -> dict[str, Any]:
    of = "https://www.federalregister.gov/api/v1/documents/2026-00001"
    return build_row(
        number, **{"correction_of": of, "abstract": None, "docket_ids": [], "publication_date": "2026-03-05", **fields}
    )


def test_a_correction_supersedes_what_it_corrects(server: ScriptedServer) -> None:
    original = build_row("2026-00001", corrections=["https://x/api/v1/documents/C1-2026-00001"], topics=["A"])
    revisions = look_at(server, original, build_correction(topics=["B"]))
    before, after = resolve(revisions)["2026-00001"]
    if before.status is Status.ACTIVE:
        before, after = after, before
    assert (before.status, before.effective_to) == (Status.SUPERSEDED, date(2026, 3, 5))
    assert (after.status, after.effective_from, after.published_at) == (Status.ACTIVE, date(2026, 3, 5), date(2026, 3, 5))
    assert (after.family_id, after.labels, after.text) == (before.family_id, before.labels, before.text)


def test_a_correction_that_has_its_own_abstract_keeps_it(server: ScriptedServer) -> None:
    revisions = look_at(server, build_row("2026-00001"), build_correction(abstract="The date is corrected to 1 May."))
    assert "The date is corrected to 1 May." in {revision.text for revision in revisions}


def test_a_correction_of_a_rule_not_yet_in_force_is_the_one_that_comes_into_force(server: ScriptedServer) -> None:
    corrections = [f"https://x/documents/C{index}-2026-00001" for index in (1, 2)]
    rows = [build_row("2026-00001", effective_on="2026-06-01", corrections=corrections)]
    rows += [build_correction(f"C{index}-2026-00001", title=f"Corrected {index} times") for index in (1, 2)]
    (active,) = [found for found in resolve(look_at(server, *rows))["2026-00001"] if found.status is Status.ACTIVE]
    assert active.title == "Corrected 2 times"


def test_a_correction_of_an_unknown_document_is_its_first_revision(server: ScriptedServer) -> None:
    (revision,) = look_at(server, build_correction())
    assert (revision.document_id, revision.family_id, revision.text) == ("2026-00001", "2026-00001", revision.title)


@pytest.mark.parametrize("of", ["https://evil.invalid/../../etc/passwd%2F", "https://evil.invalid/a b", "", 7])
def test_refuses_a_correction_of_something_that_is_no_document(of: object, server: ScriptedServer) -> None:
    with pytest.raises(ResponseError, match=r"C1-2026-00001: field correction_of"):
        look_at(server, build_correction(correction_of=of))


@pytest.mark.parametrize("fields", [{"action": "Withdrawn."}, {"withdrawn": True}])
def test_a_document_that_is_withdrawn_says_so(fields: dict[str, Any], server: ScriptedServer) -> None:
    assert look_at(server, build_row(**fields))[0].status is Status.WITHDRAWN


def test_a_notice_that_names_the_rule_it_withdraws_retires_that_rule(server: ScriptedServer) -> None:
    notice = build_row(
        "2026-00007",
        type="Proposed Rule",
        action="Proposed rule; withdrawal.",
        abstract="The agency withdraws the proposed rule (FR Doc. 2026–00001) of this docket.",
        publication_date="2026-03-06",
    )
    revisions = {revision.document_id: revision for revision in look_at(server, notice)}
    assert revisions.keys() == {"2026-00001", "2026-00007"}
    retired = revisions["2026-00001"]  # type: ignore[index]
    assert (retired.status, retired.text, retired.effective_from) == (Status.WITHDRAWN, "", date(2026, 3, 6))
    assert revisions["2026-00007"].status is Status.ACTIVE  # type: ignore[index]


@pytest.mark.parametrize(
    "fields",
    [
        {"type": "Notice", "action": "Notice; withdrawal by applicant.", "abstract": "See FR Doc. 2026-00001."},
        {"action": "Final rule.", "abstract": "Amends FR Doc. 2026-00001."},
        {"action": "Withdrawal of proposed rule.", "abstract": "It names no document."},
    ],
)
def test_retires_nothing_that_is_not_named_by_a_withdrawal(fields: dict[str, Any], server: ScriptedServer) -> None:
    assert [revision.status for revision in look_at(server, build_row("2026-00007", **fields))] == [Status.ACTIVE]


def test_numbers_that_were_given_twice_are_two_revisions(server: ScriptedServer) -> None:
    rows = [build_row("E9-1234", title=f"Rule {day}", publication_date=day) for day in ("2026-03-02", "2026-03-03")]
    assert len(look_at(server, *rows)) == 2


@pytest.mark.data
def test_reads_a_whole_real_month(server: ScriptedServer) -> None:
    folder = find_data("api_recordings/federalregister_vcr")
    rows = json.loads(read_bytes(folder / "fr_api_documents_page1_2024-01.json.gz"))["results"]
    server.answer("/documents.json", respond_with(rows))
    for row in rows:
        server.answer(f"/documents/{row['document_number']}.json", Answer.of_json(row))
    source = FederalRegister(start=date(2024, 1, 1), types=(), per_page=400)
    detection = look(source, server, now=datetime(2024, 2, 1, tzinfo=UTC))
    found = {revision.document_id for revision in detection.revisions}
    assert len(rows) == 1_000
    assert found == {row["document_number"].removeprefix("C1-") for row in rows}
    assert len(detection.revisions) == 1_000
    corrected = [copies for copies in resolve(list(detection.revisions)).values() if len(copies) > 1]
    assert [Counter(copy.status for copy in copies) for copies in corrected] == [{Status.ACTIVE: 1, Status.SUPERSEDED: 1}] * 2
    assert json.loads(detection.cursor.position) == {"published": max(row["publication_date"] for row in rows)}


def read_cassettes(address: str) -> list[bytes]:
    """Return the different bodies of all recorded answers whose address holds ``address``."""
    paths = sorted(find_data("api_recordings/federalregister_vcr").rglob("*.yml*"))
    exchanges = [exchange for path in paths if address.encode() in read_bytes(path) for exchange in read_cassette(path)]
    return sorted({one.body for one in exchanges if one.status == 200 and address in one.url})


@pytest.mark.data
def test_reads_recorded_documents_of_2017(server: ScriptedServer) -> None:
    (body,) = read_cassettes("/documents/2017-27513,2017-27451.json")
    server.answer("/documents.json", Answer(body=body))
    revisions = look(FederalRegister(types=()), server).revisions
    assert {revision.document_id for revision in revisions} == {"2017-27513", "2017-27451"}
    assert all(revision.title and revision.published_at.year == 2017 for revision in revisions)


@pytest.mark.data
def test_refuses_by_name_recorded_lists_that_lack_what_is_learned(server: ScriptedServer) -> None:
    bodies = read_cassettes("/documents.json?conditions[publication_date][is]=2016-02-29")
    assert bodies
    for body in bodies:
        server.answer("/documents.json", Answer(body=body))
        with pytest.raises(ResponseError, match=r"federal_register: document 2016-\d+: field type: is gone"):
            look(FederalRegister(types=()), server)


@pytest.mark.data
def test_a_change_from_en_dash_to_hyphen_renames_no_document(server: ScriptedServer) -> None:
    numbers = {}
    for edition in ("current", "updated"):
        issue = etree.fromstring(read_bytes(find_data(f"federal_register_issues/FR-2024-02-12.{edition}.xml.gz")))
        endings = [re.search(r"FR Doc\.?\s*(\S+)", element.text or "") for element in issue.iter("FRDOC")]
        numbers[edition] = [ending.group(1) for ending in endings if ending]
    assert numbers["current"] != numbers["updated"]
    assert not set(numbers["current"]) & set(numbers["updated"])
    assert [normalise_dashes(number) for number in numbers["current"]] == numbers["updated"]
    read = {edition: look_at(server, *[build_row(number, title="T") for number in found]) for edition, found in numbers.items()}
    found = {edition: [revision.document_id for revision in revisions] for edition, revisions in read.items()}
    assert found["current"] == found["updated"]
    assert len(set(found["current"])) == len(set(numbers["current"])) > 50


def test_asks_for_the_window_once_where_it_fits_one_page(server: ScriptedServer) -> None:
    look_at(server, build_row())
    asked: list[Asked] = server.asked
    assert len(asked) == 1
