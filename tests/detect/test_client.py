"""Asking an API: what is retried, what is refused, what is kept, and what never gets out."""

from __future__ import annotations

import gzip
import logging
import threading
from collections.abc import Iterator

import httpx
import pytest

from pipelines.detect.client import Client, ClientLimits, scrub
from pipelines.detect.waiting import read_wait
from pipelines.domain.errors import ResponseError, UnreachableError
from pipelines.domain.identities import SourceName
from tests.builders.servers import BROKEN, EMPTY, OVERSIZE, TOO_MANY, Answer, ScriptedServer, serve

NAME = SourceName("somewhere")
QUICK = ClientLimits(timeout_s=0.3, attempts=3, max_bytes=10_000, longest_wait_s=0.05, first_wait_s=0.001)


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with serve() as running:
        running.answer("/page", Answer.of_json({"a": 1}))
        yield running


@pytest.fixture
def client() -> Iterator[Client]:
    with Client(NAME, limits=QUICK) as running:
        yield running


def test_returns_what_was_answered(server: ScriptedServer, client: Client) -> None:
    response = client.get(f"{server.url}/page", {"q": "x y", "n": 2})
    assert (response.status, response.json(), response.headers["content-type"]) == (200, {"a": 1}, "application/json")
    assert server.asked[0].params == {"q": "x y", "n": "2"}


def test_adds_params_to_those_that_the_address_has(server: ScriptedServer, client: Client) -> None:
    client.get(f"{server.url}/page?fields[]=a&fields[]=b", {"page": 2})
    assert server.asked[0].pairs == (("fields[]", "a"), ("fields[]", "b"), ("page", "2"))


def test_posts_a_form(server: ScriptedServer, client: Client) -> None:
    client.post(f"{server.url}/page", {"id": "1,2"})
    assert (server.asked[0].method, server.asked[0].params) == ("POST", {"id": "1,2"})


def test_sends_the_headers_it_was_given(server: ScriptedServer) -> None:
    with Client(NAME, headers={"X-Api-Key": "k"}, limits=QUICK) as client:
        client.get(f"{server.url}/page")
    assert server.asked[0].headers["x-api-key"] == "k"


@pytest.mark.parametrize("fault", [TOO_MANY, BROKEN, Answer(status=503), Answer(delay_s=0.6, body=b"late")])
def test_tries_again_after_a_bad_moment(fault: Answer, server: ScriptedServer, client: Client) -> None:
    server.inject(fault, fault)
    assert client.get(f"{server.url}/page").json() == {"a": 1}
    assert len(server.asked) == 3


def test_tries_again_when_the_connection_breaks_in_mid_body(server: ScriptedServer, client: Client) -> None:
    server.inject(Answer(body=b"{", declared=100))
    assert client.get(f"{server.url}/page").json() == {"a": 1}


def test_gives_up_when_attempts_are_used_up(server: ScriptedServer, client: Client) -> None:
    server.inject(*[BROKEN] * 5)
    with pytest.raises(UnreachableError, match=r"somewhere: 127.0.0.1/page still fails after 3 attempts \(status 500\)"):
        client.get(f"{server.url}/page")
    assert len(server.asked) == 3


def test_gives_up_where_nobody_listens(client: Client) -> None:
    with serve() as gone:
        url = gone.url
    with pytest.raises(UnreachableError, match="ConnectError"):
        client.get(f"{url}/page")


def test_refuses_an_address_that_is_none(client: Client) -> None:
    with pytest.raises(UnreachableError):
        client.get("gopher://somewhere/page")


@pytest.mark.parametrize(("status", "advice"), [(400, "parameters"), (401, "API key"), (403, "API key")])
def test_does_not_ask_again_after_a_refusal(status: int, advice: str, server: ScriptedServer, client: Client) -> None:
    server.inject(Answer(status=status, body=b"the private words of the answer"))
    with pytest.raises(UnreachableError, match=advice) as raised:
        client.get(f"{server.url}/page")
    assert len(server.asked) == 1
    assert str(status) in str(raised.value)
    assert "private words" not in str(raised.value)


def test_never_carries_a_key_to_where_a_redirect_leads(server: ScriptedServer) -> None:
    with serve() as elsewhere, Client(NAME, headers={"X-Api-Key": "k"}, limits=QUICK) as client:
        server.inject(Answer(status=302, headers={"Location": f"{elsewhere.url}/page"}))
        with pytest.raises(UnreachableError, match="redirects"):
            client.get(f"{server.url}/page")
        assert elsewhere.asked == []


def test_leaves_a_404_to_its_caller(server: ScriptedServer, client: Client) -> None:
    assert client.get(f"{server.url}/nowhere").status == 404


def test_refuses_an_empty_body(server: ScriptedServer, client: Client) -> None:
    server.inject(EMPTY)
    with pytest.raises(ResponseError, match="empty"):
        client.get(f"{server.url}/page")


def test_stops_at_a_length_that_is_declared_too_large(server: ScriptedServer, client: Client) -> None:
    server.inject(OVERSIZE)
    with pytest.raises(ResponseError, match="larger than 10000 bytes"):
        client.get(f"{server.url}/page")


def test_stops_at_a_small_body_that_unpacks_too_large(server: ScriptedServer, client: Client) -> None:
    server.inject(Answer(body=gzip.compress(b"0" * 20_000), headers={"Content-Encoding": "gzip"}))
    with pytest.raises(ResponseError, match="larger than 10000 bytes"):
        client.get(f"{server.url}/page")


@pytest.mark.parametrize("body", [b'{"a": ', b"<html>", b"\xff\xfe\xfa", b"[" * 9_000])
def test_refuses_json_that_is_none(body: bytes, server: ScriptedServer, client: Client) -> None:
    server.inject(Answer(body=body))
    with pytest.raises(ResponseError, match=r"somewhere: document \(whole response\).*not JSON"):
        client.get(f"{server.url}/page").json()


def test_keeps_what_was_accepted_and_nothing_of_what_was_retried(server: ScriptedServer, client: Client) -> None:
    server.inject(BROKEN)
    client.get(f"{server.url}/page", {"n": 1})
    client.get(f"{server.url}/nowhere")
    kept = [(response.url.removeprefix(server.url), response.media_type, response.body) for response in client.responses]
    assert kept == [
        ("/page?n=1", "application/json", b'{"a": 1}'),
        ("/nowhere", "application/json", b'{"message": "not scripted"}'),
    ]


def test_waits_as_long_as_it_is_asked_to_but_never_longer_than_its_limit(server: ScriptedServer) -> None:
    limits = ClientLimits(attempts=2, longest_wait_s=0.2, first_wait_s=0.001)
    server.inject(Answer(status=429, headers={"Retry-After": "3600"}))
    done = threading.Event()

    def ask() -> None:
        with Client(NAME, limits=limits) as client:
            client.get(f"{server.url}/page")
        done.set()

    asking = threading.Thread(target=ask)
    asking.start()
    assert not done.wait(0.1)
    assert done.wait(5)
    asking.join()


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "Fri, 31 Dec 2027 23:59:59 GMT", "date": "Fri, 31 Dec 2027 23:59:29 GMT"}, 30.0),
        ({"retry-after": "Fri, 31 Dec 2027 23:59:29 GMT", "date": "Fri, 31 Dec 2027 23:59:59 GMT"}, 0.0),
        ({"retry-after": "Fri, 31 Dec 2027 23:59:59 GMT"}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "-3"}, None),
        ({}, None),
    ],
)
def test_reads_how_long_to_wait(headers: dict[str, str], seconds: float | None) -> None:
    assert read_wait(headers) == seconds


@pytest.mark.parametrize("name", ["api_key", "API_KEY", "key", "token"])
def test_shows_no_key_that_is_part_of_an_address(
    name: str, server: ScriptedServer, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        response = client.get(f"{server.url}/page", {name: "hush", "q": "x"})
    assert server.asked[0].params[name] == "hush"
    assert (response.url, client.responses[0].url) == (f"{server.url}/page?q=x", f"{server.url}/page?q=x")
    assert "hush" not in caplog.text


def test_leaves_the_log_of_others_as_it_was() -> None:
    before = list(logging.getLogger("httpx").filters)
    with Client(NAME):
        assert logging.getLogger("httpx").filters != before
    assert logging.getLogger("httpx").filters == before


def test_scrubs_passwords_and_lone_keys() -> None:
    assert scrub(httpx.URL("https://me:pass@a.b/c?api_key=x")) == "https://a.b/c"
