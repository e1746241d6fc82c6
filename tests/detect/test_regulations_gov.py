"""Regulations.gov: the order of modification, the allowance, the key, and real answers of 2020 and 2023."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import stamina
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.detect.regulations_gov import RegulationsGov
from pipelines.detect.regulations_gov_times import write_eastern
from pipelines.detect.sources import Access
from pipelines.domain.drops import Cursor, Detection
from pipelines.domain.errors import ResponseError, UnreachableError
from pipelines.domain.revisions import Status
from tests.builders.cases_regulations_gov import KEY, build_row, build_source, respond_with
from tests.builders.recordings import find_data, read_cassette
from tests.builders.servers import Answer, ScriptedServer, serve
from tests.builders.source_cases import NOW

EASTERN = ZoneInfo("America/New_York")


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    stamina.set_testing(True, attempts=3)
    yield
    stamina.set_testing(False)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve() as running:
        yield running


def look(source: RegulationsGov, server: ScriptedServer, since: Cursor | None = None) -> Detection:
    access = Access(now=NOW, base_urls={"regulations_gov": server.url}, secrets={"regulations_gov": KEY})
    return source.detect(since, access)


def look_at(server: ScriptedServer, *rows: dict[str, Any], since: Cursor | None = None, **params: Any) -> Detection:
    server.answer("/documents", respond_with(rows))
    return look(build_source(**{"types": ("Rule",), **params}), server, since)


def build_rows(count: int, modified: str = "2026-03-02T10:{:02}:{:02}Z") -> list[dict[str, Any]]:
    return [build_row(f"FDA-2026-N-{index:04}-0001", modified.format(*divmod(index, 60))) for index in range(count)]


def build_cursor(modified: str, *, is_ended: bool = True) -> Cursor:
    return Cursor(json.dumps({"Rule": {"modified": modified, "is_ended": is_ended}}))


def test_reads_a_document_with_all_that_it_says(server: ScriptedServer) -> None:
    (revision,) = look_at(server, build_row("FDA-2026-N-0001-0002")).revisions
    assert (revision.document_id, revision.family_id) == ("FDA-2026-N-0001-0002", "FDA-2026-N-0001")
    assert revision.text == revision.title == "Reporting by Makers of Devices (FDA-2026-N-0001-0002)"
    assert revision.labels == ("agency:FDA", "type:Rule")
    assert revision.published_at == revision.effective_from == date(2026, 3, 2)
    assert revision.url == "https://www.regulations.gov/document/FDA-2026-N-0001-0002"


def test_sends_the_key_as_a_header_alone(server: ScriptedServer) -> None:
    detection = look_at(server, build_row())
    assert {asked.headers["x-api-key"] for asked in server.asked} == {KEY}
    assert not [asked for asked in server.asked if KEY in asked.params.values()]
    assert not [response for response in detection.responses if KEY in response.url]


@pytest.mark.parametrize("secrets", [{}, {"regulations_gov": ""}, {"openfda": "x"}])
def test_says_which_variable_holds_the_key_when_there_is_none(secrets: dict[str, str], server: ScriptedServer) -> None:
    access = Access(now=NOW, base_urls={"regulations_gov": server.url}, secrets=secrets)
    with pytest.raises(UnreachableError, match="ADDENDUM_REGULATIONS_GOV_KEY"):
        build_source().detect(None, access)
    assert server.asked == []


def test_a_withdrawn_document_says_so(server: ScriptedServer) -> None:
    assert look_at(server, build_row(withdrawn=True)).revisions[0].status is Status.WITHDRAWN


def test_a_document_without_a_docket_is_its_own_family(server: ScriptedServer) -> None:
    assert look_at(server, build_row("X-1", docketId=None)).revisions[0].family_id == "X-1"


@pytest.mark.parametrize(
    ("dates", "day"),
    [
        ({"postedDate": None, "commentStartDate": "2026-02-01T05:00:00Z"}, date(2026, 2, 1)),
        ({"postedDate": None, "commentStartDate": None}, date(2026, 3, 2)),
    ],
)
def test_a_document_without_a_day_of_posting_takes_the_next_best(
    dates: dict[str, Any], day: date, server: ScriptedServer
) -> None:
    assert look_at(server, build_row(**dates)).revisions[0].published_at == day


def test_emits_only_the_classes_of_the_domain_where_it_has_any(server: ScriptedServer) -> None:
    assert look_at(server, build_row(), labels={"agency:FDA": "drugs"}).revisions[0].labels == ("drugs",)


def test_asks_for_what_its_params_say(server: ScriptedServer) -> None:
    look_at(server, build_row(), agencies=("FDA", "EPA"), types=("Rule", "Notice"), start=date(2026, 7, 1))
    assert [asked.params["filter[documentType]"] for asked in server.asked] == ["Rule", "Notice"]
    assert {asked.params["filter[agencyId]"] for asked in server.asked} == {"FDA,EPA"}
    assert {asked.params["filter[lastModifiedDate][ge]"] for asked in server.asked} == {"2026-06-30 20:00:00"}


def test_reads_more_than_one_query_shows(server: ScriptedServer) -> None:
    rows = build_rows(60)

    def respond(asked: Any) -> Answer:
        assert int(asked.params["page[number]"]) <= 2, "deep pages are refused by the API"
        return respond_with(rows, size=3)(asked)

    server.answer("/documents", respond)
    assert len(look(build_source(types=("Rule",)), server).revisions) == 60


def test_reads_many_documents_that_were_modified_in_one_second(server: ScriptedServer) -> None:
    assert len(look_at(server, *build_rows(9, "2026-03-02T10:00:00Z")).revisions) == 9


def test_refuses_more_documents_of_one_second_than_the_api_shows(server: ScriptedServer) -> None:
    server.answer("/documents", respond_with(build_rows(60, "2026-03-02T10:00:00Z")))
    with pytest.raises(ResponseError, match=r"more than 5000 documents share one.*narrow"):
        look(build_source(types=("Rule",)), server)


DISORDER = [build_row("A-1", "2026-03-03T10:00:00Z"), build_row("A-2", "2026-03-02T10:00:00Z")]


def test_refuses_a_list_that_is_never_in_order(server: ScriptedServer) -> None:
    server.answer("/documents", Answer.of_json({"data": DISORDER, "meta": {"hasNextPage": False}}))
    with pytest.raises(ResponseError, match=r"field attributes\.lastModifiedDate: is never in order"):
        look(build_source(), server)


def test_asks_again_for_a_page_that_was_cut_while_the_list_changed(server: ScriptedServer) -> None:
    server.inject(Answer.of_json({"data": DISORDER, "meta": {"hasNextPage": False}}))
    assert len(look_at(server, *DISORDER).revisions) == 2


def test_stops_where_the_allowance_ends_and_goes_on_from_there(server: ScriptedServer) -> None:
    rows = [*build_rows(20), build_row("EPA-1-1", "2026-03-02T10:30:00Z", documentType="Notice")]
    source = build_source(types=("Rule", "Notice"), spare_calls=2)
    cursor, found, looks = None, set[str](), 0
    while len(found) < len(rows):
        server.answer("/documents", respond_with(rows, size=4, allowance=5))
        detection = look(source, server, cursor)
        assert len(detection.responses) <= 3
        found |= {revision.document_id for revision in detection.revisions}
        cursor, looks = detection.cursor, looks + 1
        assert looks < 10
    assert looks > 1


def test_looks_back_by_the_overlap_only_from_where_the_list_ended(server: ScriptedServer) -> None:
    for is_ended, asked in ((True, "2026-03-03 05:00:00"), (False, "2026-03-05 05:00:00")):
        look_at(server, build_row(), since=build_cursor("2026-03-05T10:00:00Z", is_ended=is_ended), overlap_days=2)
        assert server.asked[-1].params["filter[lastModifiedDate][ge]"] == asked


def test_a_type_that_is_added_later_begins_at_the_start(server: ScriptedServer) -> None:
    rows = [build_row(), build_row("EPA-1-1", "2026-03-01T10:00:00Z", documentType="Notice")]
    detection = look_at(server, *rows, types=("Rule", "Notice"), since=build_cursor("2026-03-09T10:00:00Z"))
    assert "EPA-1-1" in {revision.document_id for revision in detection.revisions}


def test_a_type_that_is_taken_out_keeps_its_place(server: ScriptedServer) -> None:
    since = Cursor(json.dumps({"Notice": {"modified": "2026-03-05T10:00:00Z", "is_ended": True}}))
    assert json.loads(look_at(server, build_row(), since=since).cursor.position).keys() == {"Notice", "Rule"}


@pytest.mark.parametrize("position", ["", "[]", '{"Rule": 1}', '{"Rule": {}}', '{"Rule": {"modified": "x", "is_ended": true}}'])
def test_refuses_a_cursor_that_is_not_its_own(position: str, server: ScriptedServer) -> None:
    with pytest.raises(ResponseError, match="cursor"):
        look(build_source(), server, Cursor(position))


@given(st.datetimes(datetime(2020, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - zones are given apart
@example(datetime(2026, 11, 1, 5, 30, tzinfo=UTC))
@example(datetime(2026, 11, 1, 6, 30, tzinfo=UTC))
@example(datetime(2026, 3, 8, 7, 0, tzinfo=UTC))
def test_never_asks_from_later_than_it_means(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    written = datetime.fromisoformat(write_eastern(moment))
    latest = max(written.replace(tzinfo=EASTERN, fold=fold).astimezone(UTC) for fold in (0, 1))
    assert moment - timedelta(hours=2) <= latest <= moment


def serve_recorded(server: ScriptedServer, rows: Sequence[dict[str, Any]]) -> None:
    server.answer("/documents", respond_with(rows, size=100))


@pytest.mark.data
def test_reads_a_real_week_of_notices(server: ScriptedServer) -> None:
    path = find_data("api_recordings/regulations_gov_vcr/regulations_dot_gov_v4_documents_updated_within.yml.gz")
    rows = {row["id"]: row for exchange in read_cassette(path) for row in json.loads(exchange.body)["data"]}
    serve_recorded(server, list(rows.values()))
    source = RegulationsGov(types=("Notice",), start=date(2023, 1, 1))
    detection = look(source, server)
    assert {revision.document_id for revision in detection.revisions} == rows.keys()
    assert len(rows) > 400
    newest = max(row["attributes"]["lastModifiedDate"] for row in rows.values())
    assert json.loads(detection.cursor.position) == {"Notice": {"modified": newest, "is_ended": True}}
    again = look(source, server, detection.cursor)
    assert {revision.digest for revision in again.revisions} < {revision.digest for revision in detection.revisions}


@pytest.mark.data
def test_names_what_an_older_answer_lacks(server: ScriptedServer) -> None:
    path = find_data("api_recordings/regulations_gov_vcr/regulations_dot_gov_v4_basic_document.yml")
    (exchange, *_) = read_cassette(path)
    server.answer(
        "/documents", Answer(body=exchange.body, headers={"X-RateLimit-Remaining": exchange.headers["x-ratelimit-remaining"]})
    )
    with pytest.raises(ResponseError, match=r"FRTIB_FRDOC_0001-0319: field attributes\.lastModifiedDate: is gone"):
        look(RegulationsGov(), server)


@pytest.mark.data
def test_a_real_refusal_of_a_key_says_to_check_it(server: ScriptedServer) -> None:
    path = find_data("api_recordings/regulations_gov_vcr/find_comments_by_regs_dot_gov_document_id_invalid_doc_id.yml")
    refusal = next(exchange for exchange in read_cassette(path) if exchange.status == 403)
    server.answer("/documents", Answer(status=403, body=refusal.body))
    with pytest.raises(UnreachableError, match="check the API key"):
        look(RegulationsGov(), server)
