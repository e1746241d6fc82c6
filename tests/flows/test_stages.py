"""A stage that failed says its last words; one that was killed leaves no process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from flows.stages import _leftover_file, _note_group, end_leftovers, run_in_worktree
from flows.worktrees import Worktree, open_worktree, run_git
from pipelines.catalog import StageName
from pipelines.domain.errors import PreemptedError, StageError
from pipelines.domain.identities import RunId
from pipelines.files import write_bytes
from pipelines.workspace import Home, Workspace
from tests.builders.places import DOMAIN

STAGE = "stages:\n  snapshot:\n    matrix:\n      domain: [clinical]\n    cmd: {}\n"


def build_tree(root: Path, command: str) -> Worktree:
    """A workspace with one stage, which runs ``command``."""
    workspace = root / "workspace"
    write_bytes(workspace / "dvc.yaml", STAGE.format(command).encode())
    write_bytes(workspace / ".dvc" / "config", b"[core]\n    analytics = false\n")
    write_bytes(workspace / ".dvc" / ".gitignore", b"/config.local\n/tmp\n")
    run_git(workspace, "init", "--quiet")
    run_git(workspace, "add", "--all")
    run_git(workspace, "commit", "--quiet", "--message", "all")
    return open_worktree(Workspace(workspace), Home(root / "home"), DOMAIN, RunId("run"))


def is_alive(process: int) -> bool:
    return psutil.pid_exists(process) and psutil.Process(process).status() != psutil.STATUS_ZOMBIE


def await_end(process: int, patience_s: float = 60.0) -> bool:
    deadline = time.monotonic() + patience_s
    while is_alive(process) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not is_alive(process)


def test_what_a_stage_says_is_passed_on_line_by_line(tmp_path: Path) -> None:
    lines: list[str] = []
    done = run_in_worktree(build_tree(tmp_path, "echo first && echo second"), StageName.SNAPSHOT, {}, lines.append)
    assert lines.index("first") < lines.index("second")
    assert not done.is_cached
    assert done.seconds > 0


def test_a_stage_that_failed_says_its_last_words(tmp_path: Path) -> None:
    tree = build_tree(tmp_path, "echo the pin is missing && exit 3")
    with pytest.raises(StageError, match=r"snapshot of clinical failed \(run run\):.*the pin is missing"):
        run_in_worktree(tree, StageName.SNAPSHOT, {}, lambda _: None)
    assert not _leftover_file(tree).exists()


@pytest.mark.parametrize("how", ["exit 75", "kill -TERM $$"])
def test_a_stage_that_was_asked_to_end_is_told_from_one_that_failed(tmp_path: Path, how: str) -> None:
    with pytest.raises(PreemptedError, match=r"snapshot of clinical was asked to end \(run run\): it goes on when"):
        run_in_worktree(build_tree(tmp_path, how), StageName.SNAPSHOT, {}, lambda _: None)


@pytest.mark.parametrize("how", ["exit 1", "echo ERROR exited with 75 && exit 2", "kill -9 $$"])
def test_a_stage_that_failed_is_not_tried_again(tmp_path: Path, how: str) -> None:
    with pytest.raises(StageError) as caught:
        run_in_worktree(build_tree(tmp_path, how), StageName.SNAPSHOT, {}, lambda _: None)
    assert not isinstance(caught.value, PreemptedError)


def test_a_signal_to_the_whole_group_lets_the_stage_keep_its_state(tmp_path: Path) -> None:
    """DVC dies of it at once; what the stage still does is waited for."""
    script = tmp_path / "stage.sh"
    script.write_text(
        f"trap 'sleep 1; echo kept > {tmp_path}/kept; exit 75' TERM\necho ready\nsleep 30 & wait\n", encoding="utf-8"
    )
    tree = build_tree(tmp_path, f"sh {script}")

    def listen(line: str) -> None:
        if line == "ready":
            os.killpg(int(_leftover_file(tree).read_text(encoding="utf-8").split()[0]), signal.SIGTERM)

    with pytest.raises(PreemptedError):
        run_in_worktree(tree, StageName.SNAPSHOT, {}, listen)
    assert (tmp_path / "kept").exists()


def test_a_flow_that_ends_gives_its_stage_time_to_keep_its_state(tmp_path: Path) -> None:
    script = tmp_path / "stage.sh"
    script.write_text(
        f"trap 'sleep 1; echo kept > {tmp_path}/kept; exit 75' TERM\necho ready\nsleep 30 & wait\n", encoding="utf-8"
    )

    def fail(line: str) -> None:
        if line == "ready":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_in_worktree(build_tree(tmp_path, f"sh {script}"), StageName.SNAPSHOT, {}, fail)
    assert (tmp_path / "kept").exists()


def test_a_stage_is_told_who_runs_it_and_in_what_environment(tmp_path: Path) -> None:
    lines: list[str] = []
    tree = build_tree(tmp_path, "echo flow $ADDENDUM_FLOW_PROCESS of $ADDENDUM_HOME")
    run_in_worktree(tree, StageName.SNAPSHOT, {"ADDENDUM_HOME": "a-home"}, lines.append)
    assert f"flow {os.getpid()} of a-home" in lines


def test_a_listener_that_fails_ends_the_stage_with_it(tmp_path: Path) -> None:
    tree = build_tree(tmp_path, "echo $$ > ../../../number && echo ready && sleep 300")

    def fail(line: str) -> None:
        if line == "ready":
            raise RuntimeError("the page is gone")

    with pytest.raises(RuntimeError, match="the page is gone"):
        run_in_worktree(tree, StageName.SNAPSHOT, {}, fail)
    (number,) = tmp_path.rglob("number")
    assert await_end(int(number.read_text(encoding="utf-8")))


def test_what_a_killed_flow_left_running_is_ended(tmp_path: Path) -> None:
    tree = Worktree(tmp_path / "tree", DOMAIN, RunId("run"))
    with subprocess.Popen(["sh", "-c", "sleep 300 & echo $! && wait"], start_new_session=True, stdout=subprocess.PIPE) as left:
        assert left.stdout is not None
        child = int(left.stdout.readline())
        _note_group(tree, left.pid)
        end_leftovers(tree)
        assert await_end(child)
        assert await_end(left.pid)
        left.wait()
    assert not _leftover_file(tree).exists()
    end_leftovers(tree)


def test_children_are_ended_although_their_leader_is_gone(tmp_path: Path) -> None:
    tree = Worktree(tmp_path / "tree", DOMAIN, RunId("run"))
    with subprocess.Popen(["sh", "-c", "sleep 300 & echo $!; read _"], start_new_session=True, stdin=-1, stdout=-1) as left:
        assert left.stdout is not None
        child = int(left.stdout.readline())
        _note_group(tree, left.pid)
        left.kill()
        left.wait()
        assert is_alive(child)
        end_leftovers(tree)
        assert await_end(child)


def test_another_process_that_got_the_same_number_is_left_alone(tmp_path: Path) -> None:
    tree = Worktree(tmp_path / "tree", DOMAIN, RunId("run"))
    with subprocess.Popen(["sleep", "300"], start_new_session=True) as stranger:
        _leftover_file(tree).write_text(f"{stranger.pid} 1000.0", encoding="utf-8")
        end_leftovers(tree)
        assert is_alive(stranger.pid)
        stranger.kill()


def test_a_killed_flow_leaves_no_stage_behind_once_it_is_started_again(tmp_path: Path) -> None:
    tree = build_tree(tmp_path, "if [ -e ../../../again ]; then echo done; else touch ../../../again; sleep 300; fi")
    code = (
        "import sys\nfrom pathlib import Path\nfrom flows.stages import run_in_worktree\nfrom flows.worktrees import Worktree\n"
        "from pipelines.catalog import StageName\n"
        f"run_in_worktree(Worktree(Path({str(tree.root)!r}), 'clinical', 'run'), StageName.SNAPSHOT, {{}}, lambda line: None)\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], start_new_session=True) as flow:
        deadline = time.monotonic() + 240
        while not list(tmp_path.rglob("again")) and time.monotonic() < deadline:
            time.sleep(0.05)
        group = int(_leftover_file(tree).read_text(encoding="utf-8").split()[0])
        flow.kill()
    assert is_alive(group)
    run_in_worktree(tree, StageName.SNAPSHOT, {}, lambda _: None)
    assert not [each for each in psutil.process_iter(["pid"]) if _group_of(each.pid) == group]


def _group_of(process: int) -> int | None:
    try:
        return os.getpgid(process) if is_alive(process) else None
    except (ProcessLookupError, psutil.NoSuchProcess):
        return None
