"""A retraining that is killed in the middle of its training leaves nothing running, and started again ends the same."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from flows.places import Place, open_place
from flows.watch import watch
from pipelines.catalog import StageName
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import DomainName, RunId
from pipelines.files import digest_folder
from pipelines.ledger.champions import champion
from pipelines.ledger.retrainings import open_retraining
from pipelines.settings import Settings
from pipelines.workspace import DomainFolder, Workspace
from tests.builders.installations import build_installation, build_params, build_records
from tests.builders.plays import serve_prefect

DOMAIN = DomainName("clinical")
PATIENCE_S = 600.0
FAREWELL_S = 15.0
ADDENDUM = Path(sys.executable).parent / "addendum"
LONG_ENOUGH = {"kind": "classifier", "base": "scratch:tiny", "epochs": 120, "rate": 1e-3, "max_tokens": 48, "batch_tokens": 512}
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1700)]


@dataclass(frozen=True, slots=True)
class Killed:
    """What stood when the process had been killed, and what stands at the end: there, and in the twin that nobody disturbed."""

    place: Place
    twin: Place
    survivors: list[str]
    half_done: dict[str, tuple[int, int]]
    open_run: RunId


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Killed]:
    root = tmp_path_factory.mktemp("killed")
    params = build_params(root / "one" / "inbox", train={"threads": 1, "learner": LONG_ENOUGH})
    with build_installation(root / "one", params) as installation, serve_prefect():
        installation.drop("first", build_records(120))
        watch(DOMAIN)
        # one corpus, copied: its id is a part of what a model is made from
        shutil.copytree(installation.root, root / "two")
        place = installation.place()
        before = {process.pid for process in find_processes(installation.home)}
        flow = start_retraining(installation.home, installation.workspace)
        wait_for(lambda: is_training(place), flow)
        os.killpg(flow.pid, signal.SIGKILL)
        flow.communicate()
        survivors = wait_for_silence(installation.home, before)
        unfinished = open_retraining(place.ledger, DOMAIN)
        assert unfinished is not None
        run_id = RunId(str(unfinished.payload["run"]))
        half_done = note_files(folder_of(place, run_id))
        finish(start_retraining(installation.home, installation.workspace))
        finish(start_retraining(root / "two" / "home", root / "two" / "workspace"))
        twin = open_place(Settings(home=root / "two" / "home", workspace=root / "two" / "workspace"))
        yield Killed(place, twin, survivors, half_done, run_id)


def start_retraining(home: Path, workspace: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "ADDENDUM_HOME": str(home), "ADDENDUM_WORKSPACE": str(workspace)}
    return subprocess.Popen(
        [str(ADDENDUM), "retrain", DOMAIN, "--approve", "R. Okafor"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(flow: subprocess.Popen[str]) -> None:
    said, _ = flow.communicate(timeout=PATIENCE_S * 2)
    assert flow.returncode == 0, said


def wait_for(is_so: Callable[[], bool], flow: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not is_so():
        assert flow.poll() is None, f"it ended too early: {flow.communicate()[0]}"
        assert time.monotonic() < deadline, "the training did not begin"
        time.sleep(0.2)


def is_training(place: Place) -> bool:
    """Tell whether steps have been drawn: the training has begun, and by far not ended.

    The database is read past MLflow, whose client would begin to make the tables that the flow is making just then.
    """
    database = place.home.mlflow / "mlflow.db"
    if not database.is_file():
        return False
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        try:
            return bool(connection.execute("SELECT count(*) FROM metrics WHERE key = 'train.loss'").fetchone()[0])
        except sqlite3.OperationalError:
            return False


def find_processes(home: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get("ADDENDUM_HOME") == str(home) and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def wait_for_silence(home: Path, before: set[int]) -> list[str]:
    """Return what still runs of the killed flow when it has had time to notice."""
    deadline = time.monotonic() + FAREWELL_S
    while True:
        left = [process for process in find_processes(home) if process.pid not in before | {os.getpid()}]
        if not left or time.monotonic() > deadline:
            return [str(process) for process in left]
        time.sleep(0.2)


def folder_of(place: Place, run_id: RunId) -> DomainFolder:
    return Workspace(place.home.run(DOMAIN, run_id)).of(DOMAIN)


def note_files(folder: DomainFolder) -> dict[str, tuple[int, int]]:
    """Which files the stages before the training have made: written again, they would be other files, or later ones."""
    made = [path for part in (folder.snapshot, folder.curated, folder.splits) for path in part.rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_ino, path.stat().st_mtime_ns) for path in made}


def events(place: Place, *kinds: Kind) -> list[Event]:
    return place.ledger.events(DOMAIN, kinds)


def test_nothing_of_the_killed_flow_goes_on_running(killed: Killed) -> None:
    assert killed.survivors == []


def test_it_was_killed_with_the_stages_before_the_training_done(killed: Killed) -> None:
    names = {Path(path).parent.name for path in killed.half_done}
    assert names == {"snapshot", "curated", "splits"}


def test_started_again_it_goes_on_with_the_same_run_and_begins_no_other(killed: Killed) -> None:
    assert [event.payload["run"] for event in events(killed.place, Kind.RETRAIN_STARTED)] == [killed.open_run]
    assert len(events(killed.place, Kind.LOOK_RESERVED)) == 1
    assert open_retraining(killed.place.ledger, DOMAIN) is None


def test_no_stage_before_the_training_ran_again(killed: Killed) -> None:
    assert note_files(folder_of(killed.place, killed.open_run)) == killed.half_done


def test_ends_in_the_same_promotion_as_the_twin_that_nobody_killed(killed: Killed) -> None:
    ours, theirs = (events(place, Kind.PROMOTED) for place in (killed.place, killed.twin))
    assert len(ours) == len(theirs) == 1
    assert {**ours[0].payload} == {**theirs[0].payload}


def test_every_file_that_the_stages_made_is_the_twins(killed: Killed) -> None:
    ours, theirs = (folder_of(place, killed.open_run) for place in (killed.place, killed.twin))
    for stage_folder in ("snapshot", "curated", "splits", "model", "training", "scores", "verdict"):
        assert digest_folder(ours.root / stage_folder) == digest_folder(theirs.root / stage_folder), stage_folder


def test_the_record_is_the_twins_too(killed: Killed) -> None:
    ours, theirs = (killed.place.ledger.events(DOMAIN), killed.twin.ledger.events(DOMAIN))
    assert [event.kind for event in ours] == [event.kind for event in theirs]
    assert killed.place.ledger.verify(DOMAIN) == []


def test_mlflow_shows_one_run_that_is_finished(killed: Killed) -> None:
    client = killed.place.tracker.client()
    experiment = client.get_experiment_by_name(DOMAIN)
    assert experiment is not None
    (run,) = client.search_runs([experiment.experiment_id])
    assert run.info.status == "FINISHED"


def test_the_champion_is_the_model_that_was_made_after_the_kill(killed: Killed) -> None:
    serving = champion(killed.place.ledger, DOMAIN)
    assert serving is not None
    assert digest_folder(folder_of(killed.place, killed.open_run).model) == serving.digest
    assert StageName.TRAIN.value in (killed.place.home.run(DOMAIN, killed.open_run) / "dvc.lock").read_text(encoding="utf-8")
