"""A run's worktree leaves the user's branch, index and files as they are."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.cloning import clone_workspace
from flows.worktrees import Worktree, commit_run, move_champion_branch, open_worktree, run_git
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import RunId
from pipelines.files import write_bytes
from pipelines.workspace import Home, Workspace
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
