"""One way to ask an API: patient with its bad moments, distrustful of its size, and never leaving a secret behind.

Everything accepted is kept as received, so that what a source said can be shown years later. What is retried (429, 5xx,
time-outs, broken connections) leaves no trace: a look that needed three attempts keeps the same responses as one that needed one.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

import httpx
import stamina

from pipelines.detect.waiting import read_wait
from pipelines.domain.drops import RawResponse
from pipelines.domain.errors import ResponseError, UnreachableError
from pipelines.domain.identities import SourceName

SECRET_PARAMS = frozenset({"api_key", "apikey", "key", "token"})
USER_AGENT = "addendum (a polite reader of public sources)"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientLimits:
    """How long and how much: seconds for one read, attempts a request, bytes a body, seconds between attempts."""

    timeout_s: float = 30.0
    attempts: int = 5
    max_bytes: int = 64 * 1024 * 1024
    longest_wait_s: float = 60.0
    first_wait_s: float = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An accepted answer: 2xx, or 404, which is for the caller to judge. Header names are in lower case."""

    source: SourceName
    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - JSON is whatever it is until Fields has read it
        """Return the parsed body; raises :class:`ResponseError` where it is no JSON (cut off, HTML, too deep)."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            place = self.url.partition("?")[0]
            problem = f"not JSON ({len(self.body)} bytes from {place}): cut off, or no longer this API; look again later"
            raise ResponseError(self.source, "", "", problem) from error


class Client:
    """Asks one source's API within limits, and remembers what it answered. To be used as a context manager."""

    def __init__(
        self, source: SourceName, *, headers: Mapping[str, str] | None = None, limits: ClientLimits = ClientLimits()
    ) -> None:
        self._source, self._limits = source, limits
        self._received: list[RawResponse] = []
        self._filter = _SecretFilter()
        # A redirect is refused, not followed: it would carry the key's header to a host that nobody configured.
        self._http = httpx.Client(
            headers={"User-Agent": USER_AGENT, **(headers or {})}, timeout=limits.timeout_s, follow_redirects=False
        )

    def __enter__(self) -> Self:
        logging.getLogger("httpx").addFilter(self._filter)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        logging.getLogger("httpx").removeFilter(self._filter)
        self._http.close()

    @property
    def responses(self) -> tuple[RawResponse, ...]:
        """Everything accepted so far, in order."""
        return tuple(self._received)

    def get(self, url: str, params: Mapping[str, str | int] | None = None) -> Response:
        """Return the answer to a GET; ``params`` are added to those that ``url`` has.

        Raises :class:`UnreachableError` when attempts are used up or the status is a refusal, and :class:`ResponseError` for an
        empty or oversized body.
        """
        return self._ask(self._http.build_request("GET", httpx.URL(url).copy_merge_params(dict(params or {}))))

    def post(self, url: str, data: Mapping[str, str]) -> Response:
        """Return the answer to a POST of a form; raises as :meth:`get`."""
        return self._ask(self._http.build_request("POST", url, data=dict(data)))

    def _ask(self, request: httpx.Request) -> Response:
        try:
            response = self._ask_patiently(request)
        except (_BusyError, httpx.HTTPError, httpx.InvalidURL) as error:
            reason = f"status {error.status}" if isinstance(error, _BusyError) else type(error).__name__
            problem = f"still fails after {self._limits.attempts} attempts ({reason}): look again later"
            # `from None`: the cause's own text may hold the address with its key.
            raise UnreachableError(f"{self._source}: {_place(request)} {problem}") from None
        media_type = response.headers.get("content-type", "application/octet-stream")
        self._received.append(RawResponse(url=response.url, media_type=media_type, body=response.body))
        return response

    def _ask_patiently(self, request: httpx.Request) -> Response:
        limits = self._limits
        attempts = stamina.retry_context(
            on=self._judge_wait,
            attempts=limits.attempts,
            timeout=None,
            wait_initial=limits.first_wait_s,
            wait_max=limits.longest_wait_s,
            wait_jitter=limits.first_wait_s,
        )
        for attempt in attempts:
            with attempt:
                return self._ask_once(request)
        raise AssertionError  # retry_context returns or raises

    def _judge_wait(self, error: Exception) -> bool | float:
        if isinstance(error, _BusyError):
            wait = read_wait(error.headers)
            return True if wait is None else min(wait, self._limits.longest_wait_s)
        return isinstance(error, httpx.TransportError) and not isinstance(error, httpx.UnsupportedProtocol)

    def _ask_once(self, request: httpx.Request) -> Response:
        answer = self._http.send(request, stream=True)
        try:
            if answer.status_code == httpx.codes.TOO_MANY_REQUESTS or answer.is_server_error:
                raise _BusyError(answer.status_code, answer.headers)
            if not answer.is_success and answer.status_code != httpx.codes.NOT_FOUND:
                raise UnreachableError(
                    f"{self._source}: {_place(request)} refused with status {answer.status_code}{_advise(answer)}"
                )
            body = self._read(answer)
        finally:
            answer.close()
        if answer.is_success and not body.strip():
            raise ResponseError(self._source, "", "", f"the body from {_place(request)} is empty: look again later")
        headers = dict(answer.headers)
        return Response(source=self._source, status=answer.status_code, url=scrub(request.url), headers=headers, body=body)

    def _read(self, answer: httpx.Response) -> bytes:
        declared = answer.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self._limits.max_bytes:
            raise self._too_large(answer)
        body = bytearray()
        for chunk in answer.iter_bytes():
            body += chunk
            if len(body) > self._limits.max_bytes:
                raise self._too_large(answer)
        return bytes(body)

    def _too_large(self, answer: httpx.Response) -> ResponseError:
        problem = f"the body from {_place(answer.request)} is larger than {self._limits.max_bytes} bytes: narrow the window"
        return ResponseError(self._source, "", "", problem)


def scrub(url: httpx.URL) -> str:
    """Return ``url`` without keys and passwords, so that it may be kept and shown."""
    public = [(name, value) for name, value in url.params.multi_items() if name.lower() not in SECRET_PARAMS]
    if len(public) < len(url.params.multi_items()):
        url = url.copy_with(params=public) if public else url.copy_with(query=None)
    return str(url.copy_with(userinfo=b""))


class _BusyError(Exception):
    """The API asks for patience; carries what is needed to grant it."""

    def __init__(self, status: int, headers: httpx.Headers) -> None:
        super().__init__(status)
        self.status, self.headers = status, headers


class _SecretFilter(logging.Filter):
    """Keeps keys out of httpx's own request log, which prints whole addresses."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(scrub(part) if isinstance(part, httpx.URL) else part for part in record.args)
        return True


def _place(request: httpx.Request) -> str:
    return f"{request.url.host}{request.url.path}"


def _advise(answer: httpx.Response) -> str:
    if answer.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}:
        return ": check the API key"
    return ": it redirects; set the source's address to where it went" if answer.is_redirect else ": check the parameters"
