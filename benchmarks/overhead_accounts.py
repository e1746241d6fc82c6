"""What a retraining's seconds were spent on, from the stopwatch of every process and from Prefect's own records of its tasks."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from pydantic import TypeAdapter

from pipelines.catalog import StageName

PATIENCE_S = 30.0
PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What one process noted: seconds it lived, seconds of its main thread by what they went into, greatest resident bytes."""

    process: int
    arguments: tuple[str, ...]
    ended: float
    lifetime: float
    seconds: dict[str, float]
    peak_bytes: int

    @property
    def stage(self) -> StageName | None:
        """The stage that the process ran, if it was one."""
        after = self.arguments[self.arguments.index("pipelines") + 1 :] if "pipelines" in self.arguments else ()
        return StageName(after[0]) if after and after[0] in list(StageName) else None

    @property
    def is_dvc(self) -> bool:
        """Whether it was DVC."""
        return "dvc" in self.arguments[:2]

    @property
    def command(self) -> str:
        """The command of ``addendum`` that it was, empty for none."""
        place = self.arguments.index("flows.cli") if "flows.cli" in self.arguments else None
        return "" if place is None else self.arguments[place + 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskTime:
    """One task run as Prefect records it."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One retraining's wall time and what it was spent on, all in seconds; nothing is counted twice.

    ``work`` is what the stages' own functions took, ``imports`` what the stages took to import their libraries: a script that
    trains would need both. The rest is the price of the loop: ``starting`` (interpreters and reading parameters), ``mlflow``
    within stages, ``dvc``, ``steps`` (Prefect's tasks that are not stages: ledger, git, registry, dossier) and ``command`` (the
    command's own start with its imports, Prefect's engine, and what is left).
    """

    wall: float
    work: float
    training: float
    imports: float
    starting: float
    mlflow: float
    dvc: float
    steps: float
    command: float

    @property
    def overhead(self) -> float:
        """The share of the wall time that is neither work nor its libraries' import."""
        return 1 - (self.work + self.imports) / self.wall

    @property
    def overhead_with_imports(self) -> float:
        """The same with the imports counted as overhead."""
        return 1 - self.work / self.wall


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """One look at the sources and one weighing, neither with news: wall seconds, and what of them was importing libraries."""

    watch: float
    retrain: float
    imports: float

    @property
    def seconds(self) -> float:
        """Both commands, one after the other."""
        return self.watch + self.retrain


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """All that was measured; ``notes`` are those of the accounted retraining, ``server`` is the Prefect server's bytes."""

    account: Account
    cycles: tuple[Cycle, ...]
    notes: tuple[Note, ...]
    server: int


def read_notes(folder: Path) -> list[Note]:
    """Read what the processes noted, in the order in which they ended."""
    kind = TypeAdapter(Note)
    return sorted((kind.validate_json(file.read_bytes()) for file in folder.glob("*.json")), key=lambda one: one.ended)


def clear_notes(folder: Path) -> None:
    """Forget what was noted so far."""
    for file in folder.glob("*.json"):
        file.unlink()


def read_tasks(api: str, since: str) -> list[TaskTime]:
    """Return the task runs that began after ``since`` (ISO 8601, UTC), once Prefect has recorded the end of all of them."""
    asked = {"task_runs": {"start_time": {"after_": since}}, "limit": PAGE}
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = httpx.post(f"{api}/task_runs/filter", json=asked, timeout=10.0, trust_env=False).raise_for_status().json()
        if all(one["end_time"] for one in found) or time.monotonic() > deadline:
            return list_times(found)
        time.sleep(0.5)


def list_times(found: Iterable[Mapping[str, Any]]) -> list[TaskTime]:
    """Return each task run's name and seconds; a flow within a flow counts by its own tasks, not as a task again."""
    alone = [one for one in found if not one["state"]["state_details"]["child_flow_run_id"]]
    return [TaskTime(name=one["name"], seconds=float(one["total_run_time"])) for one in alone]


def account(wall: float, notes: Iterable[Note], tasks: Sequence[TaskTime]) -> Account:
    """Divide a retraining's wall time (seconds) by what its processes and tasks say."""
    stages = [one for one in notes if one.stage is not None]
    work = sum(one.seconds.get("stage", 0.0) for one in stages)
    imports = sum(one.seconds.get("import", 0.0) for one in stages)
    mlflow = sum(one.seconds.get("mlflow", 0.0) for one in stages)
    alive = sum(one.lifetime for one in stages)
    staged = sum(one.seconds for one in tasks if is_stage(one.name))
    others = sum(one.seconds for one in tasks if not is_stage(one.name))
    return Account(
        wall=wall,
        work=work,
        training=sum(one.seconds.get("stage", 0.0) for one in stages if one.stage is StageName.TRAIN),
        imports=imports,
        starting=alive - work - imports - mlflow,
        mlflow=mlflow,
        dvc=staged - alive,
        steps=others,
        command=wall - staged - others,
    )


def is_stage(task: str) -> bool:
    """Say whether a task of this name runs a stage."""
    return task.partition("@")[0] in list(StageName)
