"""MLflow as a window on a run: curves while it trains, and afterwards what it was made from and what came of it.

Nothing here decides anything, and no stage reads anything back: without an MLflow run a stage does the same work.
Every call is idempotent, so that a flow that was killed and started again ends with one run, not two.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from pipelines.domain.identities import Digest, DomainName, RunId, shorten
from pipelines.domain.scorecards import Scorecard
from pipelines.learners.paces import Progress

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Metric

RUN_TAG = "addendum.run"
LONGEST_PARAM = 500
"""MLflow refuses longer parameter values on some back ends."""
FULL = 900
"""Metrics that wait at most: MLflow refuses batches of more than 1,000."""
LOG = logging.getLogger("addendum.tracking")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedDataset:
    """A table that a run was made from, by digest."""

    name: str
    digest: Digest
    context: str
    rows: int


@dataclass(slots=True)
class MlflowMonitor:
    """Sends training steps to MLflow in batches, since a call a step would cost more than the step of a small model.

    A server that does not answer costs a batch of the curve, not the training.
    """

    client: MlflowClient
    run: str
    pause_s: float = 5.0
    clock: Callable[[], float] = time.monotonic
    _waiting: list[Metric] = field(default_factory=list)
    _sent_at: float = -math.inf

    def see(self, progress: Progress) -> None:
        """Take note of a step; the first and the last one, and each with a dev loss, are sent at once."""
        from mlflow.entities import Metric
        from mlflow.utils.time import get_current_time_millis

        now, step = get_current_time_millis(), progress.step
        values = {"loss": step.loss, "rate": step.rate, "tokens": float(step.tokens), "dev_loss": step.dev_loss}
        values |= {"tokens_per_second": progress.tokens_per_second, "seconds_left": progress.seconds_left}
        said = {name: value for name, value in values.items() if value is not None}
        self._waiting.extend(Metric(f"train.{name}", value, now, step.step) for name, value in said.items())
        is_due = self.clock() - self._sent_at >= self.pause_s or len(self._waiting) > FULL
        if is_due or step.dev_loss is not None or step.step == step.steps:
            self._send()

    def _send(self) -> None:
        from mlflow.exceptions import MlflowException

        sending, self._waiting, self._sent_at = self._waiting, [], self.clock()
        try:
            self.client.log_batch(self.run, metrics=sending)
        except MlflowException as error:
            LOG.warning("MLflow does not take the training's curve: %s", type(error).__name__)


@dataclass(frozen=True, slots=True)
class Tracker:
    """One tracking server (or SQLite file) and the folder or bucket that new experiments keep their artifacts in."""

    uri: str
    artifacts: str

    def client(self) -> MlflowClient:
        """Return a client; the database is made on first use."""
        from mlflow import MlflowClient

        if self.uri.startswith("sqlite:///"):
            Path(self.uri.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
        return MlflowClient(tracking_uri=self.uri, registry_uri=self.uri)

    def open_run(self, domain: DomainName, run_id: RunId) -> str:
        """Return the MLflow run of this retraining, made when it is missing."""
        client = self.client()
        experiment = self._experiment(client, domain)
        found = client.search_runs([experiment], f"tags.`{RUN_TAG}` = '{run_id}'", max_results=1)
        if found:
            client.update_run(found[0].info.run_id, status="RUNNING")
            return str(found[0].info.run_id)
        run = client.create_run(experiment, run_name=f"{domain} {shorten(run_id)}", tags={RUN_TAG: run_id})
        return str(run.info.run_id)

    def monitor(self, run: str) -> MlflowMonitor:
        """Return a monitor that draws this run's training curves."""
        return MlflowMonitor(self.client(), run)

    @contextmanager
    def watch_system(self, run: str, every_s: float = 10.0) -> Iterator[None]:
        """Draw this machine's load (processor, memory, disk, network, GPU) under ``system/`` until the block ends.

        A thread of this process reads it each ``every_s`` seconds and is gone with the block. GPUs are read where
        ``nvidia-ml-py`` is installed. A run that is taken up again goes on where its curves ended.
        """
        from mlflow.system_metrics.system_metrics_monitor import SystemMetricsMonitor

        watching = SystemMetricsMonitor(run, sampling_interval=every_s, resume_logging=True, tracking_uri=self.uri)
        watching.start()
        try:
            yield
        finally:
            watching.finish()

    def log_params(self, run: str, params: Mapping[str, str]) -> None:
        """Log parameters that the run does not have yet; MLflow's are written once."""
        from mlflow.entities import Param

        client = self.client()
        known = client.get_run(run).data.params
        fresh = [Param(key, value[:LONGEST_PARAM]) for key, value in sorted(params.items()) if key not in known]
        client.log_batch(run, params=fresh)

    def log_datasets(self, run: str, datasets: Iterable[TrackedDataset]) -> None:
        """Log the tables that the run is made from, with their digests (MLflow keeps 36 characters of one)."""
        from mlflow.data.code_dataset_source import CodeDatasetSource
        from mlflow.data.meta_dataset import MetaDataset
        from mlflow.entities import DatasetInput, InputTag

        inputs = []
        for dataset in datasets:
            source = CodeDatasetSource({"addendum.digest": dataset.digest, "addendum.rows": str(dataset.rows)})
            entity = MetaDataset(source=source, name=dataset.name, digest=dataset.digest[:36])._to_mlflow_entity()  # noqa: SLF001
            inputs.append(DatasetInput(dataset=entity, tags=[InputTag("mlflow.data.context", dataset.context)]))
        self.client().log_inputs(run, datasets=inputs)

    def log_scorecard(self, run: str, scorecard: Scorecard) -> None:
        """Log every score as ``<role>.<slice>.<metric>``."""
        client = self.client()
        for score in scorecard.scores:
            client.log_metric(run, f"{score.role}.{score.slice}.{score.metric}", score.value)

    def log_files(self, run: str, files: Iterable[Path], folder: str) -> None:
        """Attach files; those that do not exist are left out."""
        client = self.client()
        for file in files:
            if file.exists():
                client.log_artifact(run, str(file), folder)

    def list_files(self, domain: DomainName) -> Iterator[tuple[str, str]]:
        """Yield the run and the path of every file attached to a run of the domain."""
        client = self.client()
        experiment = client.get_experiment_by_name(domain)
        for run in _page_runs(client, experiment.experiment_id) if experiment else ():
            waiting = [""]
            while waiting:
                for one in client.list_artifacts(run, waiting.pop() or None):
                    if one.is_dir:
                        waiting.append(one.path)
                    else:
                        yield run, one.path

    def read_file(self, run: str, path: str) -> bytes:
        """Return the content of an attached file."""
        with TemporaryDirectory(prefix="addendum-") as folder:
            return Path(self.client().download_artifacts(run, path, folder)).read_bytes()

    def remove_file(self, run: str, path: str) -> None:
        """Take an attached file away."""
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        root = self.client().get_run(run).info.artifact_uri
        get_artifact_repository(root, tracking_uri=self.uri).delete_artifacts(path)

    def log_metrics(self, run: str, metrics: Mapping[str, float]) -> None:
        """Set single figures of the run, in one call."""
        from mlflow.entities import Metric
        from mlflow.utils.time import get_current_time_millis

        now = get_current_time_millis()
        self.client().log_batch(run, metrics=[Metric(name, value, now, 0) for name, value in sorted(metrics.items())])

    def add_metrics(self, run: str, metrics: Mapping[str, float], tags: Mapping[str, str]) -> bool:
        """Add to single figures and set tags; return whether MLflow took them, since what is shown must stop nothing."""
        from mlflow.exceptions import MlflowException

        try:
            before = self.read_metrics(run, "")
            self.log_metrics(run, {name: before.get(name, 0.0) + value for name, value in metrics.items()})
            self.tag(run, tags)
        except MlflowException:
            return False
        return True

    def read_metrics(self, run: str, prefix: str) -> Mapping[str, float]:
        """Return the last value of each metric whose name begins with ``prefix``."""
        found = self.client().get_run(run).data.metrics
        return {name: float(value) for name, value in found.items() if name.startswith(prefix)}

    def tag(self, run: str, tags: Mapping[str, str]) -> None:
        """Set tags."""
        from mlflow.entities import RunTag

        self.client().log_batch(run, tags=[RunTag(key, value) for key, value in sorted(tags.items())])

    def read_tag(self, run: str, key: str) -> str | None:
        """Return a tag of the run, ``None`` where it has none of that name."""
        found = self.client().get_run(run).data.tags.get(key)
        return None if found is None else str(found)

    def find_tag(self, domain: DomainName, run_id: RunId, key: str) -> str | None:
        """Return a tag of this retraining's run; ``None`` where MLflow has no such run or tag any more."""
        client = self.client()
        experiment = client.get_experiment_by_name(domain)
        found = client.search_runs([experiment.experiment_id], f"tags.`{RUN_TAG}` = '{run_id}'") if experiment else []
        return found[0].data.tags.get(key) if found else None

    def close_run(self, run: str, *, is_failed: bool = False) -> None:
        """End the run."""
        self.client().set_terminated(run, "FAILED" if is_failed else "FINISHED")

    def _experiment(self, client: MlflowClient, domain: DomainName) -> str:
        found = client.get_experiment_by_name(domain)
        if found is not None:
            return str(found.experiment_id)
        return str(client.create_experiment(domain, artifact_location=f"{self.artifacts.rstrip('/')}/{domain}"))


def _page_runs(client: MlflowClient, experiment: str) -> Iterator[str]:
    token = None
    while True:
        page = client.search_runs([experiment], page_token=token)
        yield from (str(run.info.run_id) for run in page)
        token = page.token
        if not token:
            return
