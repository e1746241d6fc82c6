"""A clone has what git has or would have, uncommitted changes included, and shares nothing with its origin."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.cloning import clone_workspace
from flows.worktrees import run_git
from pipelines.domain.errors import WorkspaceError
from pipelines.files import write_bytes


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    root = tmp_path / "origin"
    write_bytes(root / "params.yaml", b"committed\n")
    write_bytes(root / "deep" / "er" / "file.py", b"pass\n")
    write_bytes(root / "deleted", b"gone soon\n")
    write_bytes(root / ".gitignore", b"/ignored\n")
    run_git(root, "init", "--quiet")
    run_git(root, "add", "--all")
    run_git(root, "commit", "--quiet", "--message", "all")
    write_bytes(root / "params.yaml", b"changed\n")
    write_bytes(root / "né w", b"untracked\n")
    write_bytes(root / "ignored", b"secret\n")
    (root / "deleted").unlink()
    return root


def test_it_holds_the_files_as_they_are_now(origin: Path, tmp_path: Path) -> None:
    clone = clone_workspace(origin, tmp_path / "clone", {}).root
    found = {path.relative_to(clone).as_posix() for path in clone.rglob("*") if path.is_file() and ".git" not in path.parts}
    assert found == {"params.yaml", "deep/er/file.py", ".gitignore", "né w"}
    assert (clone / "params.yaml").read_bytes() == b"changed\n"


def test_replaced_files_are_the_given_ones_and_all_is_committed(origin: Path, tmp_path: Path) -> None:
    clone = clone_workspace(origin, tmp_path / "clone", {"params.yaml": b"mine\n", "new/place": b"made\n"})
    assert clone.params.read_bytes() == b"mine\n"
    assert run_git(clone.root, "status", "--porcelain") == ""
    assert run_git(clone.root, "show", "HEAD:params.yaml") == "mine"
    assert run_git(clone.root, "show", "HEAD:new/place") == "made"


def test_the_origin_stays_as_it_is(origin: Path, tmp_path: Path) -> None:
    before = run_git(origin, "status", "--porcelain"), run_git(origin, "rev-parse", "HEAD")
    clone = clone_workspace(origin, tmp_path / "clone", {"params.yaml": b"mine\n"})
    run_git(clone.root, "branch", "another")
    assert (run_git(origin, "status", "--porcelain"), run_git(origin, "rev-parse", "HEAD")) == before
    assert run_git(origin, "branch", "--list", "another") == ""


def test_a_copy_without_git_is_refused_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    with pytest.raises(WorkspaceError, match="clone the repository instead of copying it"):
        clone_workspace(tmp_path / "plain", tmp_path / "clone", {})
