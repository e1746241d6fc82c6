"""What is dear to make is made once: a clone, an empty MLflow database, a whole retraining, and one Prefect server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from flows.conclusions import Conclusion
from flows.landing import look_at_source
from flows.places import Place
from flows.retraining import Start, conclude_retraining, start_retraining, track_inputs, worktree
from flows.stages import StageRun, run_in_worktree
from flows.worktrees import Worktree, run_git
from pipelines.catalog import StageName
from pipelines.tracking import Tracker
from tests.builders.installations import build_installation, build_records
from tests.builders.places import DOMAIN, Shared, build_place, inbox_of
from tests.builders.shelves import write_lines


@dataclass(frozen=True, slots=True)
class Retrained:
    """A domain after one retraining, and what its steps said."""

    place: Place
    start: Start
    stages: tuple[StageRun, ...]
    lines: tuple[str, ...]
    conclusion: Conclusion
    before: tuple[str, str, str]

    @property
    def tree(self) -> Worktree:
        assert self.start.run_id is not None
        return worktree(self.place, DOMAIN, self.start.run_id)


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Shared:
    root = tmp_path_factory.mktemp("shared")
    with build_installation(root) as installation:
        workspace = installation.workspace
    database = root / "mlflow.db"
    Tracker(f"sqlite:///{database}", root.as_uri()).client().search_experiments()
    return Shared(workspace, database)


@pytest.fixture
def place(shared: Shared, tmp_path: Path) -> Place:
    return build_place(shared, tmp_path)


def describe_tree(root: Path) -> tuple[str, str, str]:
    """The user's branch, index and files, as git sees them."""
    return (
        run_git(root, "symbolic-ref", "HEAD") + run_git(root, "rev-parse", "HEAD"),
        run_git(root, "ls-files", "--stage"),
        run_git(root, "status", "--porcelain", "--ignored"),
    )


def run_stage(place: Place, tree: Worktree, stage: StageName, lines: list[str] | None = None, mlflow_run: str = "") -> StageRun:
    environment = {"ADDENDUM_HOME": str(place.home.root), "ADDENDUM_WORKSPACE": str(tree.root), "OMP_NUM_THREADS": "1"}
    if mlflow_run:
        environment["ADDENDUM_MLFLOW_RUN"] = mlflow_run
    return run_in_worktree(tree, stage, environment, [].append if lines is None else lines.append)


@pytest.fixture(scope="session")
def retrained(tmp_path_factory: pytest.TempPathFactory) -> Retrained:
    root = tmp_path_factory.mktemp("retrained")
    with build_installation(root) as installation:
        shared = Shared(installation.workspace, root / "mlflow.db")
    Tracker(f"sqlite:///{shared.database}", root.as_uri()).client().search_experiments()
    place = build_place(shared, root)
    (inbox_of(place) / "first.jsonl").write_bytes(write_lines(*build_records(90)))
    look_at_source(place, DOMAIN, "folder")
    before = describe_tree(shared.workspace)
    start = start_retraining(place, DOMAIN, None)
    assert start.run_id is not None
    mlflow_run = track_inputs(place, DOMAIN, start.run_id)
    tree, lines = worktree(place, DOMAIN, start.run_id), list[str]()
    stages = tuple(run_stage(place, tree, stage, lines, mlflow_run) for stage in StageName)
    conclusion = conclude_retraining(place, DOMAIN, start.run_id)
    return Retrained(place, start, stages, tuple(lines), conclusion, before)


@pytest.fixture(scope="session")
def prefect_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    home = tmp_path_factory.mktemp("prefect")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PREFECT_HOME", str(home))
        patch.setenv("PREFECT_PROFILES_PATH", str(home / "profiles.toml"))
        from prefect.testing.utilities import prefect_test_harness
    with prefect_test_harness(server_startup_timeout=240):
        yield
