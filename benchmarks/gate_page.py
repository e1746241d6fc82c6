"""The page of the gate's benchmark: the table, the two pictures, what they mean, and the same numbers for machines."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.goals import Line
from benchmarks.measures import Occasion, Record, observe, write_records
from benchmarks.pages import draw_plot
from benchmarks.policies import Contest

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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
    occasion = observe()
    write_records(folder / "gate.json", (_record(line) for line in measured.lines if line.goal is not None), occasion)
    (folder / "gate.md").write_text(_compose(measured, occasion), encoding="utf-8")
    draw_plot(folder / "gate.svg", partial(draw, measured=measured))


def draw(figure: Figure, measured: Measured) -> None:
    """Draw false promotions over a lifetime, and creep."""
    left, right = figure.subplots(1, 2)
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


def _record(line: Line) -> Record:
    return Record(measure=line.measure, goal=line.says, value=line.value, unit="share", met=line.is_met, n=line.runs)


def _compose(measured: Measured, occasion: Occasion) -> str:
    return MEANING.read_text(encoding="utf-8").format(
        table=tabulate(measured.lines),
        policies=_tabulate_policies(measured),
        machine=occasion.machine,
        date=occasion.date,
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
