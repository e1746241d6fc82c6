"""The pure stages in running order, and how each is called: what ``python -m pipelines`` and the flows both go by.

A stage's module is imported only when that stage runs, so that taking a snapshot never waits for torch.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

from pipelines.domain.identities import DomainName
from pipelines.keys import open_keys
from pipelines.learners.monitors import Unwatched, Watched
from pipelines.learners.paces import Pace, Progress, write_line
from pipelines.learners.protocols import Monitor
from pipelines.params import DomainParams
from pipelines.settings import Companions, Settings, read_companions
from pipelines.workspace import DomainFolder, Workspace

LOG = logging.getLogger("addendum.stage")


class StageName(StrEnum):
    """Folder, ``params.yaml`` section, DVC stage, Prefect task and test folder all have this name."""

    SNAPSHOT = "snapshot"
    CURATE = "curate"
    SPLIT = "split"
    TRAIN = "train"
    EVALUATE = "evaluate"
    AUDIT = "audit"
    JUDGE = "judge"


FITTING = (StageName.TRAIN, StageName.EVALUATE, StageName.AUDIT)
"""The stages that want a GPU; all others run where there is none."""

BLIND = (StageName.SNAPSHOT, StageName.CURATE, StageName.SPLIT, StageName.TRAIN)
"""The stages that score nothing on what was kept back. Every other one needs a look that was reserved for its very inputs."""


class LoggedMonitor:
    """Says each step on one line, which the flow that runs the stage reads back as progress."""

    def see(self, progress: Progress) -> None:
        """Log the step."""
        LOG.info("%s", write_line(progress))


def run_stage(stage: StageName, domain: DomainName, params: DomainParams, workspace: Workspace, settings: Settings) -> None:
    """Run one stage in the domain's folder of ``workspace``; raises our errors, which name what is wrong."""
    folder = workspace.of(domain)
    match stage:
        case StageName.SNAPSHOT:
            from pipelines.corpus.tables import Corpus
            from pipelines.snapshot.snapshots import take_snapshot

            take_snapshot(folder, Corpus.open(settings.corpus_address(domain)))
        case StageName.CURATE:
            from pipelines.curate.curation import curate
            from pipelines.curate.engines import choose_engine

            choose_engine(settings.engine)
            curate(folder, open_keys(params.curate, settings.find_key), settings.place.signatures / domain)
        case StageName.SPLIT:
            from pipelines.split.splitting import split

            split(folder, open_keys(params.split, settings.find_key))
        case StageName.TRAIN:
            refuse_leaky(workspace, params)
            _train(folder, params, settings)
        case StageName.EVALUATE:
            from pipelines.evaluate.evaluation import evaluate

            evaluate(folder, params.evaluate, params.train.threads)
        case StageName.AUDIT:
            from pipelines.audit.auditing import audit

            audit(folder, params.audit, params.train, params.labels)
        case StageName.JUDGE:
            from pipelines.judge.judging import judge
            from pipelines.recipes import write_recipe

            refuse_leaky(workspace, params)
            write_recipe(workspace, domain, params)
            judge(folder, params.judge, params.envelope)


def _train(folder: DomainFolder, params: DomainParams, settings: Settings) -> None:
    from pipelines.launching import join_companions, plan_conduct
    from pipelines.train.training import train

    companions = read_companions()
    join_companions(companions, params.train)
    with watch_training(settings, params.train.learner.kind, companions) as monitor:
        train(folder, params.train, params.labels, plan_conduct(settings, companions), monitor)


def refuse_leaky(workspace: Workspace, params: DomainParams) -> None:
    """Raise :class:`~pipelines.domain.errors.ParamsError` where personal data would be learned that nobody shows to be hidden."""
    shield = params.curate.shield
    if params.phi is not False and shield is not None:
        from pipelines.privacy.reports import refuse_unmeasured

        refuse_unmeasured(workspace.root, params.phi, identifiers=shield.identifiers, screen=shield.screen)


@contextmanager
def watch_training(settings: Settings, kind: str, companions: Companions | None = None) -> Iterator[Monitor]:
    """Watch a learner of this kind until the block ends: the log always, MLflow when the flow named a run.

    MLflow is told the machine and its load too. Of several processes the first one alone is watched.
    """
    if companions is not None and companions.is_helper:
        yield Unwatched()
        return
    if settings.mlflow_run is None:
        yield Watched([LoggedMonitor()], Pace())
        return
    from pipelines.learners.machines import MACHINE_TAG, describe_machine, write_machine
    from pipelines.tracking import Tracker

    tracker = Tracker(settings.tracking_address, settings.artifact_root)
    machine = describe_machine(kind, companions.size if companions is not None else 1)
    tracker.tag(settings.mlflow_run, {MACHINE_TAG: write_machine(machine)})
    with tracker.watch_system(settings.mlflow_run):
        yield Watched([LoggedMonitor(), tracker.monitor(settings.mlflow_run)], Pace())
