"""A small real HTTP server on loopback that says what a test scripts, faults included: no connector is tested on a mock."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request as the server got it: query and form together in ``params`` (a repeated name keeps its last value)."""

    method: str
    path: str
    params: Mapping[str, str]
    pairs: tuple[tuple[str, str], ...]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the server says. ``declared`` lies about the length; ``delay_s`` keeps the client waiting."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    media_type: str = "application/json"
    declared: int | None = None
    delay_s: float = 0.0

    @classmethod
    def of_json(cls, value: object, **fields: Any) -> Self:
        return cls(body=json.dumps(value).encode(), **fields)


Respond = Callable[[Asked], Answer]
Fault = Callable[[Asked, Answer], Answer]

TOO_MANY = Answer(status=429, body=b"{}", headers={"Retry-After": "0"})
BROKEN = Answer(status=500, body=b"oops")
EMPTY = Answer(status=200, body=b"")
OVERSIZE = Answer(status=200, body=b"x", declared=10**12)


class ScriptedServer:
    """Answers by path; ``inject`` puts faults before (or around) the next answers, one a request, in order."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._routes: dict[str, Respond] = {}
        self._faults: list[Answer | Fault | None] = []
        self._always: Fault | None = None
        self._http = _QuietServer(("127.0.0.1", 0), _handler_for(self))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._http.server_address[1]}"

    def answer(self, path: str, respond: Respond | Answer) -> None:
        """Answer every request for exactly ``path``."""
        self._routes[path] = respond if callable(respond) else lambda _asked: respond

    def inject(self, *faults: Answer | Fault | None) -> None:
        """Meet the next requests with these faults; ``None`` lets one through; a function sees the right answer and spoils it."""
        self._faults.extend(faults)

    def spoil(self, fault: Fault | None) -> None:
        """Spoil every answer from now on."""
        self._always = fault

    def respond(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        respond = self._routes.get(asked.path)
        fault = self._faults.pop(0) if self._faults else None
        if isinstance(fault, Answer):
            return fault
        right = respond(asked) if respond else Answer(status=404, body=b'{"message": "not scripted"}')
        if fault is not None:
            return fault(asked, right)
        return self._always(asked, right) if self._always else right

    def run(self) -> None:
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop(self) -> None:
        self._http.shutdown()
        self._http.server_close()


@contextmanager
def serve() -> Iterator[ScriptedServer]:
    """Run a server for the length of a test."""
    server = ScriptedServer()
    server.run()
    try:
        yield server
    finally:
        server.stop()


def truncate(_asked: Asked, right: Answer) -> Answer:
    """Cut the body in half: complete by HTTP, broken by content."""
    return Answer(
        status=right.status, body=right.body[: len(right.body) // 2], headers=right.headers, media_type=right.media_type
    )


def edit_json(change: Callable[[Any], object]) -> Fault:
    """Change a JSON answer in place: remove a field, change a type."""

    def spoil(_asked: Asked, right: Answer) -> Answer:
        value = json.loads(right.body)
        change(value)
        return Answer.of_json(value, status=right.status, headers=right.headers)

    return spoil


class _QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing where a client hung up, which is what tests of limits make it do."""


def _handler_for(server: ScriptedServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        # One packet an answer: headers and body apart wait for each other's acknowledgement.
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._serve("GET", b"")

        def do_POST(self) -> None:
            self._serve("POST", self.rfile.read(int(self.headers.get("Content-Length", "0"))))

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the parent's
            """Stay silent."""

        def _serve(self, method: str, form: bytes) -> None:
            parts = urlsplit(self.path)
            pairs = parse_qsl(parts.query, keep_blank_values=True) + parse_qsl(form.decode(), keep_blank_values=True)
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(method=method, path=parts.path, params=dict(pairs), pairs=tuple(pairs), headers=headers)
            self._send(server.respond(asked))

        def _send(self, answer: Answer) -> None:
            if answer.delay_s:
                time.sleep(answer.delay_s)
            try:
                self.send_response(answer.status)
                self.send_header("Content-Type", answer.media_type)
                self.send_header("Content-Length", str(len(answer.body) if answer.declared is None else answer.declared))
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer.body)
                self.wfile.flush()
            except ConnectionError:
                pass  # the client gave up, as a test wanted
            self.close_connection = answer.declared is not None

    return Handler
