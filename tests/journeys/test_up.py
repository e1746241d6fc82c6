"""``addendum up`` as a team uses it: a watch admits a drop, its event starts a retraining, ``fit`` runs in its pool."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from flows.servers import find_port
from pipelines.domain.events import Kind
from pipelines.domain.identities import DomainName
from pipelines.ledger.ledgers import Ledger
from pipelines.settings import Settings
from tests.builders.installations import Installation, build_installation, build_records

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
CLINICAL = DomainName("clinical")


@dataclass(frozen=True)
class Living:
    installation: Installation
    process: subprocess.Popen[bytes]
    api: str

    def ledger(self) -> Ledger:
        settings = Settings()
        return Ledger.open(settings.ledger_address, settings.clock, "a test")


def wait_for(what: str, condition: Callable[[], bool], patience_s: float) -> None:
    deadline = time.monotonic() + patience_s
    while not condition():
        assert time.monotonic() < deadline, f"waited {patience_s:.0f} s in vain: {what}"
        time.sleep(1.0)


@pytest.fixture
def living(tmp_path: Path) -> Iterator[Living]:
    with build_installation(tmp_path / "installation") as installation:
        installation.drop("backlog", build_records(240))
        port = find_port()
        command = [str(Path(sys.executable).parent / "addendum"), "up"]
        ports = ["--prefect-port", str(port), "--mlflow-port", str(find_port())]
        log = (tmp_path / "up.log").open("wb")
        process = subprocess.Popen([*command, *ports], cwd=installation.workspace, stdout=log, stderr=log, start_new_session=True)
        api = f"http://127.0.0.1:{port}/api"
        try:
            wait_for("the workers", lambda: b"workers" in (tmp_path / "up.log").read_bytes(), 300)
            yield Living(installation, process, api)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(60)
            log.close()


def start(api: str, deployment: str) -> None:
    found = httpx.get(f"{api}/deployments/name/{deployment}", timeout=30).json()
    httpx.post(f"{api}/deployments/{found['id']}/create_flow_run", json={"state": {"type": "SCHEDULED"}}, timeout=30)


def find_suspended(api: str) -> list[str]:
    """The deployments whose flow runs wait for somebody."""
    runs = httpx.post(
        f"{api}/flow_runs/filter", json={"flow_runs": {"state": {"name": {"any_": ["Suspended"]}}}}, timeout=30
    ).json()
    return [httpx.get(f"{api}/deployments/{run['deployment_id']}", timeout=30).json()["name"] for run in runs]


def count_processes(root: Path) -> int:
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return sum(str(root) in line for line in listed.splitlines())


def test_a_watched_drop_leads_to_a_judged_candidate_without_any_hand(living: Living) -> None:
    start(living.api, "watch/clinical")
    ledger = living.ledger()
    wait_for("the drop", lambda: ledger.last(CLINICAL, Kind.DROP_LANDED) is not None, 180)
    wait_for("the verdict", lambda: ledger.last(CLINICAL, Kind.APPROVAL_ASKED) is not None, 400)
    runs = httpx.post(f"{living.api}/flow_runs/filter", json={}, timeout=30).json()
    names = {run["name"]: run for run in runs}
    assert names["fit clinical"]["work_pool_name"] == "gpu", "fit ran in the pool of its deployment"
    assert names["retrain clinical"]["work_pool_name"] == "cpu"
    wait_for("the form", lambda: find_suspended(living.api) == ["promote"], 180)
    assert ledger.verify(CLINICAL) == []


def test_the_end_of_up_is_the_end_of_everything_that_it_started(living: Living) -> None:
    os.killpg(living.process.pid, signal.SIGINT)
    assert living.process.wait(60) == 130
    wait_for("the last process", lambda: count_processes(living.installation.home) == 0, 15)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{living.api}/health", timeout=2)
