"""A workspace of its own, made from this one as it is now: for a rehearsal, a drill or a test, which must touch nothing else."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from flows.worktrees import run_git
from pipelines.domain.errors import WorkspaceError
from pipelines.workspace import Workspace


def clone_workspace(origin: Path, destination: Path, replaced: Mapping[str, bytes]) -> Workspace:
    """Copy what git tracks or would track (uncommitted changes included) into a new repository, with some files replaced.

    Raises:
        WorkspaceError: when ``origin`` is not a git checkout.
    """
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=origin, capture_output=True, check=False
    )
    if listed.returncode != 0:
        raise WorkspaceError(f"{origin} is not a git checkout: clone the repository instead of copying it")
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (origin / name).is_file():
            (destination / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(origin / name, destination / name)
    for name, content in replaced.items():
        (destination / name).parent.mkdir(parents=True, exist_ok=True)
        (destination / name).write_bytes(content)
    run_git(destination, "init", "--quiet", "--initial-branch", "main")
    run_git(destination, "add", "--all")
    run_git(destination, "commit", "--quiet", "--no-verify", "--message", "The workspace as it was copied")
    return Workspace(destination)
