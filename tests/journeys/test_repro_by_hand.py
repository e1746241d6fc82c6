"""What a flow made, DVC makes again by hand: nothing to run where the cache is shared, and the same bytes where it is empty.

The commands are the real ones, as somebody at a terminal would give them.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from flows.pinning import lay_out
from flows.places import Place
from flows.worktrees import Worktree, configure_dvc, run_git
from pipelines.catalog import StageName
from pipelines.domain.identities import DomainName
from pipelines.domain.pins import Pin
from pipelines.domain.verdicts import Verdict
from pipelines.files import digest_folder, read_json
from pipelines.workspace import Home, Workspace
from tests.builders.installations import Installation, build_installation, build_params, build_records
from tests.builders.news import build_news
from tests.builders.retrainings import retrain_by_steps

DOMAIN = DomainName("clinical")
ADDENDUM = ("python", "-m", "flows.cli")
"""The command line of the checkout that it is called in, whatever is installed."""
MADE = ("snapshot", "curated", "splits", "model", "training", "scores", "verdict")
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@dataclass(frozen=True, slots=True)
class Served:
    """An installation whose second champion serves, and the run that made it."""

    installation: Installation
    place: Place
    tree: Worktree


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("served")
    params = build_params(root / "inbox", train={"threads": 1, "learner": {"kind": "linear", "strength": 10.0}})
    with build_installation(root, params) as installation:
        installation.drop("first", build_records(120))
        retrain_by_steps(installation.place(), DOMAIN)
        installation.drop("second", [*build_news(120, first=120), *build_amendments(12)])
        tree = retrain_by_steps(installation.place(), DOMAIN)
        yield Served(installation, installation.place(), tree)


def build_amendments(count: int) -> list[dict[str, Any]]:
    """The second version of records that the first drop brought: what currency is asked about."""
    reviewed = "The class was confirmed in a review."
    return [{**one, "text": f"{one['text']} {reviewed}", "published_at": "2026-02-05"} for one in build_records(count)]


def call(folder: Path, *command: str) -> str:
    """Run a command of this environment in ``folder`` as a person would, and return what it said."""
    done = run(folder, *command)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout + done.stderr


def refuse(folder: Path, *command: str) -> str:
    """Run a command that must not succeed, and return what it said."""
    done = run(folder, *command)
    assert done.returncode != 0
    return done.stdout + done.stderr


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    here = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{here}{os.pathsep}{os.environ['PATH']}", "ADDENDUM_WORKSPACE": str(folder)}
    return subprocess.run(
        [str(here / command[0]), *command[1:]], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def check_out_champion(served: Served, root: Path, home: Home) -> Workspace:
    """A checkout of the champion's branch, with the weights that its pin names laid beside the pin."""
    run_git(served.installation.workspace, "worktree", "add", "--detach", str(root), f"addendum/champion/{DOMAIN}")
    configure_dvc(root, home)
    workspace = Workspace(root)
    folder = workspace.of(DOMAIN)
    lay_out(served.place, DOMAIN, read_json(folder.pin, Pin), folder)
    assert run_git(root, "status", "--porcelain") == ""
    return workspace


def read_lock(root: Path) -> dict[str, Any]:
    stages: dict[str, Any] = yaml.safe_load((root / "dvc.lock").read_text(encoding="utf-8"))["stages"]
    return {name: stage for name, stage in stages.items() if name.endswith(f"@{DOMAIN}")}


def digest_made(workspace: Workspace) -> dict[str, str]:
    return {name: digest_folder(workspace.of(DOMAIN).root / name) for name in MADE}


@pytest.fixture(scope="module")
def workspace(served: Served) -> Path:
    root = served.installation.workspace
    call(root, *ADDENDUM, "pin", DOMAIN)
    call(root, "dvc", "repro", f"judge@{DOMAIN}")
    run_git(root, "add", "dvc.lock", f"data/{DOMAIN}/pin.json")
    run_git(root, "commit", "--quiet", "--message", "as it is")
    return root


def test_where_the_cache_is_shared_the_champions_branch_has_nothing_to_run(served: Served, tmp_path: Path) -> None:
    workspace = check_out_champion(served, tmp_path / "tree", served.place.home)
    said = call(workspace.root, "dvc", "repro", f"judge@{DOMAIN}")
    assert "Running stage" not in said
    assert digest_made(workspace) == digest_made(Workspace(served.tree.root))
    assert json.loads(call(workspace.root, "dvc", "status", "--json", f"judge@{DOMAIN}")) == {}
    assert run_git(workspace.root, "status", "--porcelain") == ""
    page = draw(workspace.root)
    assert f"Training loss of {DOMAIN}" in page
    assert f"Currency of {DOMAIN}" in page


def test_where_the_cache_is_empty_all_runs_again_and_comes_out_the_same(served: Served, tmp_path: Path) -> None:
    workspace = check_out_champion(served, tmp_path / "tree", Home(tmp_path / "another home"))
    expected = read_lock(served.tree.root)
    (workspace.root / "dvc.lock").unlink()
    said = call(workspace.root, "dvc", "repro", f"judge@{DOMAIN}")
    assert [stage for stage in StageName if f"Running stage '{stage}@{DOMAIN}'" in said] == list(StageName)
    assert digest_made(workspace) == digest_made(Workspace(served.tree.root))
    assert read_lock(workspace.root) == expected


def change_seed(params: dict[str, Any], _: Path) -> None:
    params["train"]["seed"] = 99


def drop_a_gate(params: dict[str, Any], _: Path) -> None:
    del params["judge"]["gates"][1]


def change_a_learner(_: dict[str, Any], root: Path) -> None:
    """In a way that changes no byte of the model: the code is what the look is bound to."""
    learner = root / "pipelines" / "learners" / "linear_fitting.py"
    learner.write_text(learner.read_text(encoding="utf-8") + "# tuned\n", encoding="utf-8")


@pytest.mark.parametrize("change", [change_seed, drop_a_gate, change_a_learner])
def test_whoever_changes_a_run_by_hand_does_not_see_the_holdout(
    served: Served, tmp_path: Path, change: Callable[[dict[str, Any], Path], None]
) -> None:
    workspace = check_out_champion(served, tmp_path / "tree", served.place.home)
    params = yaml.safe_load(workspace.params.read_text(encoding="utf-8"))
    change(params[DOMAIN], workspace.root)
    workspace.params.write_text(yaml.safe_dump(params, sort_keys=False), encoding="utf-8")
    said = refuse(workspace.root, "dvc", "repro", f"judge@{DOMAIN}")
    assert "its look at the holdout was reserved for other inputs" in said
    assert f"`addendum pin {DOMAIN}`" in said
    made = workspace.of(DOMAIN)
    assert not (made.verdict / "verdict.json").exists()
    call(workspace.root, *ADDENDUM, "pin", DOMAIN)
    call(workspace.root, "dvc", "repro", f"judge@{DOMAIN}")
    assert read_json(made.verdict / "verdict.json", Verdict).look is None


def test_a_checked_out_champion_is_laid_out_by_the_command(served: Served, tmp_path: Path) -> None:
    root = tmp_path / "tree"
    run_git(served.installation.workspace, "worktree", "add", "--detach", str(root), f"addendum/champion/{DOMAIN}")
    call(root, *ADDENDUM, "pin", DOMAIN, "--as-is")
    call(root, "dvc", "repro", f"judge@{DOMAIN}")
    assert digest_made(Workspace(root)) == digest_made(Workspace(served.tree.root))


class TestInTheUsersOwnWorkspace:
    """After ``addendum pin``: the commands that somebody tries an idea with."""

    def test_a_pin_by_hand_has_no_look_and_its_candidate_is_held(self, workspace: Path) -> None:
        folder = Workspace(workspace).of(DOMAIN)
        assert read_json(folder.pin, Pin).look is None
        verdict = json.loads((folder.verdict / "verdict.json").read_text(encoding="utf-8"))
        assert verdict["decision"] == "hold"

    def test_what_is_learned_by_hand_is_what_the_flow_learned_from_the_same_corpus(self, served: Served, workspace: Path) -> None:
        before, by_hand = read_lock(served.tree.root), read_lock(workspace)
        for stage in (StageName.SNAPSHOT, StageName.CURATE, StageName.SPLIT):
            assert by_hand[f"{stage}@{DOMAIN}"] == before[f"{stage}@{DOMAIN}"]
        assert digest_folder(Workspace(workspace).of(DOMAIN).splits) == digest_folder(served.tree.folder.splits)

    def test_another_parameter_shows_in_params_metrics_and_plots(self, workspace: Path) -> None:
        said = call(workspace, "dvc", "exp", "run", "-S", f"{DOMAIN}.train.learner.strength=0.001", f"judge@{DOMAIN}")
        assert f"Running stage 'train@{DOMAIN}'" in said
        assert f"Running stage 'split@{DOMAIN}'" not in said
        changed = json.loads(call(workspace, "dvc", "params", "diff", "--json"))
        assert list(changed["params.yaml"]) == [f"{DOMAIN}.train.learner.strength"]
        metrics = json.loads(call(workspace, "dvc", "metrics", "diff", "--json"))
        differences = metrics[f"data/{DOMAIN}/scores/metrics.json"]
        assert any(abs(one["diff"]) > 0 for one in differences.values())

    def test_the_curve_is_drawn(self, workspace: Path) -> None:
        assert f"Training loss of {DOMAIN}" in draw(workspace)

    def test_git_sees_nothing_of_the_data(self, workspace: Path) -> None:
        assert run_git(workspace, "ls-files", "data") == f"data/{DOMAIN}/pin.json"
        assert not [line for line in run_git(workspace, "status", "--porcelain").splitlines() if "data/" in line]


def draw(root: Path) -> str:
    drawn = root / ".addendum" / "drawn"
    drawn.parent.mkdir(exist_ok=True)
    call(root, "dvc", "plots", "show", "--out", str(drawn))
    return (drawn / "index.html").read_text(encoding="utf-8")
