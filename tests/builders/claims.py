"""Judged versions with the start of their run and its branch, as a retraining leaves them, and without a training."""

from __future__ import annotations

from pydantic import TypeAdapter

from flows.places import Place
from flows.worktrees import run_git
from pipelines.domain.events import Kind
from pipelines.domain.pins import ModelPin, Pin
from tests.builders.outcomes import build_pin
from tests.builders.places import DOMAIN, judge_candidate

RUN = "recreated-run"


def judge_run(
    place: Place, pin: Pin | None = None, on_branch: Pin | None = None, commit: str | None = None
) -> tuple[ModelPin, Pin]:
    """A judged version with the start of its run, its branch and the pin on it."""
    pin = pin or build_pin(champion=None, anchor=None)
    payload = TypeAdapter(Pin).dump_python(pin, mode="json")
    place.ledger.append(
        DOMAIN, Kind.RETRAIN_STARTED, {"run": RUN, "reason": "news", "pin": payload, **({"commit": commit} if commit else {})}
    )
    model = judge_candidate(place, RUN)
    commit_pin(place, on_branch or pin)
    return model, pin


def commit_pin(place: Place, pin: Pin) -> str:
    """Commit a pin on the run's branch without touching the workspace's checkout."""
    root = place.workspace.root
    content = TypeAdapter(Pin).dump_json(pin).decode()
    tree = place.home.root / "branch"
    run_git(root, "worktree", "add", "--quiet", "--force", "--detach", str(tree), "HEAD")
    folder = tree / "data" / DOMAIN
    folder.mkdir(parents=True)
    (folder / "pin.json").write_text(content)
    (tree / "dvc.lock").write_text(f"stages:\n  train@{DOMAIN}:\n    outs: [a]\n  train@other:\n    outs: [b]\n")
    run_git(tree, "add", "--force", f"data/{DOMAIN}/pin.json", "dvc.lock")
    run_git(tree, "commit", "--quiet", "--no-verify", "--message", "run")
    commit = run_git(tree, "rev-parse", "HEAD")
    run_git(root, "update-ref", f"refs/heads/addendum/run/{RUN}", commit)
    run_git(root, "worktree", "remove", "--force", str(tree))
    return commit
