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
from prefect.client.orchestration import SyncPrefectClient
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateName

from flows.servers import find_port
from pipelines.domain.events import Kind
from pipelines.domain.identities import DomainName
from pipelines.ledger.ledgers import Ledger
from pipelines.settings import Settings
from tests.builders.installations import Installation, build_installation, build_records

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1700)]
PATIENCE_S = 600.0
"""A machine with other work takes several times as long; whoever waits in vain waits for no verdict."""

CLINICAL = DomainName("clinical")


@dataclass(frozen=True)
class Living:
    installation: Installation
    process: subprocess.Popen[bytes]
    client: SyncPrefectClient
    log: Path

    def ledger(self) -> Ledger:
        settings = Settings()
        return Ledger.open(settings.ledger_address, settings.clock, "a test")

    def await_that(self, what: str, condition: Callable[[], bool]) -> None:
        wait_for(what, condition, self.log)

    def suspended(self) -> list[str]:
        """The deployments whose flow runs wait for somebody."""
        chosen = FlowRunFilter(state=FlowRunFilterState(name=FlowRunFilterStateName(any_=["Suspended"])))
        runs = self.client.read_flow_runs(flow_run_filter=chosen)
        return [self.client.read_deployment(str(run.deployment_id)).name for run in runs]


def wait_for(what: str, condition: Callable[[], bool], log: Path, patience_s: float = PATIENCE_S) -> None:
    deadline = time.monotonic() + patience_s
    while not condition():
        said = log.read_text(encoding="utf-8", errors="replace")[-4000:]
        assert time.monotonic() < deadline, f"waited {patience_s:.0f} s in vain: {what}; addendum up said:\n{said}"
        time.sleep(1.0)


@pytest.fixture
def living(tmp_path: Path) -> Iterator[Living]:
    with build_installation(tmp_path / "installation") as installation:
        installation.drop("backlog", build_records(240))
        port = find_port()
        command = [str(Path(sys.executable).parent / "addendum"), "up"]
        ports = ["--prefect-port", str(port), "--mlflow-port", str(find_port())]
        path = tmp_path / "up.log"
        log = path.open("wb")
        process = subprocess.Popen([*command, *ports], cwd=installation.workspace, stdout=log, stderr=log, start_new_session=True)
        try:
            wait_for("the workers", lambda: b"workers" in path.read_bytes(), path)
            with SyncPrefectClient(f"http://127.0.0.1:{port}/api") as client:
                yield Living(installation, process, client, path)
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGINT)
                process.wait(300)
            log.close()


def count_processes(root: Path) -> int:
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return sum(str(root) in line for line in listed.splitlines())


def test_a_watched_drop_leads_to_a_judged_candidate_without_any_hand(living: Living) -> None:
    living.client.create_flow_run_from_deployment(living.client.read_deployment_by_name("watch/clinical").id)
    ledger = living.ledger()
    living.await_that("the drop", lambda: ledger.last(CLINICAL, Kind.DROP_LANDED) is not None)
    living.await_that("the verdict", lambda: ledger.last(CLINICAL, Kind.APPROVAL_ASKED) is not None)
    pools = {run.name: run.work_pool_name for run in living.client.read_flow_runs()}
    assert pools["fit clinical"] == "gpu", "fit ran in the pool of its deployment"
    assert pools["retrain clinical"] == "cpu"
    living.await_that("the form", lambda: living.suspended() == ["promote"])
    assert ledger.verify(CLINICAL) == []


def test_the_end_of_up_is_the_end_of_everything_that_it_started(living: Living) -> None:
    os.killpg(living.process.pid, signal.SIGINT)
    assert living.process.wait(300) == 130
    living.await_that("the last process", lambda: count_processes(living.installation.home) == 0)
    with pytest.raises(httpx.ConnectError):
        living.client.hello()
