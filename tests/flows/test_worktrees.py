"""A run's worktree leaves the user's branch, index and files as they are."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from flows.cloning import clone_workspace
from flows.worktrees import (
    Worktree,
    commit_run,
    move_champion_branch,
    open_worktree,
    params_of,
    read_base,
    refuse_uncommitted,
    run_git,
)
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import RunId
from pipelines.files import write_bytes
from pipelines.workspace import Home, Workspace
from tests.builders.installations import REPOSITORY, build_params
from tests.builders.places import DOMAIN

RUN = RunId("0123456789abcdef")


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    origin = tmp_path / "origin"
    write_bytes(origin / "params.yaml", b"domains: []\n")
    write_bytes(origin / ".gitignore", b"/ignored\n")
    write_bytes(origin / ".dvc" / ".gitignore", b"/config.local\n/tmp\n")
    run_git(origin, "init", "--quiet")
    return clone_workspace(origin, tmp_path / "workspace", {})


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def describe(root: Path) -> tuple[str, ...]:
    return (
        run_git(root, "symbolic-ref", "HEAD"),
        run_git(root, "rev-parse", "HEAD"),
        run_git(root, "ls-files", "--stage"),
        run_git(root, "diff"),
        run_git(root, "status", "--porcelain", "--ignored"),
    )


def make_run(workspace: Workspace, home: Home) -> Worktree:
    tree = open_worktree(workspace, home, DOMAIN, RUN)
    write_bytes(tree.folder.pin, b"{}\n")
    write_bytes(tree.lock, b"stages: {}\n")
    return tree


def test_the_users_branch_index_and_files_stay(workspace: Workspace, home: Home) -> None:
    write_bytes(workspace.root / "params.yaml", b"domains: [changed]\n")
    write_bytes(workspace.root / "staged", b"staged\n")
    run_git(workspace.root, "add", "staged")
    write_bytes(workspace.root / "untracked", b"untracked\n")
    before = describe(workspace.root)
    tree = make_run(workspace, home)
    commit_run(tree, "a run")
    move_champion_branch(workspace, DOMAIN, RUN)
    assert describe(workspace.root) == before
    assert (workspace.root / "params.yaml").read_bytes() == b"domains: [changed]\n"


def test_a_run_is_made_from_head_and_not_from_uncommitted_files(workspace: Workspace, home: Home) -> None:
    write_bytes(workspace.root / "params.yaml", b"domains: [changed]\n")
    tree = open_worktree(workspace, home, DOMAIN, RUN)
    assert (tree.root / "params.yaml").read_bytes() == b"domains: []\n"


def test_opening_again_finds_what_the_run_has_made(workspace: Workspace, home: Home) -> None:
    tree = make_run(workspace, home)
    assert open_worktree(workspace, home, DOMAIN, RUN) == tree
    assert tree.folder.pin.read_bytes() == b"{}\n"


def test_a_worktree_whose_folder_was_deleted_is_made_again(workspace: Workspace, home: Home) -> None:
    tree = make_run(workspace, home)
    shutil.rmtree(tree.root)
    again = open_worktree(workspace, home, DOMAIN, RUN)
    assert (again.root / "params.yaml").is_file()
    assert run_git(again.root, "branch", "--show-current") == tree.branch


def commit_all(workspace: Workspace, message: str) -> str:
    run_git(workspace.root, "add", "--all")
    run_git(workspace.root, "commit", "--quiet", "--message", message)
    return run_git(workspace.root, "rev-parse", "HEAD")


def test_a_deleted_checkout_comes_back_as_the_run_left_it_and_not_as_the_workspace_is_now(
    workspace: Workspace, home: Home
) -> None:
    tree = make_run(workspace, home)
    commit = commit_run(tree, "a run")
    write_bytes(workspace.root / "params.yaml", b"domains: [later]\n")
    commit_all(workspace, "later")
    shutil.rmtree(tree.root)
    again = open_worktree(workspace, home, DOMAIN, RUN)
    assert run_git(again.root, "rev-parse", "HEAD") == commit
    assert (again.root / "params.yaml").read_bytes() == b"domains: []\n"
    assert (again.folder.pin.read_bytes(), again.lock.read_bytes()) == (b"{}\n", b"stages: {}\n")


def test_the_commit_that_a_run_was_made_from_is_known_for_ever(workspace: Workspace, home: Home) -> None:
    made_from = run_git(workspace.root, "rev-parse", "HEAD")
    tree = make_run(workspace, home)
    commit_run(tree, "a run")
    write_bytes(workspace.root / "params.yaml", b"domains: [later]\n")
    commit_all(workspace, "later")
    assert read_base(tree) == made_from
    shutil.rmtree(tree.root)
    assert read_base(open_worktree(workspace, home, DOMAIN, RUN)) == made_from


def test_where_its_branch_is_lost_a_run_is_made_again_from_the_commit_it_was_made_from(workspace: Workspace, home: Home) -> None:
    tree = make_run(workspace, home)
    write_bytes(workspace.root / "params.yaml", b"domains: [later]\n")
    commit_all(workspace, "later")
    run_git(workspace.root, "worktree", "remove", "--force", str(tree.root))
    run_git(workspace.root, "branch", "--quiet", "-D", tree.branch)
    again = open_worktree(workspace, home, DOMAIN, RUN)
    assert (again.root / "params.yaml").read_bytes() == b"domains: []\n"


def test_a_run_keeps_its_own_parameters(workspace: Workspace, home: Home, tmp_path: Path) -> None:
    def write_seed(seed: int) -> None:
        params = build_params(tmp_path, train={"threads": 1, "seed": seed, "learner": {"kind": "linear"}})
        write_bytes(workspace.params, yaml.safe_dump(params).encode())
        commit_all(workspace, f"seed {seed}")

    write_seed(1)
    tree = open_worktree(workspace, home, DOMAIN, RUN)
    write_seed(2)
    assert params_of(tree).train.seed == 1


def break_link(tree: Worktree, register: Path) -> None:
    (tree.root / ".git").unlink()


def empty_link(tree: Worktree, register: Path) -> None:
    (tree.root / ".git").write_bytes(b"")


def break_checkout(tree: Worktree, register: Path) -> None:
    """As git leaves it when it is killed among the files: locked, some files there, and no index yet."""
    (register / "index").rename(register / "index.lock")
    (register / "locked").write_text("initializing", encoding="utf-8")
    (tree.root / "params.yaml").unlink()


def break_register(tree: Worktree, register: Path) -> None:
    (tree.root / ".git").unlink()
    (register / "index").unlink()
    (register / "locked").write_text("initializing", encoding="utf-8")


@pytest.mark.parametrize("damage", [break_link, empty_link, break_checkout, break_register])
def test_a_checkout_that_was_cut_short_is_made_again(
    workspace: Workspace, home: Home, damage: Callable[[Worktree, Path], None]
) -> None:
    tree = open_worktree(workspace, home, DOMAIN, RUN)
    damage(tree, Path(run_git(tree.root, "rev-parse", "--absolute-git-dir")))
    again = open_worktree(workspace, home, DOMAIN, RUN)
    assert (again.root / "params.yaml").read_bytes() == b"domains: []\n"
    assert run_git(again.root, "status", "--porcelain", "--untracked-files=no") == ""
    write_bytes(again.folder.pin, b"{}\n")
    assert commit_run(again, "a run") == run_git(workspace.root, "rev-parse", again.branch)


def test_what_a_whole_checkout_has_made_survives_a_lock_that_a_killed_git_left(workspace: Workspace, home: Home) -> None:
    tree = make_run(workspace, home)
    (Path(run_git(tree.root, "rev-parse", "--absolute-git-dir")) / "index.lock").touch()
    again = open_worktree(workspace, home, DOMAIN, RUN)
    assert again.folder.pin.read_bytes() == b"{}\n"
    assert commit_run(again, "a run")


OPENING = """
import sys
from pathlib import Path
from flows.worktrees import open_worktree
from pipelines.workspace import Home, Workspace
open_worktree(Workspace(Path(sys.argv[1])), Home(Path(sys.argv[2])), sys.argv[3], sys.argv[4])
"""


def test_killed_while_git_makes_the_checkout_it_is_made_again(workspace: Workspace, home: Home) -> None:
    """A filter that takes its time holds git among the files, where it is killed together with whoever called it."""
    write_bytes(workspace.root / ".gitattributes", b"slow filter=slow\n")
    write_bytes(workspace.root / "slow", b"slow\n")
    commit_all(workspace, "a file that takes its time")
    run_git(workspace.root, "config", "filter.slow.smudge", "sleep 60; cat")
    arguments = [str(workspace.root), str(home.root), DOMAIN, RUN]
    link = home.run(DOMAIN, RUN) / ".git"
    with subprocess.Popen(
        [sys.executable, "-c", OPENING, *arguments], cwd=REPOSITORY, start_new_session=True, stderr=subprocess.DEVNULL
    ) as opening:
        until = time.monotonic() + 60
        while not (link.is_file() and link.read_bytes()) and time.monotonic() < until:
            time.sleep(0.02)
        os.killpg(opening.pid, signal.SIGKILL)
    assert link.is_file()
    assert not (link.parent / "slow").exists()
    run_git(workspace.root, "config", "filter.slow.smudge", "cat")
    tree = open_worktree(workspace, home, DOMAIN, RUN)
    assert (tree.root / "slow").read_bytes() == b"slow\n"
    assert run_git(tree.root, "status", "--porcelain") == ""


def test_code_that_git_ignores_would_be_missing_in_a_run_and_is_named(workspace: Workspace) -> None:
    write_bytes(workspace.root / ".git" / "info" / "exclude", b"*.local.py\n__pycache__/\n*~\n")
    write_bytes(workspace.root / "pipelines" / "train" / "__pycache__" / "x.pyc", b"")
    write_bytes(workspace.root / "pipelines" / "train" / "replay.py~", b"")
    refuse_uncommitted(workspace)
    write_bytes(workspace.root / "pipelines" / "train" / "mine.local.py", b"")
    with pytest.raises(WorkspaceError, match=r"differ from it: pipelines/train/mine\.local\.py"):
        refuse_uncommitted(workspace)


def test_the_runs_branch_holds_the_pin_and_the_lock(workspace: Workspace, home: Home) -> None:
    tree = make_run(workspace, home)
    commit = commit_run(tree, "a run")
    names = run_git(workspace.root, "show", "--name-only", "--format=", commit).splitlines()
    assert names == [f"data/{DOMAIN}/pin.json", "dvc.lock"]
    assert run_git(workspace.root, "rev-parse", tree.branch) == commit


def test_committing_twice_is_one_commit(workspace: Workspace, home: Home) -> None:
    tree = make_run(workspace, home)
    assert commit_run(tree, "a run") == commit_run(tree, "a run again")


def test_the_champion_branch_follows_to_the_run_and_back(workspace: Workspace, home: Home) -> None:
    first, other = make_run(workspace, home), RunId("fedcba9876543210")
    commit = commit_run(first, "a run")
    open_worktree(workspace, home, DOMAIN, other)
    for run, expected in ((RUN, commit), (other, run_git(workspace.root, "rev-parse", "HEAD")), (RUN, commit)):
        move_champion_branch(workspace, DOMAIN, run)
        assert run_git(workspace.root, "rev-parse", f"addendum/champion/{DOMAIN}") == expected


def test_dvc_keeps_to_the_home(workspace: Workspace, home: Home) -> None:
    tree = open_worktree(workspace, home, DOMAIN, RUN)
    local = (tree.root / ".dvc" / "config.local").read_text(encoding="utf-8")
    assert f"dir = {home.dvc_cache}" in local
    assert "site_cache_dir = " in local


def test_git_refuses_in_its_own_words(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"git rev-parse in .*: fatal: not a git repository"):
        run_git(tmp_path, "rev-parse", "HEAD")
