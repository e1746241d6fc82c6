"""The page of curation at scale: rates, what is found and what is wrongly merged, the cost of news, and where the time goes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.curation_timing import Found, Timed
from benchmarks.measures import Goal, Measure
from benchmarks.pages import Page, Section, tabulate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LEAST_RATE = Goal(bound=20_000, is_most=False)
LEAST_RECALL = Goal(bound=0.95, is_most=False)
MOST_MERGED = Goal(bound=0.01, is_strict=True)
MOST_NEWS = Goal(bound=0.05)
LOAD = "load of the machine meanwhile (5 minutes; this benchmark alone makes 1 to 2)"
MERGE = "the same, in the one run of eight that merges what is remembered"
SEARCH, STEPS, STAGE = "near-duplicates", "all steps", "the whole stage"


@dataclass(frozen=True, slots=True, kw_only=True)
class RealSeries:
    """A real series: how long the search took, and how many rows it removed."""

    name: str
    documents: int
    words: float
    seconds: float
    removed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """All that was measured. ``planted`` counts near and hard pairs; ``memory`` is MiB before, after the search, at the end."""

    documents: int
    news: int
    planted: tuple[int, int]
    timed: Mapping[str, Timed]
    merge: float
    parts: Mapping[str, float]
    found: Found
    memory: tuple[float, float, float]
    remembered: int
    load: float
    real: tuple[RealSeries, ...]


def build_page(measured: Measured) -> Page:
    """Return the page."""
    meaning = Path(__file__).with_name("curation_meaning.md").read_text(encoding="utf-8")
    return Page(
        name="curation",
        title="How fast is curation, and what does news cost it?",
        lead=f"A synthetic corpus of {measured.documents:,} documents of 60 to 140 words, of which {measured.news:,} are news.",
        command="python benchmarks/curation.py",
        measures=list_measures(measured),
        sections=(
            Section(heading="Where the time goes", text=_tabulate_parts(measured)),
            Section(heading="Real series", text=_tabulate_real(measured)),
            Section(heading="What it means", text=meaning),
        ),
        caption="Seconds of a full run and of a run with 1% of news, by how much of curation is counted",
        draw=partial(draw, measured=measured),
    )


def list_measures(measured: Measured) -> tuple[Measure, ...]:
    """Return every figure, those without a goal included."""
    found, (near, hard) = measured.found, measured.planted
    return (
        _rate(measured, SEARCH, "search for near-duplicates, from text to clusters", LEAST_RATE),
        Measure(measure="planted pairs of J ≥ .85 found", value=found.near, unit="of pairs", n=near, goal=LEAST_RECALL),
        Measure(measure="of which those below .88", value=found.edge, unit="of pairs", n=found.edges),
        Measure(measure="planted pairs of J about .6 merged", value=found.hard, unit="of pairs", n=hard, goal=MOST_MERGED),
        _news(measured, SEARCH, "1% news: search for near-duplicates", MOST_NEWS),
        Measure(measure=LOAD, value=measured.load, unit="processes", n=1),
        Measure(measure=MERGE, value=measured.merge / median(measured.timed[SEARCH].full), unit="of a full run", n=1),
        _news(measured, STEPS, "1% news: all default steps"),
        _news(measured, STAGE, "1% news: the whole stage, files included"),
        _rate(measured, STEPS, "all default steps"),
        _rate(measured, STAGE, "the whole stage, from file to files"),
        Measure(measure="memory of the process before the search (the corpus)", value=measured.memory[0], unit="MiB", n=1),
        Measure(measure="greatest memory with the search", value=measured.memory[1], unit="MiB", n=1),
        Measure(measure="greatest memory with the whole stage", value=measured.memory[2], unit="MiB", n=1),
        Measure(
            measure="remembered on disk",
            value=measured.remembered / (measured.documents - measured.news),
            unit="bytes a document",
            n=1,
        ),
        *(
            Measure(
                measure=f"search in {one.name}, {one.words:.0f} words a document",
                value=one.documents / one.seconds,
                unit="documents/s",
                n=1,
            )
            for one in measured.real
        ),
    )


def _rate(measured: Measured, name: str, says: str, goal: Goal | None = None) -> Measure:
    seconds = measured.timed[name].full
    return Measure(
        measure=f"{says} (median)", value=measured.documents / median(seconds), unit="documents/s", n=len(seconds), goal=goal
    )


def _news(measured: Measured, name: str, says: str, goal: Goal | None = None) -> Measure:
    timed = measured.timed[name]
    ratios = [news / full for full, news in zip(timed.full, timed.incremental, strict=True)]
    return Measure(measure=f"{says} (median)", value=median(ratios), unit="of a full run", n=len(ratios), goal=goal)


def _tabulate_parts(measured: Measured) -> str:
    stage = median(measured.timed[STAGE].full)
    search = median(measured.timed[SEARCH].full)
    within = sum(seconds for name, seconds in measured.parts.items() if name.startswith("search: "))
    outside = sum(seconds for name, seconds in measured.parts.items() if not name.startswith("search: "))
    rows = [
        *measured.parts.items(),
        ("search: digests, memory, choice of who stays", search - within),
        ("write the tables, count, draw the card", stage - search - outside),
        ("the whole stage", stage),
    ]
    million = 1_000_000 / measured.documents
    cells = [(name, f"{seconds:.2f}", f"{seconds / stage:.0%}", f"{seconds * million:,.0f}") for name, seconds in rows]
    return tabulate(("part of a full run", "s", "share", "s a million documents"), cells)


def _tabulate_real(measured: Measured) -> str:
    if not measured.real:
        return "The folder of real data (ADDENDUM_DATA) was not there."
    rows = [
        (
            one.name,
            f"{one.documents:,}",
            f"{one.words:.0f}",
            f"{one.documents / one.seconds:,.0f}",
            f"{one.removed / one.documents:.1%}",
        )
        for one in measured.real
    ]
    return tabulate(("series", "documents", "words each", "documents/s", "removed"), rows)


def draw(figure: Figure, measured: Measured) -> None:
    """Draw the full run beside the run with news, and the parts of the former."""
    left, right = figure.subplots(1, 2, width_ratios=(1, 1.3))
    names = [SEARCH, STEPS, STAGE]
    places = range(len(names))
    left.bar([place - 0.2 for place in places], [median(measured.timed[name].full) for name in names], 0.4, label="full run")
    left.bar(
        [place + 0.2 for place in places], [median(measured.timed[name].incremental) for name in names], 0.4, label="1% news"
    )
    left.set(xticks=list(places), xticklabels=names, ylabel="seconds")
    left.legend(frameon=False)
    parts = list(measured.parts.items())[::-1]
    right.barh([name for name, _ in parts], [seconds for _, seconds in parts], color="tab:blue")
    right.set(xlabel="seconds of a full run")
