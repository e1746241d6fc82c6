"""Killed at any step between its verdict and the alias, a retraining that is started again ends as if nobody had disturbed it."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from flows.concluding import STEPS
from flows.landing import look_at_source
from flows.places import Place, open_place
from flows.promoting import PROMOTION_STEPS
from flows.retraining import start_retraining, track_inputs, worktree
from flows.stages import run_in_worktree
from flows.worktrees import run_git
from pipelines.catalog import StageName
from pipelines.domain.events import Kind
from pipelines.domain.identities import Json
from pipelines.ledger.champions import champion
from tests.builders.installations import build_installation, build_records
from tests.builders.killings import Point, go_on_in_a_process, list_points
from tests.builders.places import DOMAIN, in_environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
POINTS = list_points()
ENVIRONMENT = {
    "ADDENDUM_NOW": "2026-03-01T12:00:00Z",
    "OMP_NUM_THREADS": "1",
    # a connection that is kept would go on reading the database that was put away
    "MLFLOW_SQLALCHEMYSTORE_POOLCLASS": "NullPool",
}


@dataclass(frozen=True, slots=True)
class State:
    """All that a promotion leaves behind, without what tells the time."""

    events: list[tuple[Kind, dict[str, Json]]]
    breaks: list[str]
    serving: tuple[int, str] | None
    aliases: dict[str, int]
    versions: dict[str, int]
    branch: tuple[str, int]
    evidence: set[str]
    runs: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Stand:
    """An installation that can be put back to where its candidate has its verdict and nobody has been told."""

    root: Path
    kept: Path

    def reset(self) -> None:
        shutil.rmtree(self.root)
        shutil.copytree(self.kept, self.root, symlinks=True)


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    root = tmp_path_factory.mktemp("stand")
    with (
        build_installation(root / "there") as installation,
        in_environment(ENVIRONMENT),
    ):
        installation.drop("first", build_records(90))
        bring_to_verdict(open_place())
        shutil.copytree(root / "there", root / "kept", symlinks=True)
        yield Stand(root / "there", root / "kept")


@pytest.fixture(scope="module")
def undisturbed(stand: Stand) -> State:
    stand.reset()
    assert go_on_in_a_process(None) == 0
    return read_state(open_place())


def bring_to_verdict(place: Place) -> None:
    look_at_source(place, DOMAIN, "folder")
    run_id = start_retraining(place, DOMAIN, None).run_id
    assert run_id is not None
    tree = worktree(place, DOMAIN, run_id)
    environment = {
        "ADDENDUM_MLFLOW_RUN": track_inputs(place, DOMAIN, run_id),
        "ADDENDUM_HOME": str(place.home.root),
        "ADDENDUM_WORKSPACE": str(tree.root),
    }
    for stage in StageName:
        run_in_worktree(tree, stage, environment, lambda _: None)


def read_state(place: Place) -> State:
    """A hold is left out: a retraining that finds its candidate judged already says so, once."""
    events = [event for event in place.ledger.events(DOMAIN) if event.kind is not Kind.RETRAIN_HELD]
    serving, root = champion(place.ledger, DOMAIN), place.workspace.root
    branch = f"addendum/champion/{DOMAIN}"
    client = place.tracker.client()
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    return State(
        events=[(event.kind, dict(event.payload)) for event in events],
        breaks=[str(found) for found in place.ledger.verify(DOMAIN)],
        serving=(serving.version, serving.digest) if serving else None,
        aliases=place.registry.aliases(DOMAIN),
        versions=dict(place.registry.list_versions(DOMAIN)),
        branch=(run_git(root, "rev-parse", f"{branch}^{{tree}}"), int(run_git(root, "rev-list", "--count", branch))),
        evidence={path.name for path in place.home.evidence.rglob("*") if path.is_file()},
        runs=[(run.info.run_id, run.info.status) for run in client.search_runs(experiments)],
    )


def test_the_undisturbed_one_ends_with_a_champion_and_nothing_twice(undisturbed: State) -> None:
    assert undisturbed.serving is not None
    assert undisturbed.aliases == {"champion": 1}
    assert undisturbed.breaks == []
    kinds = [kind for kind, _ in undisturbed.events]
    assert len(kinds) == len(set(kinds))
    assert [status for _, status in undisturbed.runs] == ["FINISHED"]


def test_there_is_a_point_for_every_step_before_and_after() -> None:
    assert len(POINTS) == len(set(POINTS)) == 2 * (len(STEPS) + len(PROMOTION_STEPS))


@pytest.mark.parametrize("point", POINTS, ids=str)
def test_killed_there_and_started_again_it_ends_the_same(stand: Stand, undisturbed: State, point: Point) -> None:
    stand.reset()
    assert go_on_in_a_process(point) == -signal.SIGKILL, "the step was not reached"
    assert go_on_in_a_process(None) == 0
    found = read_state(open_place())
    assert found.events == undisturbed.events
    assert found == undisturbed
