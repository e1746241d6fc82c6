"""``addendum up``: one machine as a whole installation, until Ctrl-C."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable

from flows.places import Place
from flows.servers import ServerError, Servers, ending_politely, prefect_environment
from pipelines.settings import QUIET

POOLS = ("cpu", "gpu")
Say = Callable[[str], None]


def live(place: Place, prefect_port: int, mlflow_port: int, say: Say) -> None:
    """Start the servers, deploy, start a worker a pool, and wait; raises :class:`ServerError` when one ends by itself."""
    with ending_politely(), Servers(place.settings) as servers:
        prefect = servers.start_prefect(prefect_port)
        api = f"{prefect.address}/api"
        say(f"Prefect  {prefect.address}")
        mlflow = servers.start_mlflow(mlflow_port)
        say(f"MLflow   {mlflow.address}")
        for pool in POOLS:
            make_pool(place, pool, api)
        deploy(place, api)
        for pool in POOLS:
            servers.start_worker(pool, api)
        say(f"workers  {', '.join(POOLS)}; deployments of {', '.join(place.params.domains)}; Ctrl-C ends all of it")
        _wait(servers)


def show(place: Place, prefect_port: int | None, mlflow_port: int | None, say: Say) -> None:
    """Start the two pages alone, and wait."""
    with ending_politely(), Servers(place.settings) as servers:
        say(f"Prefect  {servers.start_prefect(prefect_port).address}")
        say(f"MLflow   {servers.start_mlflow(mlflow_port).address}")
        say("Ctrl-C ends both")
        _wait(servers)


def make_pool(place: Place, pool: str, api: str) -> None:
    """Make a process work pool unless it is there."""
    _prefect(place, api, "work-pool", "create", pool, "--type", "process", "--overwrite")


def deploy(place: Place, api: str) -> None:
    """Deploy what ``infra/prefect.yaml`` declares."""
    _prefect(place, api, "--no-prompt", "deploy", "--all", "--prefect-file", "infra/prefect.yaml")


def _prefect(place: Place, api: str, *arguments: str) -> None:
    there = {"ADDENDUM_HOME": str(place.home.root), "PWD": str(place.workspace.root)}
    environment = {**os.environ, **QUIET, **prefect_environment(place.settings, api), **there}
    command = [sys.executable, "-m", "prefect", *arguments]
    done = subprocess.run(command, cwd=place.workspace.root, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ServerError(f"prefect {' '.join(arguments[:2])}: {(done.stderr or done.stdout).strip()[-800:]}")


def _wait(servers: Servers) -> None:
    while True:
        ended = servers.find_ended()
        if ended is not None:
            raise ServerError(f"{ended.name} ended by itself: its log is {ended.log}")
        time.sleep(0.5)
