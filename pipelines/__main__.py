"""``python -m pipelines STAGE DOMAIN``: one stage in the workspace that is the current folder. What ``dvc.yaml`` calls.

Thread counts are set before anything numeric is imported, since they change both the speed and the last bits of a result.
A stage started by a flow ends when that flow's process is gone, so that a killed flow leaves nothing running behind it.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from pathlib import Path

from pipelines.domain.errors import AddendumError
from pipelines.domain.identities import DomainName
from pipelines.settings import QUIET, Settings, bind_threads
from pipelines.workspace import Workspace

ORPHANED = 75  # EX_TEMPFAIL of sysexits.h: try again


def main(arguments: list[str]) -> int:
    """Run the stage; return 0, 1 when it refuses (its reason on standard error), or 2 for a wrong call."""
    from pipelines.catalog import BLIND, StageName, run_stage
    from pipelines.inputs import refuse_foreign_look
    from pipelines.params import read_params

    if len(arguments) != 2 or arguments[0] not in list(StageName):
        sys.stderr.write(f"usage: python -m pipelines STAGE DOMAIN, where STAGE is one of {', '.join(StageName)}\n")
        return 2
    stage, domain = StageName(arguments[0]), DomainName(arguments[1])
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    workspace = Workspace(Path.cwd())
    try:
        params = read_params(workspace.params).of(domain)
        os.environ.update({**QUIET, **bind_threads(params.train.threads)})
        if stage not in BLIND:
            refuse_foreign_look(workspace, domain, params)
        run_stage(stage, domain, params, workspace, Settings())
    except AddendumError as error:
        sys.stderr.write(f"{stage} {domain}: {error}\n")
        return 1
    return 0


def end_with(flow_process: int) -> None:
    """End this process soon after ``flow_process`` is gone."""
    import psutil

    try:
        flow = psutil.Process(flow_process)
    except psutil.NoSuchProcess:
        os._exit(ORPHANED)

    def is_alive() -> bool:
        try:
            return bool(flow.is_running() and flow.status() != psutil.STATUS_ZOMBIE)
        except psutil.NoSuchProcess:  # it went between the two questions
            return False

    def watch() -> None:
        while is_alive():
            time.sleep(0.5)
        os._exit(ORPHANED)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    settings = Settings()
    if settings.flow_process is not None:
        end_with(settings.flow_process)
    sys.exit(main(sys.argv[1:]))
