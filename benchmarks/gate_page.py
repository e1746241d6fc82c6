"""The page of the gate's benchmark: the table, the two pictures, what they mean, and the same numbers for machines."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.goals import Line
from benchmarks.policies import Contest

if TYPE_CHECKING:
    from benchmarks.gate import Measured

MEANING = Path(__file__).parent / "gate_meaning.md"


def tabulate(lines: Sequence[Line]) -> str:
    """Return the measurements as a table in Markdown."""
    head = "| measured | value | Monte-Carlo error | n | goal | |\n|---|---|---|---|---|---|\n"
    return head + "\n".join(
        f"| {line.measure} | {line.value:.4f} | {line.error:.4f} | {line.runs:,} | {line.says} | {_tell(line)} |"
        for line in lines
    )


def write_page(folder: Path, measured: Measured) -> None:
    """Write ``gate.md``, ``gate.json`` and ``gate.svg`` into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    machine, date = describe_machine(), datetime.now(UTC).date().isoformat()
    records = [
        {
            "measure": line.measure,
            "goal": line.says,
            "value": round(line.value, 5),
            "unit": "share",
            "met": line.is_met,
            "n": line.runs,
            "machine": machine,
            "date": date,
        }
        for line in measured.lines
        if line.goal is not None
    ]
    (folder / "gate.json").write_text(json.dumps(records, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    (folder / "gate.md").write_text(_compose(measured, machine, date), encoding="utf-8")
    draw(folder / "gate.svg", measured)


def describe_machine() -> str:
    """Return the processor's name and how many cores this process may use."""
    info = Path("/proc/cpuinfo")
    named = [line for line in info.read_text(encoding="utf-8").splitlines() if "model name" in line] if info.is_file() else []
    model = named[0].split(":", 1)[1].strip() if named else platform.machine()
    return f"{model}, {os.cpu_count()} cores, {platform.system()}"


def draw(file: Path, measured: Measured) -> None:
    """Draw false promotions over a lifetime, and creep, as SVG; the same numbers give the same bytes."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams.update({"svg.hashsalt": "gate", "font.size": 9, "axes.spines.top": False, "axes.spines.right": False})
    from matplotlib import pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4.4), layout="constrained")
    for name, shares in measured.policies.items():
        left.plot(np.arange(1, len(shares) + 1), shares, label=name)
    left.axhline(0.05, color="grey", linewidth=0.8, linestyle=":")
    left.set(xscale="log", xlabel="retrainings", ylabel="P(any false promotion so far)", ylim=(0, 1.02), title="Equal models")
    left.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    for name, lives in measured.creeps.items():
        points = 100 * (lives.accuracy - lives.accuracy[0].max())
        cycles = np.arange(1, len(points) + 1)
        (line,) = right.plot(cycles, points.mean(axis=1), label=name)
        right.fill_between(cycles, *np.percentile(points, [2.5, 97.5], axis=1), color=line.get_color(), alpha=0.2, linewidth=0)
    right.axhline(-1, color="grey", linewidth=0.8, linestyle=":")
    right.set(xlabel="proposals, each 0.2 points worse", ylabel="champion against anchor, points", title="Creep")
    right.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2)
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)


def _compose(measured: Measured, machine: str, date: str) -> str:
    return MEANING.read_text(encoding="utf-8").format(
        table=tabulate(measured.lines), policies=_tabulate_policies(measured), machine=machine, date=date
    )


def _tabulate_policies(measured: Measured) -> str:
    contest: Contest = measured.contest
    rows = (f"| {name} | {shares[-1]:.3f} |" for name, shares in measured.policies.items())
    head = f"| policy | P(any false promotion), {contest.cycles} retrainings, n = {contest.rows:,} |\n|---|---|\n"
    return head + "\n".join(rows)


def _tell(line: Line) -> str:
    if line.goal is None:
        return "told"
    if line.is_ablation:
        return "broken, as it must be" if line.is_met else "NOT broken"
    return "met" if line.is_met else "NOT met"
