"""A stopwatch in every Python process of a retraining: Python imports this by its name when the folder is on its path.

Each process notes, as it ends, how long it lived, its greatest memory, and how many seconds of its main thread went into
importing libraries, into a stage's own function, and into MLflow. Seconds are exclusive: what a stage imports is import, not
stage. The product is not touched: functions are wrapped once their module has been imported.
"""

from __future__ import annotations

import atexit
import builtins
import importlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

NOTES = "ADDENDUM_STOPWATCH"
IMPORT = "import"
WRAPPED = (
    ("pipelines.catalog", "run_stage", "stage"),
    ("pipelines.tracking", "MlflowMonitor.see", "mlflow"),
    ("pipelines.tracking", "Tracker.tag", "mlflow"),
    ("mlflow.system_metrics.system_metrics_monitor", "SystemMetricsMonitor.start", "mlflow"),
    ("mlflow.system_metrics.system_metrics_monitor", "SystemMetricsMonitor.finish", "mlflow"),
)
TICKS = os.sysconf("SC_CLK_TCK")


class Stopwatch:
    """Seconds by what they were spent on; entering one thing stops the clock of the other."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._stack: list[str] = []
        self._since = time.perf_counter()
        self._waiting = {one[:2]: one[2] for one in WRAPPED}
        self._thread = threading.get_ident()

    def enter(self, name: str) -> None:
        """Stop the clock of what runs, and start that of ``name``."""
        self._charge()
        self._stack.append(name)

    def leave(self) -> None:
        """Stop the clock, and start that of what ran before."""
        self._charge()
        self._stack.pop()

    def wrap(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function with its seconds in the main thread counted as ``name``; within itself it is counted once."""

        def timed(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401  # whatever is wrapped
            if threading.get_ident() != self._thread or (self._stack and self._stack[-1] == name):
                return function(*arguments, **named)
            self.enter(name)
            try:
                return function(*arguments, **named)
            finally:
                self.leave()
                self._wrap_loaded()

        return timed

    def _wrap_loaded(self) -> None:
        for module_name, path in list(self._waiting):
            module = sys.modules.get(module_name)
            if module is None or getattr(module.__spec__, "_initializing", False):
                continue
            owner, _, attribute = path.rpartition(".")
            holder = getattr(module, owner) if owner else module
            name = self._waiting.pop((module_name, path))
            setattr(holder, attribute, self.wrap(name, getattr(holder, attribute)))

    def _charge(self) -> None:
        now = time.perf_counter()
        if self._stack:
            self.seconds[self._stack[-1]] = self.seconds.get(self._stack[-1], 0.0) + now - self._since
        self._since = now


def count_lifetime(stat: str, uptime: str) -> float:
    """Return how long a process has lived, from its ``/proc`` line and the system's: interpreter start included."""
    started = int(stat.rpartition(")")[2].split()[19]) / TICKS
    return float(uptime.split(maxsplit=1)[0]) - started


def find_peak(status: str) -> int:
    """Return the most memory that a process held, in bytes, from its ``/proc`` status.

    Not ``ru_maxrss``, which a process inherits from the larger one that it was forked from.
    """
    peaks = [line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:")]
    return int(peaks[0]) * 1024 if peaks else 0


def note(folder: Path, stopwatch: Stopwatch) -> None:
    """Write what this process took, in a file of its own."""
    stat, status, uptime = (Path("/proc", name).read_text(encoding="utf-8") for name in ("self/stat", "self/status", "uptime"))
    noted = {
        "process": os.getpid(),
        "arguments": sys.orig_argv[1:],
        "ended": time.time(),
        "lifetime": count_lifetime(stat, uptime),
        "seconds": stopwatch.seconds,
        "peak_bytes": find_peak(status),
    }
    (folder / f"{os.getpid()}-{time.time_ns()}.json").write_text(json.dumps(noted), encoding="utf-8")


def start(folder: Path) -> Stopwatch:
    """Time this process from now on, and note it as it ends."""
    stopwatch = Stopwatch()
    builtins.__import__ = stopwatch.wrap(IMPORT, builtins.__import__)
    importlib.import_module = stopwatch.wrap(IMPORT, importlib.import_module)
    atexit.register(note, folder, stopwatch)
    return stopwatch


if os.environ.get(NOTES):
    start(Path(os.environ[NOTES]))
