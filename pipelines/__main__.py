"""``python -m pipelines STAGE DOMAIN``: one stage in the workspace that is the current folder. What ``dvc.yaml`` calls.

Thread counts are set before anything numeric is imported, since they change both the speed and the last bits of a result.
A stage started by a flow ends when that flow's process is gone, so that a killed flow leaves nothing running behind it.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.domain.errors import TRY_AGAIN, AddendumError, DismissedError, PreemptedError
from pipelines.domain.identities import DomainName
from pipelines.settings import QUIET, bind_threads, read_companions, read_settings
from pipelines.workspace import Workspace

if TYPE_CHECKING:
    from pipelines.catalog import StageName

ORPHANED = TRY_AGAIN
FAREWELL_S = 20.0
"""What a training has to finish its step and keep its state, once the flow that wanted it is gone."""


def main(arguments: list[str]) -> int:
    """Run the stage; return 0, 1 when it refuses (its reason on standard error), 2 for a wrong call, or 75 to be run again."""
    from pipelines.catalog import StageName

    if len(arguments) != 2 or arguments[0] not in list(StageName):
        sys.stderr.write(f"usage: python -m pipelines STAGE DOMAIN, where STAGE is one of {', '.join(StageName)}\n")
        return 2
    stage, domain = StageName(arguments[0]), DomainName(arguments[1])
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    try:
        return _run(stage, domain, Workspace(Path.cwd()))
    except DismissedError:
        return 0
    except AddendumError as error:
        sys.stderr.write(f"{stage} {domain}: {error}\n")
        return TRY_AGAIN if isinstance(error, PreemptedError) else 1


def _run(stage: StageName, domain: DomainName, workspace: Workspace) -> int:
    """Run the stage here or, where a training wants several processes, under what starts them."""
    from pipelines.catalog import BLIND, StageName, run_stage
    from pipelines.inputs import refuse_foreign_look
    from pipelines.launching import launch
    from pipelines.params import read_params

    settings, companions = read_settings(), read_companions()
    if settings.flow_process is not None:
        end_with(settings.flow_process)
    params = read_params(workspace.params).of(domain)
    os.environ.update({**QUIET, **bind_threads(params.train.threads), **companions.bindings})
    has_several = stage is StageName.TRAIN and params.train.learner.kind != "linear"
    if has_several and settings.launch is not None and not companions.is_launched:
        return launch(settings.launch, [stage, domain])
    if companions.is_helper and not has_several:
        return 0
    if stage not in BLIND:
        refuse_foreign_look(workspace, domain, params)
    run_stage(stage, domain, params, workspace, settings)
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
        if callable(signal.getsignal(signal.SIGTERM)):  # a training that will keep its state
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(FAREWELL_S)
        os._exit(ORPHANED)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
