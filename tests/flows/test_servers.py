"""Servers are awaited, found when they end by themselves, and ended together with all that they started."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import psutil
import pytest

from flows.servers import ADDRESS_FILE, Server, ServerError, Servers, await_health, find_port, find_prefect, prefect_environment
from pipelines.settings import Settings

ANSWERING = """
import http.server, sys
class Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b'ok')
    def log_message(self, *words): pass
http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Page).serve_forever()
"""


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[Servers]:
    with Servers(Settings(home=tmp_path / "home")) as running:
        yield running


def start(servers: Servers, code: str, *arguments: str, address: str = "", health: str | None = None) -> Server:
    return servers._start("a server", [sys.executable, "-c", code, *arguments], {}, address, health)


def is_alive(process: int) -> bool:
    return psutil.pid_exists(process) and psutil.Process(process).status() != psutil.STATUS_ZOMBIE


def test_a_server_is_there_once_it_answers(servers: Servers) -> None:
    port = find_port()
    server = start(servers, ANSWERING, str(port), address=f"http://127.0.0.1:{port}", health="/health")
    assert httpx.get(f"{server.address}/", trust_env=False).status_code == 200
    assert servers.find_ended() is None


def test_one_that_ends_before_it_answers_is_an_error_that_names_its_log(servers: Servers) -> None:
    with pytest.raises(ServerError, match=r"a server did not answer .*: its log is .*a-server.log"):
        start(servers, "raise SystemExit('no such option')", address=f"http://127.0.0.1:{find_port()}", health="/health")
    (server,) = servers.running
    assert "no such option" in server.log.read_text(encoding="utf-8")


def test_patience_ends(servers: Servers) -> None:
    server = start(servers, "import time; time.sleep(300)")
    with pytest.raises(ServerError, match="did not answer"):
        await_health(server, f"http://127.0.0.1:{find_port()}/", patience_s=0.3)


def test_one_that_ends_by_itself_is_found(servers: Servers) -> None:
    server = start(servers, "pass")
    server.process.wait()
    assert servers.find_ended() is server


def test_all_are_ended_with_their_children(tmp_path: Path) -> None:
    with Servers(Settings(home=tmp_path / "home")) as servers:
        code = "import subprocess, time; print(subprocess.Popen(['sleep', '300']).pid, flush=True); time.sleep(300)"
        server = start(servers, code)
        deadline = time.monotonic() + 120
        while not server.log.read_text(encoding="utf-8").endswith("\n") and time.monotonic() < deadline:
            time.sleep(0.02)
        child = int(server.log.read_text(encoding="utf-8"))
        assert is_alive(child)
    assert not server.is_running()
    deadline = time.monotonic() + 60
    while is_alive(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_alive(child)


def test_one_that_is_deaf_to_a_polite_word_is_ended_all_the_same(servers: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flows.servers.FAREWELL_S", 0.3)
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(300)"
    server = start(servers, code)
    deadline = time.monotonic() + 120
    while "deaf" not in server.log.read_text(encoding="utf-8") and time.monotonic() < deadline:
        time.sleep(0.02)
    servers.end()
    assert server.process.returncode == -signal.SIGKILL


def test_a_free_port_can_be_taken() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", find_port()))


def test_no_prefect_is_found_where_none_was_started_or_none_answers(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    assert find_prefect(settings) is None
    settings.place.prefect.mkdir(parents=True)
    (settings.place.prefect / ADDRESS_FILE).write_text(f"http://127.0.0.1:{find_port()}/api", encoding="utf-8")
    assert find_prefect(settings) is None


def test_a_prefect_that_answers_is_found(servers: Servers) -> None:
    port = find_port()
    start(servers, ANSWERING, str(port), address=f"http://127.0.0.1:{port}", health="/")
    home = servers.settings.place.prefect
    home.mkdir(parents=True)
    (home / ADDRESS_FILE).write_text(f"http://127.0.0.1:{port}/api\n", encoding="utf-8")
    assert find_prefect(servers.settings) == f"http://127.0.0.1:{port}/api"


def test_prefect_keeps_to_the_home(tmp_path: Path) -> None:
    environment = prefect_environment(Settings(home=tmp_path / "home"))
    assert "PREFECT_API_URL" not in environment
    for name in ("PREFECT_HOME", "PREFECT_PROFILES_PATH", "PREFECT_RESULTS_LOCAL_STORAGE_PATH"):
        assert environment[name].startswith(str(tmp_path / "home"))
    assert prefect_environment(Settings(), "http://there/api")["PREFECT_API_URL"] == "http://there/api"


@pytest.mark.slow
def test_the_real_servers_come_up_and_go(servers: Servers) -> None:
    prefect, mlflow = servers.start_prefect(), servers.start_mlflow()
    assert find_prefect(servers.settings) == f"{prefect.address}/api"
    assert httpx.get(f"{mlflow.address}/health", trust_env=False).text == "OK"
    servers.end()
    assert find_prefect(servers.settings) is None


def test_a_program_is_not_left_to_the_terminals_group(servers: Servers) -> None:
    server = start(servers, "import time; time.sleep(300)")
    group = subprocess.run(["ps", "-o", "pgid=", str(server.process.pid)], capture_output=True, text=True, check=True).stdout
    assert int(group) == server.process.pid
