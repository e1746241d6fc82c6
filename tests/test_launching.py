"""What a launcher is told is honoured or refused, never overlooked; and its end is the stage's."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipelines.domain.errors import TRY_AGAIN, ParamsError
from pipelines.files import read_json, write_bytes
from pipelines.launching import join_companions, launch, plan_conduct, refuse_contradictions
from pipelines.learners.classifier import Classifier
from pipelines.learners.linear import Linear
from pipelines.settings import Companions, Settings
from pipelines.train.params import TrainParams
from pipelines.train.training import TrainingReport
from pipelines.workspace import Workspace
from tests.builders.domains import lay_domain
from tests.builders.installations import REPOSITORY, build_params
from tests.builders.places import DOMAIN

TOLD = {
    "ACCELERATE_MIXED_PRECISION": ("fp16", "precision"),
    "ACCELERATE_GRADIENT_ACCUMULATION_STEPS": ("4", "micro_tokens"),
    "ACCELERATE_DYNAMO_BACKEND": ("INDUCTOR", "the learner's parameters"),
    "ACCELERATE_USE_DEEPSPEED": ("true", "ADDENDUM_SHARDED"),
    "ACCELERATE_USE_MEGATRON_LM": ("true", "ADDENDUM_SHARDED"),
    "ACCELERATE_USE_PARALLELISM_CONFIG": ("true", "ADDENDUM_SHARDED"),
}


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Companions.model_fields.values():
        monkeypatch.delenv(str(field.validation_alias), raising=False)


def test_who_was_launched_by_nobody_is_alone() -> None:
    found = Companions()
    assert (found.is_launched, found.is_helper, found.size) == (False, False, 1)
    join_companions(found, TrainParams(learner=Classifier(base="scratch:tiny")))


def test_ranks_are_read_as_the_launchers_write_them(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {"RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "ACCELERATE_USE_FSDP": "true"}.items():
        monkeypatch.setenv(name, value)
    found = Companions()
    assert (found.rank, found.size, found.local_rank, found.is_helper) == (3, 4, 1, True)
    conduct = plan_conduct(Settings(), found)
    assert (conduct.rank, conduct.is_sharded) == (3, True)
    join_companions(found, TrainParams(learner=Linear()))


def test_accelerate_on_the_cpu_hides_the_accelerators(monkeypatch: pytest.MonkeyPatch) -> None:
    assert Companions().bindings == {}
    monkeypatch.setenv("ACCELERATE_USE_CPU", "True")
    assert Companions().bindings == {"CUDA_VISIBLE_DEVICES": ""}


@pytest.mark.parametrize("name", TOLD)
def test_what_would_compute_something_else_is_refused_and_says_what_to_use(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    value, instead = TOLD[name]
    monkeypatch.setenv(name, value)
    with pytest.raises(ParamsError, match=f"which params.yaml does not say: take it out, and use {instead}"):
        refuse_contradictions(Companions(), "bf16")


@pytest.mark.parametrize(("told", "precision"), [("no", "bf16"), ("no", "auto"), ("bf16", "bf16")])
def test_what_agrees_with_the_parameters_passes(told: str, precision: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", told)
    refuse_contradictions(Companions(), precision)


@pytest.mark.parametrize("command", ["", "mpirun -n 2", "python -m x"])
def test_another_launcher_is_refused(command: str) -> None:
    with pytest.raises(ParamsError, match="begin it with torchrun or accelerate"):
        launch(command, ["train", "clinical"])


def test_a_command_with_an_open_quote_is_refused() -> None:
    with pytest.raises(ParamsError, match="ADDENDUM_LAUNCH: No closing quotation"):
        launch("torchrun '--nproc-per-node=2", ["train", "clinical"])


LEARNER = {"kind": "causal_lm", "base": "scratch:tiny", "epochs": 2, "rate": 1e-3, "max_tokens": 32, "batch_tokens": 120}


def lay_workspace(root: Path, **learner: object) -> Path:
    """A workspace whose splits are made, so that ``train`` is the next stage to run."""
    params = build_params(root / "inbox", train={"threads": 1, "learner": {**LEARNER, **learner}})
    write_bytes(root / "params.yaml", yaml.safe_dump(params).encode())
    lay_domain(Workspace(root).of(DOMAIN).root)
    return root


def start(root: Path, command: str | None = None) -> subprocess.Popen[str]:
    launching = {"ADDENDUM_LAUNCH": command} if command else {}
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "ADDENDUM_HOME": str(root / "home"), **launching}
    stage = [sys.executable, "-m", "pipelines", "train", DOMAIN]
    return subprocess.Popen(stage, cwd=root, env=environment, stderr=subprocess.PIPE, text=True)


def read_losses(root: Path) -> list[float]:
    report = read_json(Workspace(root).of(DOMAIN).training / "report.json", TrainingReport)
    assert report.dev_loss is not None
    return [report.loss, report.dev_loss]


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    ["torchrun --standalone --nproc-per-node=2", "accelerate launch --cpu --num_processes 1"],
    ids=["torchrun", "accelerate"],
)
def test_the_stages_own_command_trains_under_a_launcher_what_it_trains_without(command: str, tmp_path: Path) -> None:
    """On the CPU accelerate starts one process; several it leaves to MPI."""
    one, two = lay_workspace(tmp_path / "one"), lay_workspace(tmp_path / "two")
    for root, launcher in ((one, None), (two, command)):
        with start(root, launcher) as process:
            said = process.communicate()[1]
        assert process.returncode == 0, said
        assert said.count("train step 1/") == 1
    assert read_losses(two) == pytest.approx(read_losses(one), abs=2e-3)
    assert not list(two.glob("home/checkpoints/*"))


@pytest.mark.slow
@pytest.mark.parametrize("command", [None, "torchrun --standalone --nproc-per-node=2"], ids=["one process", "torchrun"])
def test_sigterm_asks_to_try_again_and_the_next_try_goes_on(command: str | None, tmp_path: Path) -> None:
    root = lay_workspace(tmp_path, epochs=60)
    with start(root, command) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("train step 9/"):
                process.send_signal(signal.SIGTERM)
                break
        said = process.stderr.read()
    assert process.returncode == TRY_AGAIN
    assert f"train {DOMAIN}: ended as asked after step" in said
    assert not Workspace(root).of(DOMAIN).model.exists()
    with start(root, command) as process:
        said = process.communicate()[1]
    assert process.returncode == 0, said
    assert "train: goes on after step" in said
