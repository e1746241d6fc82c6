"""The page of the throughput benchmark: what is judged, what is told, and the pictures."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.measures import Goal, Measure
from benchmarks.pages import Page, Section, tabulate
from benchmarks.throughput_flops import find_peak

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from benchmarks.throughput import Outcome
    from benchmarks.throughput_contests import Record

MEANING = Path(__file__).parent / "throughput_meaning.md"
OURS, DEFAULT, TUNED = "Addendum", "Trainer", "Trainer, tuned"
EQUAL = "Trainer, tuned, no dropout"
"""The tuned Trainer as Addendum trains: what is left of the lead then is not that of learning without dropout."""
BEYOND_DEFAULT, BEYOND_TUNED, ON_CUDA = (
    Goal(bound=2.5, is_most=False),
    Goal(bound=1.3, is_most=False),
    Goal(bound=1.8, is_most=False),
)
UTILISED, MOST_WASTE = Goal(bound=0.4, is_most=False), Goal(bound=0.03)


def compose_page(name: str, outcomes: Sequence[Outcome], threads: int) -> Page:
    """Return the page of what was measured."""
    is_cuda = name.endswith("cuda")
    made = [one.series.name for one in outcomes if not one.is_real]
    lead = f"{threads} threads. " + (f"Made-up rows, since the data are not at hand: {', '.join(made)}. " if made else "")
    return Page(
        name=name,
        title="Throughput" + (" on a GPU" if is_cuda else ""),
        lead=lead + _tell_device(),
        command="python benchmarks/throughput.py",
        measures=tuple(measure for one in outcomes for measure in judge(one, is_cuda=is_cuda)),
        sections=(
            Section(heading="Every contestant", text="\n\n".join(tabulate_paces(one) for one in outcomes)),
            Section(heading="What it means", text=MEANING.read_text(encoding="utf-8")),
        ),
        caption="Left: tokens of text a second. Right: dev loss over seconds of training (first learning run).",
        draw=lambda figure: _draw(figure, outcomes),
    )


def judge(outcome: Outcome, *, is_cuda: bool) -> list[Measure]:
    """Return a series' goals and figures."""
    series, rounds = outcome.series.name, len(outcome.paces[OURS])
    ours = outcome.pace(OURS)
    learnings = len(outcome.learnings[OURS])
    found = [
        Measure(
            measure=f"{series}: tokens of text a second, times the {rival}'s",
            value=ours / outcome.pace(rival),
            unit="×",
            n=rounds,
            goal=goal,
            interval=_range_ratio(outcome, rival),
        )
        for rival, goal in ((DEFAULT, ON_CUDA if is_cuda else BEYOND_DEFAULT), (TUNED, BEYOND_TUNED))
    ]
    found += [
        Measure(
            measure=f"{series}: seconds that the {rival} takes to its own last dev loss, times ours to the same",
            value=compare_times(outcome, rival),
            unit="×",
            n=learnings,
            goal=goal,
        )
        for rival, goal in ((DEFAULT, ON_CUDA if is_cuda else BEYOND_DEFAULT), (TUNED, BEYOND_TUNED))
    ]
    if EQUAL in outcome.paces:
        found.append(
            Measure(
                measure=f"{series}: tokens of text a second, times the {EQUAL}'s (nobody has any)",
                value=ours / outcome.pace(EQUAL),
                unit="×",
                n=len(outcome.paces[EQUAL]),
            )
        )
    waste = median(record.waste for record in outcome.paces[OURS])
    found.append(Measure(measure=f"{series}: padding", value=waste, unit="share", n=rounds, goal=MOST_WASTE))
    return [*found, *_measure_use(outcome, is_cuda=is_cuda)]


def compare_times(outcome: Outcome, rival: str) -> float:
    """Return how many times longer ``rival`` takes to its last dev loss than Addendum; NaN where Addendum never gets there."""
    ratios = []
    for theirs, ours in zip(outcome.learnings[rival], outcome.learnings[OURS], strict=True):
        seconds, target = theirs.dev[-1]
        ratios.append(seconds / find_time(ours, target))
    return median(ratios) if all(math.isfinite(one) for one in ratios) else math.nan


def find_time(record: Record, target: float) -> float:
    """Return the seconds after which dev loss was first seen at ``target`` or under it; NaN for never."""
    return next((seconds for seconds, loss in record.dev if loss <= target), math.nan)


def tabulate_paces(outcome: Outcome) -> str:
    """Return a series' contestants as a table."""
    rows = []
    for name, records in outcome.paces.items():
        last = [record.dev[-1] for record in outcome.learnings.get(name, [])]
        shown = name if name != TUNED else f"{name}: grouped, {outcome.rows} rows"
        told = (f"{median(loss for _, loss in last):.4f}", f"{median(spent for spent, _ in last):.1f}") if last else ("", "")
        rows.append((shown, f"{outcome.pace(name):,.0f}", f"{median(one.waste for one in records):.1%}", *told))
    head = ("", "tokens of text/s", "padding", "dev loss after an epoch", "seconds")
    return f"**{outcome.series.name}**\n\n" + tabulate(head, rows)


def _range_ratio(outcome: Outcome, rival: str) -> tuple[float, float] | None:
    """Return the least and the largest ratio of any round: with five rounds no narrower interval deserves the name."""
    pairs = zip(outcome.paces[OURS], outcome.paces[rival], strict=True)
    ratios = [ours.pace(outcome.warm) / theirs.pace(outcome.warm) for ours, theirs in pairs]
    return (min(ratios), max(ratios)) if len(ratios) > 1 else None


def _measure_use(outcome: Outcome, *, is_cuda: bool) -> list[Measure]:
    if outcome.series.kind != "causal_lm":
        return []
    peak, achieved = find_peak(), outcome.pace(OURS) * outcome.flops
    name, n = f"{outcome.series.name}: ", len(outcome.paces[OURS])
    found = [Measure(measure=name + "achieved, at the least that must be computed", value=achieved / 1e9, unit="GFLOP/s", n=n)]
    if is_cuda:
        use = achieved / peak if peak else math.nan
        found.append(Measure(measure=name + "share of the device's peak (MFU)", value=use, unit="share", n=n, goal=UTILISED))
    return found


def _tell_device() -> str:
    from pipelines.learners.devices import describe_device

    told = f"Device: {describe_device()}."
    return told if find_peak() else f"{told} Its peak is not known, so no utilisation is given."


def _draw(figure: Figure, outcomes: Sequence[Outcome]) -> None:
    axes = figure.subplots(2, len(outcomes), squeeze=False)
    for column, outcome in enumerate(outcomes):
        names = list(outcome.paces)
        axes[0][column].barh(range(len(names)), [outcome.pace(name) for name in names], color="tab:blue")
        axes[0][column].set(yticks=range(len(names)), yticklabels=names if column == 0 else [], title=outcome.series.name)
        axes[0][column].invert_yaxis()
        for name, records in outcome.learnings.items():
            axes[1][column].plot(*zip(*records[0].dev, strict=True), marker="o", markersize=3, label=name)
        axes[1][column].set(xlabel="seconds", ylabel="dev loss" if column == 0 else "")
    axes[1][-1].legend(frameon=False, fontsize=8)
