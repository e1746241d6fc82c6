"""A stage has one name everywhere; watching a training changes nothing and reaches whoever was named."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest
import yaml

from pipelines.catalog import FITTING, LoggedMonitor, StageName, run_stage, watch_training
from pipelines.domain.errors import ParamsError, WorkspaceError
from pipelines.domain.identities import DomainName, RunId
from pipelines.keys import seal_key
from pipelines.learners.machines import MACHINE_TAG, describe_machine, read_machine
from pipelines.learners.paces import Progress, read_line
from pipelines.learners.protocols import Step
from pipelines.params import DomainParams
from pipelines.settings import Settings
from pipelines.tracking import Tracker
from pipelines.workspace import Workspace
from tests.builders.curations import lay_curated
from tests.builders.installations import REPOSITORY, build_params
from tests.builders.revisions import build_entry

STEP = Step(step=3, steps=8, loss=0.5, rate=0.1, tokens=120, dev_loss=0.75)


def test_a_stage_is_a_folder_a_dvc_stage_and_a_test_folder() -> None:
    declared = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert list(declared) == list(StageName)
    for stage in StageName:
        assert (REPOSITORY / "pipelines" / stage / "__init__.py").is_file()
        assert (REPOSITORY / "tests" / stage).is_dir()
        assert declared[stage]["cmd"] == f"python -m pipelines {stage} ${{item.domain}}"


def test_a_stage_is_hashed_with_its_own_folder() -> None:
    declared = yaml.safe_load((REPOSITORY / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    assert all(f"pipelines/{stage}" in declared[stage]["deps"] for stage in StageName)


def test_only_the_fitting_stages_want_a_gpu() -> None:
    assert FITTING == (StageName.TRAIN, StageName.EVALUATE, StageName.AUDIT)


def test_a_logged_step_is_read_back_as_progress(caplog: pytest.LogCaptureFixture) -> None:
    progress = Progress(step=STEP, tokens_per_second=240.0, seconds_left=2.5)
    with caplog.at_level(logging.INFO, "addendum.stage"):
        LoggedMonitor().see(progress)
    assert caplog.messages == ["train step 3/8 loss 0.5000 rate 0.1 tokens 120 dev loss 0.7500 tokens/s 240.0 left 2.5s"]
    assert read_line(caplog.messages[0]) == progress


def test_without_a_run_only_the_log_watches(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "addendum.stage"), watch_training(Settings(mlflow_run=None), "linear") as monitor:
        monitor.observe(STEP)
    assert read_line(caplog.messages[0]) == Progress(step=STEP)


@pytest.mark.filterwarnings("ignore:The ``noload`` loader strategy")
def test_a_named_run_is_told_too_and_no_thread_is_left(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    tracker = Tracker(settings.tracking_address, settings.artifact_root)
    run = tracker.open_run(DomainName("clinical"), RunId("run"))
    before = set(threading.enumerate())
    with watch_training(settings.model_copy(update={"mlflow_run": run}), "linear") as monitor:
        monitor.observe(STEP)
    assert set(threading.enumerate()) <= before
    assert tracker.client().get_run(run).data.metrics["train.loss"] == 0.5
    noted = tracker.find_tag(DomainName("clinical"), RunId("run"), MACHINE_TAG)
    assert noted is not None
    assert read_machine(noted) == describe_machine("linear")


@pytest.mark.parametrize("stage", [StageName.CURATE, StageName.SPLIT])
def test_a_stage_opens_the_kept_keys_of_its_section_and_refuses_without_them(stage: StageName, tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    key = {"env": "A_KEY_OF_TESTS", "seal": seal_key(settings.make_key("A_KEY_OF_TESTS"))}
    curate = {"steps": [{"kind": "deidentify", "key": key}]}
    params = DomainParams.model_validate(build_params(tmp_path, curate=curate, split={"key": key})["clinical"])
    workspace = Workspace(tmp_path)
    folder = lay_curated(workspace.of(DomainName("clinical")).root, [build_entry("a", text="Write to jo@example.org.")])
    run_stage(stage, DomainName("clinical"), params, workspace, settings)
    written = {StageName.CURATE: folder.curated / "report.json", StageName.SPLIT: folder.splits / "report.json"}[stage]
    assert written.is_file()
    with pytest.raises(ParamsError, match="A_KEY_OF_TESTS"):
        run_stage(stage, DomainName("clinical"), params, workspace, Settings(home=tmp_path / "elsewhere"))


def test_curation_remembers_under_the_home_and_a_folder_for_each_domain(tmp_path: Path) -> None:
    settings, workspace = Settings(home=tmp_path / "home"), Workspace(tmp_path)
    for name in ("clinical", "regulatory"):
        params = DomainParams.model_validate(build_params(tmp_path, curate={})["clinical"])
        lay_curated(workspace.of(DomainName(name)).root, [build_entry("a"), build_entry("b")])
        run_stage(StageName.CURATE, DomainName(name), params, workspace, settings)
    assert sorted(file.parent for file in (tmp_path / "home").rglob("*.arrow")) == [
        settings.place.signatures / "clinical",
        settings.place.signatures / "regulatory",
    ]


@pytest.mark.parametrize("stage", list(StageName))
def test_a_stage_without_its_input_refuses_and_names_what_is_missing(stage: StageName, tmp_path: Path) -> None:
    params = DomainParams.model_validate(build_params(tmp_path)["clinical"])
    settings = Settings(home=tmp_path / "home")
    with pytest.raises(WorkspaceError, match="is missing: run the stage"):
        run_stage(stage, DomainName("clinical"), params, Workspace(tmp_path), settings)


SHIELD = {"kind": "deidentify", "key": "a key of the tests", "identifiers": "safe_harbor"}


@pytest.mark.parametrize("stage", [StageName.TRAIN, StageName.JUDGE])
def test_personal_data_is_neither_trained_on_nor_judged_before_recall_was_measured(stage: StageName, tmp_path: Path) -> None:
    params = DomainParams.model_validate({**build_params(tmp_path, curate={"steps": [SHIELD]})["clinical"], "phi": True})
    with pytest.raises(ParamsError, match="phi: nothing is trained before recall was measured"):
        run_stage(stage, DomainName("clinical"), params, Workspace(tmp_path), Settings(home=tmp_path / "home"))
