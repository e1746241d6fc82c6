"""The server answers on loopback, says that it is synthetic, and fails as it is told to."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import httpx
import pytest

from infra.rehearsal.faults import Fault
from infra.rehearsal.server import RehearsalServer
from infra.rehearsal.worlds import Act
from pipelines.domain.identities import SourceName
from tests.builders.rehearsals import build_world

DRUGS = SourceName("openfda_enforcement")
PAPERS = SourceName("pubmed")


@pytest.fixture
def server() -> Iterator[RehearsalServer]:
    with RehearsalServer(build_world(Act.BACKLOG), slow_s=0.3) as running:
        yield running


def ask(
    server: RehearsalServer, path: str = "/openfda_enforcement/drug/enforcement.json?limit=5", **options: float
) -> httpx.Response:
    return httpx.get(f"{server.url}{path}", timeout=options.get("timeout", 5.0))


def test_listens_on_loopback_alone_and_says_that_it_is_synthetic(server: RehearsalServer) -> None:
    assert server.url.startswith("http://127.0.0.1:")
    home = ask(server, "/")
    assert "synthetic" in home.text.lower()
    assert all(ask(server, path).headers["X-Synthetic"] == "true" for path in ("/", "/nowhere", "/ecfr/titles.json"))


def test_has_an_address_for_every_source(server: RehearsalServer) -> None:
    assert set(server.base_urls) == {
        "federal_register",
        "ecfr",
        "regulations_gov",
        "clinicaltrials_gov",
        "openfda_enforcement",
        "pubmed",
    }


@pytest.mark.parametrize("path", ["/ecfr/titles.json", "/ecfr/api/versioner/v1/titles.json"])
def test_the_path_of_the_official_address_may_be_kept(path: str, server: RehearsalServer) -> None:
    assert ask(server, path).json()["titles"]


def test_a_form_is_more_of_the_query(server: RehearsalServer) -> None:
    answer = httpx.post(f"{server.url}/pubmed/efetch.fcgi", data={"db": "pubmed", "id": "99000001"})
    assert "99000001" in answer.text


def test_refuses_a_form_without_end(server: RehearsalServer) -> None:
    assert httpx.post(f"{server.url}/pubmed/efetch.fcgi", content=b"x" * 1_000_001).status_code == 413


def test_has_no_address_outside_its_context() -> None:
    with pytest.raises(RuntimeError, match="not running"):
        _ = RehearsalServer(build_world()).url


def test_an_act_played_meanwhile_is_seen_by_the_next_request(server: RehearsalServer) -> None:
    path = "/clinicaltrials_gov/studies?countTotal=true"
    before = ask(server, path).json()["totalCount"]
    server.world.play(Act.AMENDMENT)
    assert ask(server, path).json()["totalCount"] == before + 6


def test_remembers_what_was_asked(server: RehearsalServer) -> None:
    ask(server, "/ecfr/titles.json?part=1")
    assert server.requests == ("/ecfr/titles.json?part=1",)


def test_refuses_to_break_a_source_that_it_does_not_play(server: RehearsalServer) -> None:
    with pytest.raises(ValueError, match="plays no source"):
        server.break_next(SourceName("folder"), Fault.SLOW)


def test_too_many_requests_say_when_to_come_back(server: RehearsalServer) -> None:
    server.break_next(DRUGS, Fault.RATE_LIMIT, times=2)
    answers = [ask(server) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [429, 429, 200]
    assert answers[0].headers["Retry-After"] == "1"


def test_faults_come_in_their_order_and_to_their_source_alone(server: RehearsalServer) -> None:
    server.break_next(DRUGS, Fault.SERVER_ERROR)
    server.break_next(DRUGS, Fault.EMPTY_BODY)
    assert ask(server, "/ecfr/titles.json").status_code == 200
    assert ask(server).status_code == 500
    assert ask(server).content == b""
    assert ask(server).json()["results"]


def test_a_slow_reply_outlasts_the_patience_of_its_reader(server: RehearsalServer) -> None:
    server.break_next(DRUGS, Fault.SLOW)
    with pytest.raises(httpx.ReadTimeout):
        ask(server, timeout=0.05)
    assert ask(server).status_code == 200


def test_truncated_json_does_not_parse(server: RehearsalServer) -> None:
    server.break_next(DRUGS, Fault.TRUNCATED)
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        ask(server).json()


def test_a_vital_field_goes_or_changes_its_type(server: RehearsalServer) -> None:
    server.break_next(DRUGS, Fault.FIELD_GONE)
    server.break_next(DRUGS, Fault.TYPE_CHANGED)
    gone, changed, whole = (ask(server).json()["results"] for _ in range(3))
    assert "recall_number" not in gone[0]
    assert changed[0]["recall_number"] == [whole[0]["recall_number"]]
    assert gone[1:] == changed[1:] == whole[1:]


@pytest.mark.parametrize("path", ["/pubmed/efetch.fcgi?id=99000001", "/pubmed/esearch.fcgi?db=pubmed&term=all[sb]"])
def test_a_vital_element_goes_or_changes_its_content(path: str, server: RehearsalServer) -> None:
    whole = ask(server, path).text
    server.break_next(PAPERS, Fault.FIELD_GONE)
    server.break_next(PAPERS, Fault.TYPE_CHANGED)
    gone, changed = ask(server, path).text, ask(server, path).text
    assert len(gone) < len(whole)
    assert "<Value/>" in changed


def test_a_section_loses_its_number(server: RehearsalServer) -> None:
    path = "/ecfr/full/2026-03-01/title-12.xml?part=9901"
    for fault in (Fault.FIELD_GONE, Fault.TYPE_CHANGED):
        server.break_next(SourceName("ecfr"), fault)
    assert '<DIV8 TYPE="SECTION"' in ask(server, path).text
    assert '<DIV8 N="#"' in ask(server, path).text


def test_a_parameter_that_does_not_parse_is_refused_and_harms_nobody(server: RehearsalServer) -> None:
    assert ask(server, "/pubmed/esearch.fcgi?db=pubmed&mindate=yesterday").status_code == 400
    assert ask(server, "/pubmed/esearch.fcgi?db=pubmed").status_code == 200


def test_many_readers_are_answered_alike(server: RehearsalServer) -> None:
    bodies: list[bytes] = []
    readers = [threading.Thread(target=lambda: bodies.append(ask(server).content)) for _ in range(12)]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join()
    assert len(bodies) == 12
    assert len(set(bodies)) == 1
