"""Every second of a retraining is counted once, and what the loop costs is told apart from what any training would need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from functools import reduce
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.measures import Occasion
from benchmarks.overhead import QUICK, TRIAL_STEPS, count_steps
from benchmarks.overhead_accounts import (
    Account,
    Cycle,
    Measured,
    Note,
    TaskTime,
    account,
    clear_notes,
    is_stage,
    list_times,
    read_notes,
)
from benchmarks.overhead_installation import DOMAIN, STOPWATCH, Size, build_params, invent_records
from benchmarks.overhead_page import PARTS, build_page, list_measures
from benchmarks.pages import write_page
from benchmarks.stopwatch.sitecustomize import NOTES, WRAPPED, Stopwatch, count_lifetime
from pipelines.catalog import StageName
from pipelines.domain.identities import DomainName
from pipelines.params import read_params

ROOT = Path(__file__).parents[2]
SECONDS = st.floats(min_value=0, max_value=1e4)


def build_note(stage: str = "train", **fields: Any) -> Note:
    seconds = {"stage": 8.0, "import": 1.5, "mlflow": 0.25}
    defaults = {"process": 7, "arguments": ("-m", "pipelines", stage, DOMAIN), "ended": 3.0, "lifetime": 10.0}
    return Note(**{**defaults, "seconds": seconds, "peak_bytes": 2**30, **fields})


def build_account(**fields: float) -> Account:
    parts = {"work": 90.0, "training": 80.0, "imports": 4.0, "starting": 1.0, "mlflow": 0.5, "dvc": 2.0, "steps": 1.5}
    return Account(**{"wall": 100.0, "command": 1.0, **parts, **fields})


def build_measured(spent: Account | None = None, cycle: float = 8.0) -> Measured:
    cycles = tuple(Cycle(watch=cycle / 2, retrain=cycle / 2, imports=cycle - 2) for _ in range(3))
    command = build_note(arguments=("-m", "flows.cli", "retrain", DOMAIN), peak_bytes=2**28)
    dvc = build_note(arguments=("-m", "dvc", "repro"), peak_bytes=2**27)
    return Measured(account=spent or build_account(), cycles=cycles, notes=(dvc, build_note(), command), server=2**29)


def run_timed(folder: Path, code: str) -> Note:
    folder.mkdir(exist_ok=True)
    environment = {**os.environ, "PYTHONPATH": f"{STOPWATCH}{os.pathsep}{ROOT}", NOTES: str(folder)}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    (note,) = read_notes(folder)
    return note


def test_what_is_entered_within_stops_the_clock_without() -> None:
    stopwatch = Stopwatch()
    stopwatch.enter("stage")
    time.sleep(0.05)
    stopwatch.enter("import")
    time.sleep(0.1)
    stopwatch.leave()
    stopwatch.leave()
    assert 0.05 <= stopwatch.seconds["stage"] < 0.1 <= stopwatch.seconds["import"]


def test_what_calls_itself_is_counted_once() -> None:
    stopwatch, calls = Stopwatch(), []

    def call(depth: int) -> int:
        calls.append(depth)
        time.sleep(0.02)
        return timed(depth - 1) if depth else 7

    timed = stopwatch.wrap("stage", call)
    started = time.perf_counter()
    assert timed(2) == 7
    assert calls == [2, 1, 0]
    assert 0.06 <= stopwatch.seconds["stage"] <= time.perf_counter() - started


def test_what_breaks_is_counted_and_still_breaks() -> None:
    stopwatch = Stopwatch()

    def call() -> None:
        raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        stopwatch.wrap("stage", call)()
    stopwatch.enter("import")
    stopwatch.leave()
    assert set(stopwatch.seconds) == {"stage", "import"}


def test_another_thread_is_not_counted() -> None:
    stopwatch = Stopwatch()
    thread = threading.Thread(target=stopwatch.wrap("stage", lambda: time.sleep(0.02)))
    thread.start()
    thread.join()
    assert stopwatch.seconds == {}


def test_a_lifetime_counts_from_the_systems_start_whatever_the_process_is_called() -> None:
    ticks = os.sysconf("SC_CLK_TCK")
    fields = " ".join(str(number) for number in range(19))
    assert count_lifetime(f"12 (a) b) c) {fields} {40 * ticks} 0", "100.50 3.00") == pytest.approx(60.5)


@pytest.mark.parametrize(("module", "path"), [one[:2] for one in WRAPPED])
def test_what_is_timed_is_there(module: str, path: str) -> None:
    assert callable(reduce(getattr, path.split("."), import_module(module)))


def test_a_process_notes_its_imports_its_life_and_its_memory(tmp_path: Path) -> None:
    note = run_timed(tmp_path, "import decimal, html.parser, time; time.sleep(0.2)")
    assert 0 < note.seconds["import"] < note.lifetime - 0.15
    assert note.lifetime < 60
    assert 2**22 < note.peak_bytes < 2**28
    assert (note.stage, note.is_dvc, note.command) == (None, False, "")


def test_a_process_does_not_inherit_the_memory_of_the_one_that_started_it(tmp_path: Path) -> None:
    held = bytearray(2**29)
    assert run_timed(tmp_path, "pass").peak_bytes < len(held)


def test_a_stages_function_is_timed_without_what_it_imports(tmp_path: Path) -> None:
    code = f"""
import sys, time
sys.path.insert(0, {str(ROOT)!r})
import pipelines.catalog
from pipelines.catalog import run_stage
try:
    run_stage("snapshot", "d", None, None, None)
except AttributeError:
    pass
"""
    note = run_timed(tmp_path, code)
    assert 0 < note.seconds["stage"] < note.seconds["import"]


def test_without_a_folder_to_note_in_nothing_is_timed() -> None:
    environment = {name: value for name, value in os.environ.items() if name != NOTES} | {"PYTHONPATH": str(STOPWATCH)}
    code = "import builtins, sitecustomize; print(builtins.__import__.__name__, sitecustomize.__file__)"
    done = subprocess.run([sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True)
    assert done.stdout.startswith(f"__import__ {STOPWATCH}")


def test_notes_know_what_their_process_was(tmp_path: Path) -> None:
    for name, ended in (("b", 2.0), ("a", 1.0)):
        noted = {"process": 1, "arguments": ["-m", name], "ended": ended, "lifetime": 1.0, "seconds": {}, "peak_bytes": 1}
        (tmp_path / f"{name}.json").write_text(json.dumps(noted), encoding="utf-8")
    assert [one.arguments[1] for one in read_notes(tmp_path)] == ["a", "b"]
    clear_notes(tmp_path)
    assert read_notes(tmp_path) == []
    assert build_note("judge").stage is StageName.JUDGE
    assert build_note("nothing").stage is None
    assert build_note(arguments=("-m", "dvc", "repro", "train@clinical")).is_dvc
    assert build_note(arguments=("-m", "flows.cli", "watch", "clinical")).command == "watch"


@given(st.lists(st.tuples(SECONDS, SECONDS, SECONDS), min_size=1, max_size=7), st.lists(SECONDS, max_size=4))
def test_every_second_is_counted_once(stages: list[tuple[float, float, float]], steps: list[float]) -> None:
    notes = [
        build_note(name, lifetime=sum(taken) + 0.3, seconds=dict(zip(("stage", "import", "mlflow"), taken, strict=True)))
        for name, taken in zip(StageName, stages, strict=False)
    ]
    tasks = [TaskTime(name=f"{note.stage}@{DOMAIN}", seconds=note.lifetime + 1.0) for note in notes]
    tasks += [TaskTime(name="conclude clinical", seconds=seconds) for seconds in steps]
    wall = sum(one.seconds for one in tasks) + 4.0
    spent = account(wall, [*notes, build_note(arguments=("-m", "dvc"))], tasks)
    assert sum(getattr(spent, field) for _, field, _ in PARTS) == pytest.approx(wall)
    assert (spent.dvc, spent.command) == (pytest.approx(len(notes), abs=1e-6), pytest.approx(4.0, abs=1e-6))
    assert spent.starting == pytest.approx(0.3 * len(notes), abs=1e-6)
    assert spent.training == (notes[3].seconds["stage"] if len(notes) > 3 else 0.0)


def test_overhead_is_what_neither_a_stage_nor_its_libraries_took() -> None:
    assert build_account().overhead == pytest.approx(0.06)
    assert build_account().overhead_with_imports == pytest.approx(0.10)


def test_a_flow_within_a_flow_is_counted_by_its_own_tasks() -> None:
    found = [
        {"name": name, "total_run_time": 2.5, "state": {"state_details": {"child_flow_run_id": child}}}
        for name, child in (("train@clinical", None), ("fit-0", "b1a7"), ("track clinical", None))
    ]
    assert list_times(found) == [TaskTime(name="train@clinical", seconds=2.5), TaskTime(name="track clinical", seconds=2.5)]


@pytest.mark.parametrize(("task", "is_one"), [("train@clinical", True), ("audit@x", True), ("track clinical", False)])
def test_a_task_is_of_a_stage_by_its_name(task: str, *, is_one: bool) -> None:
    assert is_stage(task) is is_one


def test_steps_make_the_minutes_that_are_wanted() -> None:
    trial = build_account(wall=90.0, training=30.0)
    assert count_steps(trial, 10) == round((600 - 60) / (30 / TRIAL_STEPS))
    assert count_steps(trial, 0.1) == 1


def test_records_are_the_same_every_time_and_of_every_class() -> None:
    assert invent_records(9, 4) == [*invent_records(4, 4), *invent_records(5, 8)]
    assert {record["labels"][0] for record in invent_records(3, 0)} == {"Class I", "Class II", "Class III"}
    texts = [record["text"] for record in invent_records(50, 0)]
    assert len(set(texts)) == 50
    assert all(40 <= len(text.split()) <= 90 for text in texts)


@pytest.mark.parametrize("size", [QUICK, Size()])
def test_its_params_are_params_of_the_product(size: Size, tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(build_params(tmp_path, size, 33)), encoding="utf-8")
    learner = read_params(tmp_path / "params.yaml").of(DomainName(DOMAIN)).train.learner
    assert learner.kind == ("linear" if size.base is None else "classifier")
    assert getattr(learner, "max_steps", 33) == 33


def test_goals_are_of_the_share_and_of_the_cycle() -> None:
    met = [one.met for one in list_measures(build_measured())]
    assert met == [False, None, None, True, None, None, None, None]
    slow = list_measures(build_measured(build_account(work=93.0, command=-2.0), cycle=11.0))
    assert [one.met for one in slow if one.goal] == [True, False]


def test_the_page_says_where_the_seconds_went(tmp_path: Path) -> None:
    write_page(build_page(build_measured()), tmp_path, Occasion(machine="one", date="2026-11-30"))
    page = (tmp_path / "overhead.md").read_text(encoding="utf-8")
    assert "| DVC | 2.0 | 2.0% |" in page
    assert "| stage train | 1,024 |" in page
    assert "</svg>" in (tmp_path / "overhead.svg").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_one_command_accounts_for_a_real_retraining(tmp_path: Path) -> None:
    command = [sys.executable, "benchmarks/overhead.py", "--quick", "--output", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    records = {one["measure"]: one["value"] for one in json.loads((tmp_path / "overhead.json").read_text(encoding="utf-8"))}
    page = (tmp_path / "overhead.md").read_text(encoding="utf-8")
    assert all(f"| stage {stage} |" in page for stage in StageName)
    assert 0 < records["a cycle without news (median)"] < 300
    assert records["libraries imported by its stages"] > 0
    told = {row.split(" | ")[0].lstrip("| "): float(row.split(" | ")[1]) for row in page.splitlines() if "% |" in row}
    assert all(told[name] >= 0 for name, _, _ in PARTS)
