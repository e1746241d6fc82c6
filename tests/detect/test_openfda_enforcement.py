"""openFDA's enforcement reports: pages by link and by skip, what is empty and what is broken, on scripted and on real reports."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from pipelines.detect import openfda_enforcement
from pipelines.detect.fields import Fields
from pipelines.detect.openfda_enforcement import OpenFdaEnforcement
from pipelines.detect.sources import Access
from pipelines.domain.drops import Cursor, Detection
from pipelines.domain.errors import ResponseError
from pipelines.domain.reading import compose_text
from pipelines.domain.revisions import Revision
from tests.builders.cases_openfda_enforcement import KEY, NOTHING, Report, answer_reports, build_report
from tests.builders.recordings import find_data
from tests.builders.servers import Answer, Asked, ScriptedServer, serve
from tests.builders.source_cases import NOW

DRUGS = "/drug/enforcement.json"


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve() as running:
        yield running


def look(server: ScriptedServer, since: Cursor | None = None, *, key: str = "", **fields: Any) -> Detection:
    source = OpenFdaEnforcement(**{"start": date(2026, 1, 1), **fields})
    secrets = {"openfda": key} if key else {}
    return source.detect(since, Access(now=NOW, base_urls={"openfda_enforcement": server.url}, secrets=secrets))


def read_one(server: ScriptedServer, report: Report, **fields: Any) -> Revision:
    server.answer(DRUGS, answer_reports([report]))
    (revision,) = look(server, **fields).revisions
    return revision


def find_numbers(detection: Detection) -> list[str]:
    return [str(revision.document_id) for revision in detection.revisions]


def test_a_report_is_a_document_in_the_family_of_its_event(server: ScriptedServer) -> None:
    revision = read_one(server, build_report(3, "20260203", event_id="90001"))
    assert (revision.document_id, revision.family_id) == ("D-0003-2026", "90001")
    assert revision.published_at == revision.effective_from == date(2026, 2, 3)
    assert revision.labels == ("Class II",)
    assert revision.licence == "CC0"
    assert revision.url.endswith("?Event=90001")


def test_its_text_is_the_reason_and_the_product_and_says_nothing_twice(server: ScriptedServer) -> None:
    revision = read_one(server, build_report(3))
    assert revision.text == "Failed dissolution specifications in 3 lots.\n\nMetformin tablets, 500 mg, bottle of 300."
    assert compose_text(revision.title, revision.text) == revision.text


def test_no_text_is_endless(server: ScriptedServer) -> None:
    revision = read_one(server, build_report(3, reason_for_recall="word " * 5_000, product_description="word " * 5_000))
    assert len(revision.text) < 4_100
    assert len(revision.title) <= 200


def test_a_classification_is_mapped_where_it_has_a_class_and_passes_where_it_has_none(server: ScriptedServer) -> None:
    reports = [build_report(1, classification="Class I"), build_report(2, classification="Not Yet Classified")]
    server.answer(DRUGS, answer_reports(reports))
    found = look(server, labels={"Class I": "grave"}).revisions
    assert [revision.labels for revision in found] == [("grave",), ("Not Yet Classified",)]


def test_a_report_whose_number_was_left_blank_is_known_by_its_event_and_product(server: ScriptedServer) -> None:
    server.answer(DRUGS, answer_reports([build_report(2, recall_number=""), build_report(3, recall_number=" ")]))
    first = look(server)
    assert len({revision.document_id for revision in first.revisions}) == 2
    assert all(str(revision.document_id).startswith("event 90001 ") for revision in first.revisions)
    assert look(server).revisions == first.revisions


def test_follows_the_links_by_their_place_alone(server: ScriptedServer) -> None:
    server.answer(DRUGS, answer_reports([build_report(number) for number in range(1, 8)]))
    assert len(find_numbers(look(server, page_size=3))) == 7
    places = [(asked.params.get("search_after"), asked.params.get("skip")) for asked in server.asked]
    assert places == [(None, None), ("3", None), ("6", None)]
    assert len({asked.params["search"] for asked in server.asked}) == 1


def test_skips_where_there_is_no_link(server: ScriptedServer) -> None:
    server.answer(DRUGS, answer_reports([build_report(number) for number in range(1, 8)], has_links=False))
    assert len(find_numbers(look(server, page_size=3))) == 7
    assert [asked.params.get("skip") for asked in server.asked] == [None, "3", "6"]


def test_says_so_where_more_would_have_to_be_skipped_than_is_allowed(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(openfda_enforcement, "LARGEST_SKIP", 4)
    server.answer(DRUGS, answer_reports([build_report(number) for number in range(1, 8)], has_links=False))
    with pytest.raises(ResponseError, match="narrow the query"):
        look(server, page_size=3)


def test_reads_past_the_largest_skip_by_links(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(openfda_enforcement, "LARGEST_SKIP", 4)
    server.answer(DRUGS, answer_reports([build_report(number) for number in range(1, 8)]))
    assert len(find_numbers(look(server, page_size=3))) == 7


@pytest.mark.parametrize("link", ['<%>; rel="prev"', "nonsense", '<>; rel="next"', "<http://[>; rel=next"])
def test_a_link_that_leads_nowhere_is_no_link(link: str, server: ScriptedServer) -> None:
    reports = [build_report(number) for number in range(1, 4)]
    plain = answer_reports(reports, has_links=False)

    def respond(asked: Asked) -> Answer:
        right = plain(asked)
        return Answer(status=right.status, body=right.body, headers={"Link": link})

    server.answer(DRUGS, respond)
    assert len(find_numbers(look(server, page_size=2))) == 3


def test_links_that_lead_round_in_a_circle_end(server: ScriptedServer) -> None:
    page = {"meta": {"results": {"total": 9}}, "results": [build_report()]}
    server.answer(DRUGS, Answer.of_json(page, headers={"Link": '<http://elsewhere.example/?search_after=5>; rel="next"'}))
    with pytest.raises(ResponseError, match="promised"):
        look(server)


def test_nothing_found_is_not_an_error(server: ScriptedServer) -> None:
    server.answer(DRUGS, NOTHING)
    since = Cursor('{"reported": "2026-02-20"}')
    detection = look(server, since)
    assert detection.revisions == ()
    assert detection.cursor == since
    assert len(detection.responses) == 1


def test_what_comes_late_is_no_step_back(server: ScriptedServer) -> None:
    server.answer(DRUGS, answer_reports([build_report(1, "20260215")]))
    since = Cursor('{"reported": "2026-02-20"}')
    late = look(server, since)
    assert len(late.revisions) == 1
    assert late.cursor == since


@pytest.mark.parametrize("body", [{"error": {"code": "NO_SUCH_PAGE"}}, {"message": "not found"}, {"error": {}}])
def test_another_404_is_an_error(body: object, server: ScriptedServer) -> None:
    server.answer(DRUGS, Answer.of_json(body, status=404))
    with pytest.raises(ResponseError, match=r"field error.code"):
        look(server)


def test_asks_for_each_kind_of_product_once(server: ScriptedServer) -> None:
    for product in ("drug", "food", "device"):
        server.answer(f"/{product}/enforcement.json", NOTHING)
    look(server, product_types=("drug", "device", "drug"))
    assert [asked.path for asked in server.asked] == [DRUGS, "/device/enforcement.json"]


def test_asks_for_the_window_and_the_query(server: ScriptedServer) -> None:
    server.answer(DRUGS, NOTHING)
    look(server, query="openfda.route:ORAL")
    asked = server.asked[0].params
    assert asked["search"] == "report_date:[20260101 TO 20260310] AND (openfda.route:ORAL)"
    assert (asked["sort"], asked["limit"]) == ("report_date:asc", "1000")


def test_goes_on_from_the_newest_report_less_the_overlap(server: ScriptedServer) -> None:
    server.answer(DRUGS, answer_reports([build_report(1, "20260220"), build_report(2, "20260201")]))
    first = look(server)
    assert json.loads(first.cursor.position) == {"reported": "2026-02-20"}
    look(server, first.cursor, overlap_days=10)
    assert server.asked[-1].params["search"] == "report_date:[20260210 TO 20260310]"


def test_the_key_is_sent_and_is_in_no_address(server: ScriptedServer) -> None:
    server.answer(DRUGS, answer_reports([build_report(number) for number in range(1, 4)]))
    detection = look(server, key=KEY, page_size=1)
    said = {asked.headers["authorization"] for asked in server.asked}
    assert said == {f"Basic {base64.b64encode(f'{KEY}:'.encode()).decode()}"}
    assert not [response for response in detection.responses if KEY in response.url]


def test_without_a_key_none_is_sent(server: ScriptedServer) -> None:
    server.answer(DRUGS, NOTHING)
    look(server)
    assert "authorization" not in server.asked[0].headers


@pytest.mark.parametrize("fields", [{"product_types": ()}, {"product_types": ("toys",)}, {"page_size": 1001}])
def test_refuses_what_openfda_does_not_have(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=next(iter(fields))):
        OpenFdaEnforcement(**fields)


def read_reports() -> list[Report]:
    with gzip.open(find_data("fda_recalls/enforcement.jsonl.gz")) as lines:
        return [json.loads(line) for line in lines]


@pytest.mark.data
def test_reads_real_reports_of_a_year(server: ScriptedServer) -> None:
    reports = [report for report in read_reports() if report["report_date"].startswith("2022")]
    drugs = [report for report in reports if report["product_type"] == "Drugs"]
    server.answer(DRUGS, answer_reports(drugs))
    server.answer("/food/enforcement.json", answer_reports([report for report in reports if report["product_type"] == "Food"]))
    detection = look(server, start=date(2022, 1, 1), product_types=("drug", "food"))
    assert len(detection.revisions) == len(reports)
    assert {label for revision in detection.revisions for label in revision.labels} == {"Class I", "Class II", "Class III"}
    assert all(len(revision.text) > 10 for revision in detection.revisions)
    # one report of 2022 was given no number
    assert [number[:11] for number in find_numbers(detection) if number.startswith("event ")] == ["event 90344"]


@pytest.mark.data
def test_every_real_report_parses() -> None:
    source = OpenFdaEnforcement()
    recorded_at = datetime(2026, 1, 1, tzinfo=UTC)
    revisions = [source._read(Fields("openfda_enforcement", "", report), recorded_at) for report in read_reports()]
    assert len({revision.document_id for revision in revisions}) == len(revisions) == 37_965


@pytest.mark.data
def test_a_recorded_answer_without_matches_is_empty(server: ScriptedServer) -> None:
    body = find_data("api_recordings/biomcp_2026/openfda/device_510k_brca1_20260811.json").read_bytes()
    server.answer(DRUGS, Answer(status=404, body=body))
    assert look(server).revisions == ()


@pytest.mark.data
def test_refuses_a_recorded_answer_of_another_endpoint(server: ScriptedServer) -> None:
    body = find_data("api_recordings/biomcp_2026/openfda/drugsfda_imatinib_20260811.json").read_bytes()
    server.answer(DRUGS, Answer(body=body))
    with pytest.raises(ResponseError):
        look(server)
