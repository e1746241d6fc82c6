"""``python -m pipelines STAGE DOMAIN`` as DVC calls it: one line when it refuses, and no life beyond the flow that started it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from pipelines.__main__ import ORPHANED, main
from pipelines.catalog import BLIND, StageName
from pipelines.files import write_json
from pipelines.workspace import Workspace
from tests.builders.domains import LOOK, build_pin
from tests.builders.installations import REPOSITORY, build_params
from tests.builders.places import DOMAIN, in_environment

WAITING = """
import sys, time
from pipelines.__main__ import end_with
end_with(int(sys.argv[1]))
print('on', flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def _apart(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(build_params(tmp_path)), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("ADDENDUM_HOME", str(tmp_path / "home"))


def call(*arguments: str) -> int:
    with in_environment({}):
        return main(list(arguments))


@pytest.mark.parametrize("arguments", [(), ("snapshot",), ("bake", "clinical"), ("snapshot", "clinical", "now")])
def test_a_wrong_call_is_answered_with_the_right_one(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert call(*arguments) == 2
    assert capsys.readouterr().err.startswith("usage: python -m pipelines STAGE DOMAIN, where STAGE is one of snapshot, curate")


def test_a_refusal_is_one_line_that_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("snapshot", "clinical") == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("snapshot clinical: ")
    assert "addendum pin" in line


@pytest.mark.parametrize("stage", [stage for stage in StageName if stage not in BLIND])
def test_a_look_of_other_inputs_is_refused_before_anything_is_scored(
    stage: StageName, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    shutil.copytree(REPOSITORY / "pipelines", tmp_path / "pipelines", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("dvc.yaml", "constraints.txt"):
        shutil.copyfile(REPOSITORY / name, tmp_path / name)
    write_json(Workspace(tmp_path).of(DOMAIN).pin, build_pin(look=LOOK))
    assert call(stage, DOMAIN) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "reserved for other inputs" in line
    assert f"`addendum pin {DOMAIN}`" in line


def test_a_stage_that_scores_nothing_asks_for_no_look(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    write_json(Workspace(tmp_path).of(DOMAIN).pin, build_pin(look=LOOK))
    assert call("curate", DOMAIN) == 1
    assert "revisions.parquet is missing" in capsys.readouterr().err


def test_an_unknown_domain_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert call("snapshot", "dental") == 1
    assert "no domain 'dental'" in capsys.readouterr().err


def test_a_folder_that_is_no_workspace_is_refused(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "params.yaml").unlink()
    assert call("snapshot", "clinical") == 1
    assert "run inside a clone" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["ADDENDUM_CHECKPOINT_SECONDS", "ADDENDUM_FLOW_PROCESS", "RANK"])
def test_a_variable_that_cannot_be_read_is_named_and_its_value_is_not(name: str) -> None:
    with in_environment({name: "soon", "PYTHONPATH": str(REPOSITORY)}):
        command = [sys.executable, "-m", "pipelines", "snapshot", "clinical"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"snapshot clinical: {name}: ")
    assert line.endswith("set it right, or unset it")
    assert "soon" not in line


def test_threads_are_bound_before_anything_numeric_is_imported() -> None:
    code = (
        "import os, sys\n"
        "import pipelines.catalog as catalog\n"
        "def look(*_): print(os.environ['OMP_NUM_THREADS'], 'numpy' in sys.modules, 'torch' in sys.modules)\n"
        "catalog.run_stage = look\n"
        "from pipelines.__main__ import main\n"
        "sys.exit(main(['curate', 'clinical']))\n"
    )
    with in_environment({"OMP_NUM_THREADS": "7", "PYTHONPATH": str(REPOSITORY)}):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1", "False", "False"]


def test_a_stage_ends_when_its_flow_is_gone() -> None:
    with (
        subprocess.Popen(["sleep", "300"]) as flow,
        subprocess.Popen([sys.executable, "-c", WAITING, str(flow.pid)], cwd=REPOSITORY, stdout=subprocess.PIPE) as stage,
    ):
        assert stage.stdout is not None
        assert stage.stdout.readline() == b"on\n"
        flow.kill()
        flow.wait()
        assert stage.wait(20) == ORPHANED


def test_a_stage_whose_flow_is_gone_already_does_not_begin() -> None:
    with subprocess.Popen(["true"]) as flow:
        flow.wait()
    done = subprocess.run([sys.executable, "-c", WAITING, str(flow.pid)], cwd=REPOSITORY, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (ORPHANED, b"")
