"""What a benchmark says: each figure with its goal, missed or met, and the same for machines.

The same measures, of the same machine and day, give the same bytes.
"""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A bound that a value must not exceed (``is_most``) or must reach; ``is_strict`` where equality is a miss."""

    bound: float
    is_most: bool = True
    is_strict: bool = False

    @property
    def says(self) -> str:
        """The goal as people read it."""
        sign = {(True, False): "≤", (False, False): "≥", (True, True): "<", (False, True): ">"}[self.is_most, self.is_strict]
        return f"{sign} {self.bound:g}"

    def is_met(self, value: float) -> bool:
        """Whether ``value`` keeps to the bound; what could not be measured (NaN) never does."""
        if self.is_strict:
            return value < self.bound if self.is_most else value > self.bound
        return value <= self.bound if self.is_most else value >= self.bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One figure: ``n`` is how many observations it is of, ``unit`` what it counts; without a goal it is told, not judged.

    ``interval`` is a 95% interval in the same unit, where one was made. NaN says that it could not be measured.
    """

    measure: str
    value: float
    unit: str
    n: int
    goal: Goal | None = None
    interval: tuple[float, float] | None = None

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None where there is none."""
        return None if self.goal is None else self.goal.is_met(self.value)

    @property
    def record(self) -> Record:
        """The figure as machines read it."""
        goal = self.goal.says if self.goal else None
        return Record(measure=self.measure, goal=goal, value=self.value, unit=self.unit, met=self.met, n=self.n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One line of a benchmark's JSON, but for the machine and the day; ``goal`` and ``met`` are null where there is none."""

    measure: str
    goal: str | None
    value: float | None
    unit: str
    met: bool | None
    n: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """Where and when it was measured; ``date`` is a day of UTC, as ISO 8601."""

    machine: str
    date: str


def write_records(file: Path, records: Iterable[Record], occasion: Occasion) -> None:
    """Write the records as a JSON list, misses included; a value that is not finite is null."""
    rows = [{**asdict(one), "value": _round(one.value), **asdict(occasion)} for one in records]
    file.write_text(json.dumps(rows, indent=1, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")


def observe(accelerator: str = "") -> Occasion:
    """Return today and this machine; ``accelerator`` names what else computed, such as a GPU."""
    machine = describe_machine() + (f", {accelerator}" if accelerator else "")
    return Occasion(machine=machine, date=datetime.now(UTC).date().isoformat())


def describe_machine() -> str:
    """Return the processor's name and how many cores this process may use."""
    info = Path("/proc/cpuinfo")
    named = [line for line in info.read_text(encoding="utf-8").splitlines() if "model name" in line] if info.is_file() else []
    model = named[0].split(":", 1)[1].strip() if named else platform.machine()
    return f"{model}, {os.cpu_count()} cores, {platform.system()}"


def _round(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else float(f"{value:.6g}")
