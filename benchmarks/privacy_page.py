"""The page of the privacy benchmark: recall by class with its lower bound, what was touched in vain, the rate, and the limits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measures import Goal, Measure
from benchmarks.pages import Page, Section, tabulate
from pipelines.privacy.reports import DECIDABLE, EACH, OVERALL, TOUCHED, Recall, RecallReport

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEAST_OVERALL = Goal(bound=OVERALL, is_most=False)
LEAST_EACH = Goal(bound=EACH, is_most=False)
MOST_TOUCHED = Goal(bound=TOUCHED)
LEAST_RATE = Goal(bound=100, is_most=False)
MEANING = Path(__file__).parent / "privacy_meaning.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """How long ``processes`` took to read ``notes`` of so many letters together, and to invent what stands for what was found.

    ``seconds`` has in it what several processes take to start, which is ``starting``: paid once, however many notes there are.
    ``work`` is the processor time of the first process, which other load on the machine hardly changes.
    """

    processes: int
    notes: int
    seconds: float
    starting: float
    work: float
    letters: int

    @property
    def per_second(self) -> float:
        """Notes a second."""
        return self.notes / self.seconds

    @property
    def per_second_started(self) -> float:
        """Notes a second once the processes run."""
        return self.notes / max(self.seconds - self.starting, 1e-9)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The half that is reported, the half that rules were written on, and the rates."""

    kept: RecallReport
    seen: RecallReport
    rates: tuple[Rate, ...]


def build_page(measured: Measured) -> Page:
    """Return the page."""
    return Page(
        name="privacy",
        title="How much personal data is found?",
        lead="What is reported is the half of the gold set that no rule was written on.",
        command="python benchmarks/privacy.py",
        measures=list_measures(measured),
        sections=(
            Section(heading="Every class", text=_tabulate_classes(measured)),
            *(Section(heading=heading, text=text) for heading, text in _read_meaning()),
        ),
        caption="Recall by class, with its exact one-sided 95% lower bound",
        draw=partial(draw, report=measured.kept),
    )


def list_measures(measured: Measured) -> tuple[Measure, ...]:
    """Return every figure; a class that is too small to decide is told without a goal."""
    kept = measured.kept
    return (
        _measure(kept.overall, "lower bound of recall, all classes", LEAST_OVERALL),
        *(
            _measure(one, f"lower bound of recall, {one.kind}", LEAST_EACH if one.is_decidable else None)
            for one in sorted(kept.classes, key=lambda one: (-one.spans, one.kind))
        ),
        Measure(
            measure="clean texts in which anything was replaced",
            value=kept.touched / kept.clean if kept.clean else float("nan"),
            unit="share",
            n=kept.clean,
            goal=MOST_TOUCHED,
        ),
        *(line for one in measured.rates for line in _list_rates(one)),
    )


def tell_report(report: RecallReport) -> str:
    """Return a report as a table in Markdown."""
    rows = [
        (one.kind, f"{one.found} of {one.spans}", f"{one.lower:.4f}", _tell(one)) for one in (report.overall, *report.classes)
    ]
    rows.append(("clean texts touched", f"{report.touched} of {report.clean}", "", ""))
    return tabulate(("class", "found", "lower bound", ""), rows)


def draw(figure: Figure, report: RecallReport) -> None:
    """Draw recall and its lower bound, a line a class."""
    axes = figure.subplots()
    ordered: Sequence[Recall] = [*sorted(report.classes, key=lambda one: one.spans), report.overall]
    names = [f"{one.kind} ({one.spans})" for one in ordered]
    shares, lowers = [one.found / one.spans for one in ordered], [one.lower for one in ordered]
    axes.hlines(names, lowers, shares, color="tab:blue", linewidth=2)
    axes.plot(shares, names, "o", color="tab:blue", label="recall", markersize=5)
    axes.plot(lowers, names, "|", color="tab:blue", label="lower bound", markersize=9)
    axes.axvline(EACH, color="grey", linewidth=0.8, linestyle=":")
    axes.axvline(OVERALL, color="grey", linewidth=0.8, linestyle=":")
    axes.set(xlim=(0, 1.02), xlabel="share of spans found; dotted: .95 for a class, .99 for all")
    axes.legend(frameon=False, fontsize=8, loc="lower left")


def _measure(one: Recall, name: str, goal: Goal | None) -> Measure:
    return Measure(measure=name, value=one.lower, unit=f"({one.found} of {one.spans} found)", n=one.spans, goal=goal)


def _list_rates(rate: Rate) -> list[Measure]:
    size = rate.letters / rate.notes / 1_000
    if rate.processes == 1:
        name = f"notes of {size:.1f} kB read and rewritten, 1 process"
        worked = rate.notes / max(rate.work, 1e-9)
        return [
            Measure(measure=name, value=rate.per_second, unit="notes/s", n=rate.notes),
            Measure(measure=f"{name}, by processor time", value=worked, unit="notes/s of processor time", n=rate.notes),
        ]
    name = f"notes of {size:.1f} kB read and rewritten, {rate.processes} processes"
    return [
        Measure(measure=f"{name}, running", value=rate.per_second_started, unit="notes/s", n=rate.notes, goal=LEAST_RATE),
        Measure(measure=f"{name}, their start counted", value=rate.per_second, unit="notes/s", n=rate.notes),
        Measure(measure="start of the processes", value=rate.starting, unit="s", n=1),
    ]


def _tabulate_classes(measured: Measured) -> str:
    seen = {one.kind: one for one in measured.seen.classes}
    rows = []
    for one in (measured.kept.overall, *measured.kept.classes):
        other = measured.seen.overall if one is measured.kept.overall else seen.get(one.kind)
        written = f"{other.found} of {other.spans}" if other else "none"
        rows.append((one.kind, f"{one.found} of {one.spans}", f"{one.lower:.4f}", _tell(one), written))
    touched = (f"{report.touched} of {report.clean}" for report in (measured.kept, measured.seen))
    rows.append(("clean texts touched", next(touched), "", "", next(touched)))
    return tabulate(("class", "found, half that is reported", "lower bound", "", "found, half of the rules"), rows)


def _tell(one: Recall) -> str:
    if one.kind == "all":
        return "enough" if one.lower >= OVERALL else "NOT enough"
    if not one.is_decidable:
        return f"cannot be decided: under {DECIDABLE} spans"
    return "enough" if one.lower >= EACH else "NOT enough"


def _read_meaning() -> list[tuple[str, str]]:
    parts = MEANING.read_text(encoding="utf-8").strip().removeprefix("## ").split("\n## ")
    return [(part.partition("\n")[0].strip(), part.partition("\n")[2].strip()) for part in parts]
