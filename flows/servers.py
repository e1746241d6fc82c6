"""Local servers, all on loopback: Prefect's and MLflow's pages and the workers, started, awaited, and ended together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Self

import httpx

from pipelines.domain.errors import AddendumError
from pipelines.settings import QUIET, Settings

LOOPBACK = "127.0.0.1"
PATIENCE_S = 120.0
FAREWELL_S = 10.0
ADDRESS_FILE = "address.txt"


class ServerError(AddendumError):
    """A local server did not come up, or ended by itself."""


@dataclass(frozen=True, slots=True)
class Server:
    """One running server."""

    name: str
    address: str
    process: subprocess.Popen[bytes]
    log: Path

    def is_running(self) -> bool:
        """Say whether its process lives."""
        return self.process.poll() is None


@dataclass(slots=True)
class Servers:
    """A set of servers that is ended as one; use it as a context manager."""

    settings: Settings
    running: list[Server] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def start_prefect(self, port: int | None = None) -> Server:
        """Start a Prefect server on the home's own database."""
        port = port or find_port()
        home = self.settings.place.prefect
        home.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "prefect", "server", "start", "--host", LOOPBACK, "--port", str(port)]
        environment = prefect_environment(self.settings, f"http://{LOOPBACK}:{port}/api")
        server = self._start("Prefect", command, environment, f"http://{LOOPBACK}:{port}", "/api/health")
        (home / ADDRESS_FILE).write_text(f"{server.address}/api", encoding="utf-8")
        return server

    def start_mlflow(self, port: int | None = None) -> Server:
        """Start MLflow's page on the home's own store."""
        port = port or find_port()
        place = self.settings.place
        place.mlflow.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "mlflow", "server", "--host", LOOPBACK, "--port", str(port), "--workers", "1"]
        store = ["--backend-store-uri", self.settings.tracking_address, "--default-artifact-root", self.settings.artifact_root]
        return self._start("MLflow", [*command, *store], {}, f"http://{LOOPBACK}:{port}", "/health")

    def start_worker(self, pool: str, api: str) -> Server:
        """Start a process worker that serves one pool, which is made when it is missing."""
        command = [
            sys.executable,
            "-m",
            "prefect",
            "worker",
            "start",
            "--pool",
            pool,
            "--type",
            "process",
            "--name",
            f"local-{pool}",
        ]
        return self._start(f"worker {pool}", command, prefect_environment(self.settings, api), "", None)

    def find_ended(self) -> Server | None:
        """Return a server that has ended by itself, if any."""
        return next((server for server in self.running if not server.is_running()), None)

    def end(self) -> None:
        """End all of them, last first: politely, then not."""
        for server in reversed(self.running):
            _signal_group(server, signal.SIGTERM)
        deadline = time.monotonic() + FAREWELL_S
        for server in reversed(self.running):
            try:
                server.process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal_group(server, signal.SIGKILL)
                server.process.wait()
        self.running.clear()

    def _start(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], address: str, health: str | None
    ) -> Server:
        log = self.settings.place.root / "logs" / f"{name.lower().replace(' ', '-')}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as stream:
            process = subprocess.Popen(
                command, env={**os.environ, **QUIET, **environment}, stdout=stream, stderr=stream, start_new_session=True
            )
        server = Server(name, address, process, log)
        self.running.append(server)
        if health is not None:
            await_health(server, f"{address}{health}")
        return server


@contextmanager
def ending_politely() -> Iterator[None]:
    """Let SIGTERM end us as Ctrl-C does, so that the servers are ended too; a shell's background jobs hear Ctrl-C again."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {sent: signal.signal(sent, interrupt) for sent in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for sent, handler in before.items():
            signal.signal(sent, handler)


def prefect_environment(settings: Settings, api: str | None = None) -> dict[str, str]:
    """Return what makes Prefect keep to the home and, when ``api`` is given, talk to that server."""
    home = settings.place.prefect
    environment = {
        "PREFECT_HOME": str(home),
        "PREFECT_PROFILES_PATH": str(home / "profiles.toml"),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{home / 'prefect.db'}",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
        "PREFECT_RESULTS_LOCAL_STORAGE_PATH": str(home / "results"),
    }
    return {**environment, "PREFECT_API_URL": api} if api else environment


def find_prefect(settings: Settings) -> str | None:
    """Return the API of the Prefect server that ``addendum up`` runs on this home, if one answers."""
    note = settings.place.prefect / ADDRESS_FILE
    if not note.is_file():
        return None
    api = note.read_text(encoding="utf-8").strip()
    try:
        return api if httpx.get(f"{api}/health", timeout=1.0, trust_env=False).status_code == 200 else None
    except httpx.HTTPError:
        return None


def find_port() -> int:
    """Return a port that is free on loopback now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def await_health(server: Server, url: str, patience_s: float = PATIENCE_S) -> None:
    """Wait until the server answers; raises :class:`ServerError` with where its log is."""
    deadline = time.monotonic() + patience_s
    while time.monotonic() < deadline:
        if not server.is_running():
            break
        try:
            if httpx.get(url, timeout=2.0, trust_env=False).status_code == 200:
                return
        except httpx.HTTPError:
            time.sleep(0.2)
    raise ServerError(f"{server.name} did not answer on {url}: its log is {server.log}")


def _signal_group(server: Server, sent: signal.Signals) -> None:
    try:
        os.killpg(server.process.pid, sent)
    except ProcessLookupError:
        return
