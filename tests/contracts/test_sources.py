"""What every source keeps, whatever its API: told once, and put to each of them against a real server that misbehaves."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import stamina

from pipelines.detect.sources import Source
from pipelines.domain.drops import Detection
from pipelines.domain.errors import ResponseError, UnreachableError
from tests.builders.servers import BROKEN, EMPTY, OVERSIZE, TOO_MANY, Answer, ScriptedServer, serve, truncate
from tests.builders.source_cases import NOW, SourceCase, build_cases

CASES = build_cases()
OVER_HTTP = [case for case in CASES if case.is_http]
PAGED = [case for case in OVER_HTTP if case.shifting]
SPOILT = [(case, field) for case in OVER_HTTP for field in case.spoilt]


@pytest.fixture(autouse=True)
def _without_waiting() -> Iterator[None]:
    stamina.set_testing(True, attempts=5)
    yield
    stamina.set_testing(False)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve() as running:
        yield running


def names(cases: list[SourceCase]) -> list[str]:
    return [case.name for case in cases]


def find_documents(detection: Detection) -> set[str]:
    return {str(revision.document_id) for revision in detection.revisions}


def find_digests(detection: Detection) -> set[str]:
    return {str(revision.digest) for revision in detection.revisions}


@pytest.fixture(params=CASES, ids=names(CASES))
def case(request: pytest.FixtureRequest) -> SourceCase:
    found: SourceCase = request.param
    return found


@pytest.fixture(params=OVER_HTTP, ids=names(OVER_HTTP))
def web_case(request: pytest.FixtureRequest) -> SourceCase:
    found: SourceCase = request.param
    return found


def test_is_a_source_named_by_its_kind(case: SourceCase) -> None:
    assert isinstance(case.source, Source)
    assert case.source.name == case.source_kind


def test_finds_what_is_there(case: SourceCase, server: ScriptedServer) -> None:
    case.script(server, 0)
    detection = case.source.detect(None, case.access(server))
    assert find_documents(detection) == case.known
    assert all(revision.recorded_at == NOW for revision in detection.revisions)
    assert all(revision.source == case.source.name for revision in detection.revisions)


def test_looking_twice_finds_the_same(case: SourceCase, server: ScriptedServer) -> None:
    case.script(server, 0)
    assert case.source.detect(None, case.access(server)) == case.source.detect(None, case.access(server))


def test_looking_on_where_nothing_is_new_keeps_the_cursor(case: SourceCase, server: ScriptedServer) -> None:
    case.script(server, 0)
    first = case.source.detect(None, case.access(server))
    again = case.source.detect(first.cursor, case.access(server))
    assert again.cursor == first.cursor
    assert find_digests(again) <= find_digests(first)


def test_loses_nothing_that_appeared_since_and_repeats_no_more_than_the_overlap(case: SourceCase, server: ScriptedServer) -> None:
    case.script(server, 0)
    first = case.source.detect(None, case.access(server))
    case.script(server, 1)
    second = case.source.detect(first.cursor, case.access(server))
    assert find_documents(second) >= case.appearing
    assert len(find_digests(second) & find_digests(first)) <= case.redelivered


def test_two_looks_know_what_one_late_look_knows(case: SourceCase, server: ScriptedServer) -> None:
    case.script(server, 0)
    first = case.source.detect(None, case.access(server))
    case.script(server, 1)
    second = case.source.detect(first.cursor, case.access(server))
    late = case.source.detect(None, case.access(server))
    assert find_digests(late) <= find_digests(first) | find_digests(second)


def test_a_busy_and_broken_server_changes_nothing(web_case: SourceCase, server: ScriptedServer) -> None:
    web_case.script(server, 0)
    calm = web_case.source.detect(None, web_case.access(server))
    server.inject(TOO_MANY, BROKEN, TOO_MANY, None, BROKEN, TOO_MANY)
    assert web_case.source.detect(None, web_case.access(server)) == calm


def test_gives_up_on_a_server_that_stays_broken(web_case: SourceCase, server: ScriptedServer) -> None:
    web_case.script(server, 0)
    server.spoil(lambda _asked, _right: BROKEN)
    with pytest.raises(UnreachableError, match=web_case.source.name):
        web_case.source.detect(None, web_case.access(server))


@pytest.mark.parametrize("fault", [truncate, lambda _asked, _right: EMPTY], ids=["cut off", "empty"])
def test_refuses_a_body_that_does_not_parse(fault: object, web_case: SourceCase, server: ScriptedServer) -> None:
    web_case.script(server, 0)
    server.spoil(fault)  # type: ignore[arg-type]
    with pytest.raises(ResponseError) as raised:
        web_case.source.detect(None, web_case.access(server))
    assert raised.value.source == web_case.source.name


def test_refuses_a_page_of_html(web_case: SourceCase, server: ScriptedServer) -> None:
    web_case.script(server, 0)
    page = Answer(body=b"<!DOCTYPE html><html><body>We are being maintained.</body></html>", media_type="text/html")
    server.spoil(lambda _asked, _right: page)
    with pytest.raises(ResponseError, match=web_case.source.name):
        web_case.source.detect(None, web_case.access(server))


@pytest.mark.parametrize(("case", "field"), SPOILT, ids=[f"{case.name}-{field}" for case, field in SPOILT], indirect=False)
def test_names_the_field_that_is_gone_or_has_changed_its_type(case: SourceCase, field: str, server: ScriptedServer) -> None:
    case.script(server, 0)
    server.spoil(case.spoilt[field])
    with pytest.raises(ResponseError) as raised:
        case.source.detect(None, case.access(server))
    assert raised.value.source == case.source.name
    assert field in raised.value.field


def test_stops_before_a_body_that_is_too_large(web_case: SourceCase, server: ScriptedServer) -> None:
    web_case.script(server, 0)
    server.spoil(lambda _asked, _right: OVERSIZE)
    with pytest.raises(ResponseError, match="larger than"):
        web_case.source.detect(None, web_case.access(server))


@pytest.mark.parametrize("case", PAGED, ids=names(PAGED))
def test_a_list_that_changes_while_it_is_read_loses_nothing(case: SourceCase, server: ScriptedServer) -> None:
    assert case.shifting is not None
    expected = case.shifting(server)
    assert find_documents(case.source.detect(None, case.access(server))) >= expected


def test_keeps_what_the_source_said_as_it_said_it(web_case: SourceCase, server: ScriptedServer) -> None:
    said: list[bytes] = []

    def listen(_asked: object, right: Answer) -> Answer:
        said.append(right.body)
        return right

    web_case.script(server, 0)
    server.spoil(listen)
    detection = web_case.source.detect(None, web_case.access(server))
    assert [response.body for response in detection.responses] == said
    assert said


def test_lets_no_secret_out(web_case: SourceCase, server: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
    web_case.script(server, 0)
    with caplog.at_level("DEBUG"):
        detection = web_case.source.detect(None, web_case.access(server))
    server.spoil(lambda _asked, _right: BROKEN)
    with caplog.at_level("DEBUG"), pytest.raises(UnreachableError) as raised:
        web_case.source.detect(None, web_case.access(server))
    seen = [*(response.url for response in detection.responses), detection.cursor.position, str(raised.value), caplog.text]
    for secret in web_case.secrets.values():
        assert not [place for place in seen if secret in place]
