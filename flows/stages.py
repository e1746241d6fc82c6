"""One way to run a stage: ``dvc repro --single-item`` in the run's worktree, as a process group of its own.

Caching, resumption after a crash and isolation come from DVC and the operating system. What the stage says is passed on line
by line; its progress lines become progress.
"""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from flows.worktrees import Worktree
from pipelines.catalog import StageName
from pipelines.domain.errors import TRY_AGAIN, PreemptedError, StageError
from pipelines.files import read_json, write_json
from pipelines.settings import QUIET

ENDED_FROM_OUTSIDE = re.compile(rf"^ERROR: .*exited with (?:{TRY_AGAIN}|-{signal.SIGTERM.value})$")
"""What DVC says of a stage that was asked to end, whether it could still keep its state or not."""

FAREWELL_S = 20.0
"""What a stage has to end itself in, when the flow ends; a training finishes its step and keeps its state."""

KEPT_LINES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class StageRun:
    """How a stage went: whether it did anything, and for how long."""

    stage: StageName
    seconds: float
    is_cached: bool


Listener = Callable[[str], None]


def run_in_worktree(tree: Worktree, stage: StageName, environment: Mapping[str, str], listen: Listener) -> StageRun:
    """Run the stage, or find that it need not run.

    Raises :class:`StageError` with the stage's last words, and :class:`PreemptedError` where it was ended from outside: a
    training goes on from its last checkpoint when it is run again.
    """
    end_leftovers(tree)
    started = time.monotonic()
    command = [sys.executable, "-m", "dvc", "repro", "--single-item", f"{stage}@{tree.domain}"]
    process = subprocess.Popen(
        command,
        cwd=tree.root,
        env=_environment(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    _note_group(tree, process.pid)
    is_done = False
    try:
        last_words, has_run = _follow(process, listen)
        is_done = True
    finally:
        if not is_done:
            _ask_group_to_end(process)
        _end_group(process.pid)
        if process.stdout is not None:
            process.stdout.close()
        process.wait()
        _leftover_file(tree).unlink(missing_ok=True)
    if _was_ended(process.returncode, last_words):
        raise PreemptedError(f"{stage} of {tree.domain} was asked to end (run {tree.run_id}): it goes on when it is run again")
    if process.returncode != 0:
        raise StageError(f"{stage} of {tree.domain} failed (run {tree.run_id}): {_give_reason(stage, tree, last_words)}")
    done = StageRun(stage=stage, seconds=time.monotonic() - started, is_cached=not has_run)
    if has_run:
        write_json(_seconds_file(tree), {**read_seconds(tree), stage.value: round(done.seconds, 1)})
    return done


def read_seconds(tree: Worktree) -> dict[str, float]:
    """Return how long each stage of the run took when it last ran here; one that was found done is not among them."""
    file = _seconds_file(tree)
    return read_json(file, dict[str, float]) if file.is_file() else {}


def _give_reason(stage: StageName, tree: Worktree, last_words: Sequence[str]) -> str:
    """Keep what the stage or DVC says on purpose; a traceback may quote a document, and stays in the flow run's log."""
    own = [line for line in last_words if line.startswith((f"{stage} {tree.domain}: ", "ERROR: "))]
    return " | ".join(own) or "it broke without a reason of its own; the log of its flow run has the traceback"


def _was_ended(code: int, last_words: Sequence[str]) -> bool:
    """A signal to the whole group ends DVC too, which then says nothing."""
    return code == -signal.SIGTERM or (code != 0 and any(ENDED_FROM_OUTSIDE.match(line) for line in last_words))


def end_leftovers(tree: Worktree) -> None:
    """End what an earlier, killed flow may have left running in this worktree."""
    note = _leftover_file(tree)
    if not note.exists():
        return
    group, created = note.read_text(encoding="utf-8").split()
    try:
        if abs(psutil.Process(int(group)).create_time() - float(created)) < 1.0:
            _end_group(int(group))
    except psutil.NoSuchProcess:
        _end_group(int(group))
    note.unlink(missing_ok=True)


def _follow(process: subprocess.Popen[str], listen: Listener) -> tuple[list[str], bool]:
    last_words: deque[str] = deque(maxlen=KEPT_LINES)
    has_run = False
    for line in process.stdout or ():
        text = line.rstrip()
        if not text:
            continue
        has_run = has_run or text.startswith("Running stage")
        last_words.append(text)
        listen(text)
    process.wait()
    return list(last_words), has_run


def _environment(extra: Mapping[str, str]) -> dict[str, str]:
    here = str(Path(sys.executable).parent)
    path = f"{here}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return {**os.environ, **QUIET, "PYTHONUNBUFFERED": "1", "PATH": path, "ADDENDUM_FLOW_PROCESS": str(os.getpid()), **extra}


def _leftover_file(tree: Worktree) -> Path:
    return tree.root.with_suffix(".process")


def _seconds_file(tree: Worktree) -> Path:
    """Beside the checkout, since no output of a stage may hold a duration."""
    return tree.root.with_suffix(".seconds.json")


def _note_group(tree: Worktree, process: int) -> None:
    try:
        created = psutil.Process(process).create_time()
    except psutil.NoSuchProcess:
        return
    _leftover_file(tree).write_text(f"{process} {created}", encoding="utf-8")


def _ask_group_to_end(process: subprocess.Popen[str]) -> None:
    """Give the stage time to end itself: the flow is being ended, and what was trained so far should be kept."""
    deadline = time.monotonic() + FAREWELL_S
    try:
        os.killpg(process.pid, signal.SIGTERM)
        while time.monotonic() < deadline:
            process.poll()  # else its own end would not be seen
            os.killpg(process.pid, 0)
            time.sleep(0.05)
    except (ProcessLookupError, PermissionError):
        logging.getLogger("addendum.flow").debug("process group %d has ended", process.pid)


def _end_group(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        logging.getLogger("addendum.flow").debug("process group %d has ended", group)
