"""A run works in a git worktree of its own, on a branch of its own: the user's branch and files are never touched.

The branch ``addendum/run/<id>`` holds what the run was made from and made (``pin.json``, ``dvc.lock``); a promotion moves
``addendum/champion/<domain>`` to it, so that checking that branch out gives what serves.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import DomainName, RunId
from pipelines.inputs import CODE, is_counted
from pipelines.params import DomainParams, read_params
from pipelines.workspace import DomainFolder, Home, Workspace

IDENTITY = ("-c", "user.name=Addendum", "-c", "user.email=addendum@localhost", "-c", "commit.gpgsign=false")

MADE_FROM = ("params.yaml", "dvc.yaml", "constraints.txt", "pipelines", "data_checks")


@dataclass(frozen=True, slots=True)
class Worktree:
    """The checkout of one run."""

    root: Path
    domain: DomainName
    run_id: RunId

    @property
    def branch(self) -> str:
        """The run's branch."""
        return f"addendum/run/{self.run_id}"

    @property
    def base(self) -> str:
        """The ref of the commit that the run was made from; it moves with no branch, and keeps the commit from being pruned."""
        return f"refs/addendum/base/{self.run_id}"

    @property
    def folder(self) -> DomainFolder:
        """The domain's folder in it."""
        return Workspace(self.root).of(self.domain)

    @property
    def lock(self) -> Path:
        """What DVC remembers of the stages that have run."""
        return self.root / "dvc.lock"


def run_git(folder: Path, *arguments: str) -> str:
    """Run git in ``folder`` and return its output; raises :class:`WorkspaceError` with git's own words."""
    done = subprocess.run(["git", *IDENTITY, *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise WorkspaceError(f"git {arguments[0]} in {folder}: {done.stderr.strip() or 'failed'}")
    return done.stdout.strip()


def refuse_uncommitted(workspace: Workspace) -> None:
    """Raise :class:`WorkspaceError` when what a run is made from differs from HEAD: the run would not be what is seen here.

    Code that git ignores counts as a difference too: it is part of this workspace, and would be missing in the run's checkout.
    """
    changed = run_git(workspace.root, "status", "--porcelain", "--", *MADE_FROM)
    names = {line.split()[-1] for line in changed.splitlines()}
    ignored = run_git(workspace.root, "ls-files", "--others", "--ignored", "--exclude-standard", "--", CODE)
    names |= {name for name in ignored.splitlines() if all(map(is_counted, (Path(part) for part in Path(name).parts)))}
    if names:
        named = ", ".join(sorted(names)[:5])
        raise WorkspaceError(f"a run is made from HEAD, and these differ from it: {named}: commit them (or take them back) first")


def open_worktree(workspace: Workspace, home: Home, domain: DomainName, run_id: RunId) -> Worktree:
    """Return the run's worktree: made from the workspace's HEAD at first, and from the run's own branch ever after.

    A checkout that was cut short while git made it is made again.
    """
    tree = Worktree(home.run(domain, run_id), domain, run_id)
    register = _find_register(tree)
    if register is None or (register.is_dir() and not (register / "index").is_file()):
        _make(workspace, tree)
    elif register.is_dir():
        (register / "index.lock").unlink(missing_ok=True)  # of a git that was killed: one process at a time works in a run
    if not has_ref(workspace, tree.base):
        run_git(workspace.root, "update-ref", tree.base, f"refs/heads/{tree.branch}")
    configure_dvc(tree.root, home)
    return tree


def read_base(tree: Worktree) -> str:
    """Return the commit that the run was made from: the workspace's HEAD when it began."""
    return run_git(tree.root, "rev-parse", tree.base)


def params_of(tree: Worktree) -> DomainParams:
    """Return the run's own parameters, which the workspace's may differ from by now."""
    return read_params(Workspace(tree.root).params).of(tree.domain)


def has_ref(workspace: Workspace, ref: str) -> bool:
    """Tell whether the workspace's repository has this ref."""
    return bool(run_git(workspace.root, "for-each-ref", "--format=%(refname)", ref))


def _find_register(tree: Worktree) -> Path | None:
    """Return where git keeps what it knows of the checkout; ``None`` where git has not even linked the two.

    Git writes the link first, and the index into the register after the last file. Where the link leads nowhere the repository
    has been moved, and git says itself what to do about that.
    """
    link = tree.root / ".git"
    said = link.read_text(encoding="utf-8") if link.is_file() else ""
    return Path(said.removeprefix("gitdir: ").strip()) if said.startswith("gitdir: ") else None


def _make(workspace: Workspace, tree: Worktree) -> None:
    """Make the checkout anew; what a half-made one has left behind, on disk or in git's register, is in nobody's way."""
    shutil.rmtree(tree.root, ignore_errors=True)
    tree.root.parent.mkdir(parents=True, exist_ok=True)
    run_git(workspace.root, "worktree", "prune")
    if not has_ref(workspace, f"refs/heads/{tree.branch}"):
        start = tree.base if has_ref(workspace, tree.base) else "HEAD"
        run_git(workspace.root, "branch", "--no-track", tree.branch, start)
    # forced twice, since git keeps a half-made one locked
    run_git(workspace.root, "worktree", "add", "--force", "--force", str(tree.root), tree.branch)


def configure_dvc(root: Path, home: Home) -> None:
    """Point a checkout's DVC at the shared cache; this file is local to a worktree and must be written in each.

    The site cache is set too: DVC's default is one folder for all users of a machine, writable by any of them.
    """
    local = root / ".dvc" / "config.local"
    local.parent.mkdir(exist_ok=True)
    site = home.dvc_cache.parent / "site"
    local.write_text(f"[cache]\n    dir = {home.dvc_cache}\n[core]\n    site_cache_dir = {site}\n", encoding="utf-8")


def commit_run(tree: Worktree, message: str, extra: Sequence[Path] = ()) -> str:
    """Commit the pin, the lock and ``extra`` on the run's branch, once; return the commit."""
    files = [tree.folder.pin, tree.lock, *extra]
    run_git(tree.root, "add", "--force", *[str(file) for file in files if file.exists()])
    if run_git(tree.root, "status", "--porcelain", "--untracked-files=no"):
        run_git(tree.root, "commit", "--quiet", "--no-verify", "--message", message)
    return run_git(tree.root, "rev-parse", "HEAD")


def move_champion_branch(workspace: Workspace, domain: DomainName, run_id: RunId) -> None:
    """Point ``addendum/champion/<domain>`` at the run's commit, even where somebody has that branch checked out."""
    commit = run_git(workspace.root, "rev-parse", f"refs/heads/addendum/run/{run_id}")
    run_git(workspace.root, "update-ref", f"refs/heads/addendum/champion/{domain}", commit)


def read_champion_branch(workspace: Workspace, domain: DomainName) -> str | None:
    """Return the commit of ``addendum/champion/<domain>``, or ``None`` where there is no such branch."""
    return run_git(workspace.root, "for-each-ref", "--format=%(objectname)", f"refs/heads/addendum/champion/{domain}") or None


def read_run_branch(workspace: Workspace, run_id: RunId) -> str | None:
    """Return the commit of a run's branch, or ``None`` where there is no such branch."""
    return run_git(workspace.root, "for-each-ref", "--format=%(objectname)", f"refs/heads/addendum/run/{run_id}") or None
