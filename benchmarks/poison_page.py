"""The page of the poison benchmark: what was let in, what was caught, and what slipped through and why."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measures import Goal, Measure
from benchmarks.pages import Page, Section, tabulate
from benchmarks.poison_counts import SCREENS, Attack, Attempt, Measured, Plain, measure_share, names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_REFUSED = Goal(bound=0.01)
LEAST_CAUGHT = Goal(bound=0.95, is_most=False)
MEANING = Path(__file__).parent / "poison_meaning.md"


def build_page(measured: Measured) -> Page:
    """Return the page."""
    return Page(
        name="poison",
        title="Is poison kept out, and is what is sound let in?",
        lead="Intervals are exact (Clopper and Pearson, 95%).",
        command="python benchmarks/poison.py",
        measures=list_measures(measured),
        sections=(
            Section(heading="Sound drops", text=_tabulate_plain(measured.plain)),
            Section(heading="Drops with poison", text=_tabulate_attempts(measured.attempts)),
            Section(heading="What it means", text=MEANING.read_text(encoding="utf-8")),
        ),
        caption="Share of planted drops that are caught, by attack and series",
        draw=partial(draw, measured=measured),
    )


def list_measures(measured: Measured) -> tuple[Measure, ...]:
    """Return what became of sound drops and rows, and of each attack how often it was caught, over all series and in each."""
    plain = measured.plain
    rows = sum(one.rows for one in plain)
    measures = [
        measure_share("sound drops that are refused", sum(one.is_refused for one in plain), len(plain), MOST_REFUSED),
        measure_share("sound rows that wait because of a screen", sum(one.screened for one in plain), rows),
    ]
    for attack in Attack:
        tried = [one for one in measured.attempts if one.attack is attack]
        measures.append(_measure_caught(f"{attack}: drops that are caught", tried, LEAST_CAUGHT))
        series = names(tried)
        if len(series) > 1:
            measures += [_measure_caught(f"{attack}, {name}", [one for one in tried if one.stream == name]) for name in series]
        measures.append(_measure_found(f"{attack}: planted rows that wait, of drops not refused", tried))
    return tuple(measures)


def draw(figure: Figure, measured: Measured) -> None:
    """Draw the share of planted drops that are caught, with its interval, an attack and series a bar."""
    axes = figure.subplots()
    bars = [
        (f"{attack}\n{name}", [one for one in measured.attempts if one.attack is attack and one.stream == name])
        for attack in Attack
        for name in names(one for one in measured.attempts if one.attack is attack)
    ]
    for place, (_, tried) in enumerate(bars):
        found = _measure_caught("", tried)
        low, high = found.interval or (0.0, 1.0)
        axes.barh(place, found.value, color="tab:blue", alpha=0.7)
        axes.plot([low, high], [place, place], color="black", linewidth=1)
    axes.axvline(LEAST_CAUGHT.bound, color="grey", linewidth=0.8, linestyle=":")
    axes.set(
        yticks=range(len(bars)), yticklabels=[name for name, _ in bars], xlim=(0, 1.02), xlabel="planted drops that are caught"
    )
    axes.invert_yaxis()


def _measure_caught(name: str, tried: Sequence[Attempt], goal: Goal | None = None) -> Measure:
    return measure_share(name, sum(one.is_caught for one in tried), len(tried), goal)


def _measure_found(name: str, tried: Sequence[Attempt]) -> Measure:
    open_to_all = [one for one in tried if not one.is_refused]
    return measure_share(name, sum(one.found for one in open_to_all), sum(one.planted for one in open_to_all))


def _tabulate_plain(plain: Sequence[Plain]) -> str:
    head = ("series", "drops", "refused", "rows", *(f"“{name}”" for name in SCREENS))
    rows = []
    for name in names(plain):
        of_it = [one for one in plain if one.stream == name]
        waiting = (f"{sum(one.waiting[screen] for one in of_it):,}" for screen in SCREENS)
        counts = (len(of_it), sum(one.is_refused for one in of_it), sum(one.rows for one in of_it))
        rows.append((name, *(f"{count:,}" for count in counts), *waiting))
    return f"Rows that wait for a person, by the check that they failed.\n\n{tabulate(head, rows)}"


def _tabulate_attempts(attempts: Sequence[Attempt]) -> str:
    head = ("planted", "series", "drops", "caught", "refused", "planted rows", "of them waiting", "sound rows", "of them waiting")
    rows = []
    for attack in Attack:
        for name in names(one for one in attempts if one.attack is attack):
            of_it = [one for one in attempts if one.attack is attack and one.stream == name]
            kept = [one for one in of_it if not one.is_refused]
            counts = [len(of_it), sum(one.is_caught for one in of_it), sum(one.is_refused for one in of_it)]
            counts += [sum(one.planted for one in kept), sum(one.found for one in kept)]
            counts += [sum(one.sound for one in kept), sum(one.mistaken for one in kept)]
            rows.append((attack, name, *(f"{count:,}" for count in counts)))
    told = (
        "Rows are those of drops that were not refused. Sound rows wait in drops with poison as they do in others, or beside it."
    )
    return f"{told}\n\n{tabulate(head, rows)}"
