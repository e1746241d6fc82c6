"""Each examination finds the fault that it is there for, and says what to do about it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from flows.cloning import clone_workspace
from flows.diagnosis import Examination, examine
from flows.places import Place
from pipelines.domain.events import Kind
from pipelines.files import write_bytes
from pipelines.keys import KeptKey, seal_key
from pipelines.split.params import SplitParams
from tests.builders.installations import REPOSITORY
from tests.builders.ledgers import open_raw
from tests.builders.places import DOMAIN, Shared, build_place, with_section


def examinations(place: Place) -> dict[str, Examination]:
    return {finding.subject: finding for finding in examine(place)}


@pytest.fixture(scope="module")
def healthy(shared: Shared, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Examination]:
    return examinations(build_place(shared, tmp_path_factory.mktemp("healthy")))


@pytest.mark.parametrize("subject", ["Python", "git", "disk", "ledger", "MLflow", "Prefect", "DVC remote", "device"])
def test_a_healthy_machine_passes(healthy: dict[str, Examination], subject: str) -> None:
    assert healthy[subject].is_well, healthy[subject]
    assert healthy[subject].advice == ""


def test_the_device_says_what_it_computes_with(healthy: dict[str, Examination]) -> None:
    assert healthy["device"].found.startswith(("cpu (", "cuda: ", "mps", "xpu"))


def test_whatever_is_wrong_comes_with_advice(healthy: dict[str, Examination]) -> None:
    assert all(finding.is_well or finding.advice for finding in healthy.values())


def test_keys_that_stand_in_params_are_told_by_name_and_kept_ones_are_not(place: Place) -> None:
    assert f"{DOMAIN}.split.key in params.yaml" in examinations(place)["keys"].found
    kept = with_section(place, split=SplitParams(key=KeptKey(env="SPLIT_KEY", seal="0" * 64)))
    missing = examinations(kept)["keys"]
    assert (missing.found, missing.is_well) == ("the key SPLIT_KEY is not here", False)
    assert "set the variable SPLIT_KEY" in missing.advice
    seal = seal_key(place.settings.make_key("SPLIT_KEY"))
    whole = with_section(place, split=SplitParams(key=KeptKey(env="SPLIT_KEY", seal=seal)))
    assert examinations(whole)["keys"] == Examination(subject="keys", found="params.yaml holds none")


def test_an_altered_ledger_is_found(place: Place) -> None:
    place.ledger.append(DOMAIN, Kind.RETRAIN_HELD, {"reason": "nothing new"})
    connection = open_raw(place.home.root, is_unguarded=True)
    connection.execute("UPDATE events SET actor = 'nobody'")
    connection.close()
    found = examinations(place)["ledger"]
    assert not found.is_well
    assert "clinical" in found.found
    assert "backup" in found.advice


def test_an_mlflow_that_does_not_answer_is_found_and_its_password_is_not_shown(place: Place) -> None:
    settings = place.settings.model_copy(update={"mlflow_uri": "http://user:secret@127.0.0.1:9"})
    found = examinations(Place(settings, place.workspace, place.params, place.ledger))["MLflow"]
    assert (found.is_well, found.found, found.advice) == (False, "127.0.0.1:9 does not answer", "check ADDENDUM_MLFLOW_URI")


def test_uncommitted_params_and_other_versions_are_found(place: Place, tmp_path: Path) -> None:
    workspace = clone_workspace(REPOSITORY, tmp_path / "clone", {"params.yaml": b"domains: []\n"})
    write_bytes(workspace.root / "params.yaml", b"domains: [a]\n")
    write_bytes(workspace.root / "constraints.txt", b"torch==0.0.1\nSQLAlchemy==0.1\n")
    found = examinations(Place(place.settings, workspace, place.params, place.ledger))
    assert found["git"].advice == "a run is made from HEAD and does not see them: commit first"
    assert "(tested: 0.0.1)" in found["versions"].found
    assert "sqlalchemy" in found["versions"].found
    assert found["versions"].advice == "pip install -c constraints.txt -e ."


def test_a_copy_without_git_is_found(place: Place, tmp_path: Path) -> None:
    write_bytes(tmp_path / "plain" / "constraints.txt", b"")
    found = examinations(Place(place.settings, type(place.workspace)(tmp_path / "plain"), place.params, place.ledger))["git"]
    assert (found.is_well, found.found) == (False, "this workspace is not a git checkout")


def test_the_diagnosis_itself_imports_no_mlflow_and_no_torch() -> None:
    code = "import sys, flows.diagnosis; assert not {'mlflow', 'torch', 'prefect'} & set(sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY, check=False).returncode == 0
