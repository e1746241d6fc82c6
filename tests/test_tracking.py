"""MLflow is a window: every call is idempotent, and what is shown is what was said."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from pipelines.domain.identities import Digest, DomainName, RunId
from pipelines.domain.models import Role
from pipelines.domain.scorecards import Score, Scorecard, Slice
from pipelines.learners.paces import Progress
from pipelines.learners.protocols import Step
from pipelines.tracking import LONGEST_PARAM, MlflowMonitor, TrackedDataset, Tracker


@pytest.fixture(scope="module")
def tracker(tmp_path_factory: pytest.TempPathFactory) -> Tracker:
    root = tmp_path_factory.mktemp("mlflow")
    return Tracker(f"sqlite:///{root / 'deep' / 'mlflow.db'}", (root / "artifacts").as_uri())


@pytest.fixture
def run(tracker: Tracker, request: pytest.FixtureRequest) -> str:
    return tracker.open_run(DomainName("clinical"), RunId(request.node.name))


def test_a_run_opened_twice_is_one_run(tracker: Tracker) -> None:
    first = tracker.open_run(DomainName("clinical"), RunId("a"))
    assert tracker.open_run(DomainName("clinical"), RunId("a")) == first
    assert tracker.open_run(DomainName("clinical"), RunId("b")) != first
    assert tracker.open_run(DomainName("regulatory"), RunId("a")) != first


def test_a_run_opened_again_after_it_ended_is_running(tracker: Tracker, run: str, request: pytest.FixtureRequest) -> None:
    tracker.close_run(run, is_failed=True)
    assert tracker.client().get_run(run).info.status == "FAILED"
    tracker.open_run(DomainName("clinical"), RunId(request.node.name))
    assert tracker.client().get_run(run).info.status == "RUNNING"
    tracker.close_run(run)
    assert tracker.client().get_run(run).info.status == "FINISHED"


def test_params_logged_twice_stand_and_new_ones_are_added(tracker: Tracker, run: str) -> None:
    tracker.log_params(run, {"train.seed": "7", "long": "x" * 2000})
    tracker.log_params(run, {"train.seed": "8", "judge.alpha": "0.05"})
    assert tracker.client().get_run(run).data.params == {
        "train.seed": "7",
        "judge.alpha": "0.05",
        "long": "x" * LONGEST_PARAM,
    }


def see(monitor: MlflowMonitor, number: int, steps: int, dev_loss: float | None = None, speed: float | None = None) -> None:
    step = Step(step=number, steps=steps, loss=1 / number, rate=0.1, tokens=10 * number, dev_loss=dev_loss)
    monitor.see(Progress(step=step, tokens_per_second=speed, seconds_left=speed))


def test_a_monitor_sends_batches_and_the_last_step_at_once(tracker: Tracker, run: str) -> None:
    now = [100.0]
    monitor = replace(tracker.monitor(run), clock=lambda: now[0])
    sent = []
    for number in range(1, 14):
        see(monitor, number, 13)
        sent.append(len(tracker.client().get_metric_history(run, "train.loss")))
        now[0] += 1
    assert sent == [*[1] * 5, *[6] * 5, *[11] * 2, 13]
    assert [metric.step for metric in tracker.client().get_metric_history(run, "train.tokens")] == list(range(1, 14))


def test_a_dev_loss_is_sent_at_once(tracker: Tracker, run: str) -> None:
    monitor = tracker.monitor(run)
    see(monitor, 1, 99)
    see(monitor, 2, 99, dev_loss=0.5)
    assert tracker.client().get_run(run).data.metrics["train.dev_loss"] == 0.5


def test_the_pace_is_drawn_where_it_is_known(tracker: Tracker, run: str) -> None:
    monitor = tracker.monitor(run)
    see(monitor, 1, 2)
    see(monitor, 2, 2, speed=250.0)
    drawn = {name: tracker.client().get_metric_history(run, f"train.{name}") for name in ("tokens_per_second", "seconds_left")}
    assert {name: [(point.step, point.value) for point in points] for name, points in drawn.items()} == {
        "tokens_per_second": [(2, 250.0)],
        "seconds_left": [(2, 250.0)],
    }


def test_steps_that_come_faster_than_they_are_sent_are_sent_before_mlflow_would_refuse_them(tracker: Tracker, run: str) -> None:
    monitor = replace(tracker.monitor(run), clock=lambda: 0.0)
    for number in range(1, 601):
        see(monitor, number, 601)
    see(monitor, 601, 601)
    assert len(tracker.client().get_metric_history(run, "train.loss")) == 601


def test_a_training_outlives_an_mlflow_that_has_lost_its_run(tracker: Tracker, caplog: pytest.LogCaptureFixture) -> None:
    see(tracker.monitor("0" * 32), 1, 9)
    assert caplog.messages == ["MLflow does not take the training's curve: MlflowException"]


def test_the_machines_load_is_drawn_and_its_thread_goes_with_the_block(tracker: Tracker, run: str) -> None:
    before = set(threading.enumerate())
    for _ in range(2):
        with tracker.watch_system(run, every_s=0.05):
            assert set(threading.enumerate()) > before
            patience = time.monotonic() + 120
            while not tracker.read_metrics(run, "system/") and time.monotonic() < patience:
                time.sleep(0.05)
        assert set(threading.enumerate()) <= before
    found = tracker.read_metrics(run, "system/")
    assert {"system/cpu_utilization_percentage", "system/system_memory_usage_megabytes"} <= found.keys()


def test_the_watching_ends_with_a_training_that_fails(tracker: Tracker, run: str) -> None:
    before = set(threading.enumerate())
    with pytest.raises(ValueError, match="broken"), tracker.watch_system(run, every_s=60):
        raise ValueError("broken")
    assert set(threading.enumerate()) <= before


def test_figures_are_set_set_again_and_read_by_how_they_begin(tracker: Tracker, run: str) -> None:
    tracker.log_metrics(run, {"cost.train.seconds": 3.0, "other": 1.0})
    tracker.log_metrics(run, {"cost.train.seconds": 5.0, "cost.seconds": 6.0})
    assert tracker.read_metrics(run, "cost.") == {"cost.train.seconds": 5.0, "cost.seconds": 6.0}


def test_datasets_carry_their_digests_and_logging_again_adds_none(tracker: Tracker, run: str) -> None:
    datasets = [TrackedDataset(name=name, digest=Digest(name * 64), context="training", rows=3) for name in "ab"]
    tracker.log_datasets(run, datasets)
    tracker.log_datasets(run, datasets)
    found = tracker.client().get_run(run).inputs.dataset_inputs
    assert sorted((each.dataset.name, each.dataset.digest) for each in found) == [("a", "a" * 36), ("b", "b" * 36)]
    assert all("a" * 64 in each.dataset.source or "b" * 64 in each.dataset.source for each in found)
    assert {tag.value for each in found for tag in each.tags} == {"training"}


def test_a_scorecard_is_shown_score_by_score(tracker: Tracker, run: str) -> None:
    score = Score(role=Role.CANDIDATE, slice=Slice.HOLDOUT, metric="accuracy", value=0.75, rows=4)
    tracker.log_scorecard(run, Scorecard(scores=(score,)))
    assert tracker.client().get_run(run).data.metrics == {"candidate.holdout.accuracy": 0.75}


def test_files_are_attached_and_missing_ones_left_out(tracker: Tracker, run: str, tmp_path: Path) -> None:
    (tmp_path / "pin.json").write_text("{}", encoding="utf-8")
    tracker.log_files(run, [tmp_path / "pin.json", tmp_path / "missing.json"], "run")
    assert [file.path for file in tracker.client().list_artifacts(run, "run")] == ["run/pin.json"]


def test_tags_are_set_and_set_again(tracker: Tracker, run: str) -> None:
    tracker.tag(run, {"addendum.reason": "news"})
    tracker.tag(run, {"addendum.reason": "duty"})
    assert tracker.client().get_run(run).data.tags["addendum.reason"] == "duty"


def test_a_tag_is_found_by_the_retraining_and_a_missing_one_is_none(tracker: Tracker) -> None:
    domain = DomainName("clinical")
    assert tracker.find_tag(DomainName("never tracked"), RunId("run"), "key") is None
    run = tracker.open_run(domain, RunId("tagged"))
    assert tracker.find_tag(domain, RunId("tagged"), "key") is None
    tracker.tag(run, {"key": "value"})
    assert tracker.find_tag(domain, RunId("tagged"), "key") == "value"
    assert tracker.find_tag(domain, RunId("another"), "key") is None
