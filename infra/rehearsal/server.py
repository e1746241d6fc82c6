"""A loopback server that speaks the sources' interfaces and answers from a world, with a fault now and then when told to.

with RehearsalServer(world) as server:
    access = Access(now=world.today(Act.BACKLOG), base_urls=server.base_urls)
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Lock, Thread
from types import MappingProxyType, TracebackType
from typing import Self
from urllib.parse import parse_qs, urlsplit

from infra.rehearsal.apis import clinicaltrials_gov, ecfr, federal_register, openfda_enforcement, pubmed, regulations_gov
from infra.rehearsal.apis.exchanges import Answer, Reply, Request, not_found, reply_json
from infra.rehearsal.faults import Fault, FaultPlan, spoil
from infra.rehearsal.worlds import World
from pipelines.domain.identities import SourceName

_ANSWERS: Mapping[str, Answer] = MappingProxyType(
    {
        "federal_register": federal_register.answer,
        "ecfr": ecfr.answer,
        "regulations_gov": regulations_gov.answer,
        "clinicaltrials_gov": clinicaltrials_gov.answer,
        "openfda_enforcement": openfda_enforcement.answer,
        "pubmed": pubmed.answer,
    }
)
# A reader may keep the path of the official address or replace it whole: both find the same place.
_OFFICIAL_PATH = re.compile(r"^/(?:api/versioner/v1|api/v[12]|v4|entrez/eutils)(?=/)")
_HOST = "127.0.0.1"
_HOME = (
    "<!doctype html><html lang='en'><title>Synthetic sources</title><h1>Synthetic sources</h1>"
    "<p>Everything served here is synthetic, generated for a rehearsal; no document, person or firm in it is real.</p></html>"
)
_SLOW_S = 5.0
_MOST_BYTES = 1_000_000


class RehearsalServer:
    """Serves a world while its context is open. ``slow_s`` is how long a slow reply is held back, in seconds."""

    def __init__(self, world: World, *, slow_s: float = _SLOW_S, port: int = 0) -> None:
        self.world, self._slow_s, self._port = world, slow_s, port
        self._plan = FaultPlan()
        self._closing = Event()
        self._seen: list[str] = []
        self._lock = Lock()
        self._http: ThreadingHTTPServer | None = None
        self._thread: Thread | None = None

    def __enter__(self) -> Self:
        self._http = ThreadingHTTPServer((_HOST, self._port), _make_handler(self))
        self._thread = Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._closing.set()
        if self._http and self._thread:
            self._http.shutdown()
            self._http.server_close()
            self._thread.join()

    @property
    def url(self) -> str:
        """The address of the page that says what this is; raises ``RuntimeError`` outside the context."""
        if self._http is None:
            raise RuntimeError("the rehearsal server is not running: open it with `with`")
        return f"http://{_HOST}:{self._http.server_address[1]}"

    @property
    def base_urls(self) -> dict[SourceName, str]:
        """Where each source is, by its kind."""
        return {SourceName(source): f"{self.url}/{source}" for source in _ANSWERS}

    @property
    def requests(self) -> tuple[str, ...]:
        """Every path and query asked for so far, in order."""
        with self._lock:
            return tuple(self._seen)

    def break_next(self, source: SourceName, fault: Fault, times: int = 1) -> None:
        """Let the next ``times`` replies of ``source`` fail; raises ``ValueError`` for a source that is not played here."""
        if source not in _ANSWERS:
            raise ValueError(f"the rehearsal plays no source {source}: choose one of {', '.join(_ANSWERS)}")
        self._plan.add(source, fault, times)

    def respond(self, target: str, headers: Mapping[str, str], form: str = "") -> Reply:
        """Return the reply to a request; ``form`` is the body of a POST, which counts as more of the query."""
        with self._lock:
            self._seen.append(target)
        address = urlsplit(target)
        if address.path == "/":
            return Reply(body=_HOME.encode(), media_type="text/html; charset=utf-8")
        source, _, rest = address.path.removeprefix("/").partition("/")
        if source not in _ANSWERS:
            return not_found()
        fault = self._plan.take(source)
        if fault is Fault.SLOW:
            self._closing.wait(self._slow_s)
        query = parse_qs("&".join(part for part in (address.query, form) if part), keep_blank_values=True)
        request = Request(
            path=_OFFICIAL_PATH.sub("", f"/{rest}"),
            query=query,
            headers=headers,
            base_url=f"{self.url}/{source}",
            shift=int(fault is Fault.PAGE_CHANGED),
        )
        try:
            reply = _ANSWERS[source](request, self.world.published)
        except ValueError:
            reply = reply_json({"error": "a parameter does not parse"}, HTTPStatus.BAD_REQUEST)
        return spoil(reply, source, fault)


def _make_handler(server: RehearsalServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        """Carries bytes between the socket and the server."""

        protocol_version = "HTTP/1.1"
        server_version = "SyntheticRehearsal"
        timeout = 60
        # One packet a reply: headers and body apart wait for each other's acknowledgement, 40 ms a request.
        wbufsize = -1
        disable_nagle_algorithm = True

        def do_GET(self) -> None:
            self._send(server.respond(self.path, dict(self.headers)))

        def do_POST(self) -> None:
            length = self.headers.get("Content-Length", "0")
            if not length.isdigit() or int(length) > _MOST_BYTES:
                self._send(replace(not_found(), status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE))
                return
            self._send(server.respond(self.path, dict(self.headers), self.rfile.read(int(length)).decode()))

        def log_message(self, *_: object) -> None:
            """Say nothing: a rehearsal's output is the loop's own."""

        def _send(self, reply: Reply) -> None:
            try:
                self.send_response(reply.status)
                self.send_header("Content-Type", reply.media_type)
                self.send_header("Content-Length", str(len(reply.body)))
                self.send_header("X-Synthetic", "true")
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(reply.body)
            except ConnectionError:
                self.close_connection = True

    return Handler
