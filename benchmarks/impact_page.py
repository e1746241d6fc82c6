"""The page of what an answer about one document costs, in a corpus of a million."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.impact_world import Size
from benchmarks.measures import Goal, Measure
from benchmarks.pages import Page, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LONGEST = Goal(bound=1.0, is_strict=True)
MEANING = """
An answer names every drop that brought the document, every snapshot that held it, and every judged model with how it came by it
(learned, asked about, neither), whether it serves, and by which alias. It is put together from three places:

- **the corpus**: the column of document ids is read alone, and the other columns (never the text) only from the row groups that
  hold the document;
- **the ledger**: the events of the domain's drops, retrainings, verdicts and promotions;
- **the evidence of each candidate**: what its snapshot held, what it learned and what it was asked about are kept as sets of
  digests in 256 pieces. One piece of a set is read, checked against the hash that the index has of it (the index is named by its
  own digest in the ledger), and searched by halves.

So what grows with the corpus is the one column of ids. The line *by searching the lists* is the same question put to the same
candidates without the sets: each list is read whole and hashed before it is believed, which is what an answer cost before.
"""
CAVEATS = """
- The files are in the page cache, as they are for whoever asks twice. A first question on a cold disk waits for the column of
  ids, some ten megabytes.
- Candidates are 36 and drops 25. Each further candidate costs a few file reads; each further drop of an uncompacted corpus costs
  a file to open, which is what the scheduled compaction is for.
- The ledger is SQLite. Quarantine is empty: it costs a small read for each drop that left rows there.
- The corpus is in a folder. On S3 the column of ids is fetched anew for each question.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Seconds of each question: with the corpus as its drops left it, compacted, by searching lists, as of a day, by command."""

    size: Size
    scattered: tuple[float, ...]
    compacted: tuple[float, ...]
    searched: tuple[float, ...]
    as_of: tuple[float, ...]
    commands: tuple[float, ...]


def build_page(asked: Asked) -> Page:
    """Return the page."""
    size = asked.size
    return Page(
        name="impact",
        title="Which models saw this document?",
        lead=f"{size.documents:,} documents in {size.drops} drops, {size.candidates} judged candidates.",
        command="python benchmarks/impact.py",
        measures=list_measures(asked),
        sections=(Section(heading="What it means", text=MEANING), Section(heading="What this does not show", text=CAVEATS)),
        caption="Seconds of an answer: looked up, and searched for in the lists",
        draw=partial(draw, asked=asked),
    )


def list_measures(asked: Asked) -> tuple[Measure, ...]:
    """Return every figure, those without a goal included."""
    among = f"among {asked.size.documents:,} documents"
    return (
        _tell(f"an answer {among}, corpus as {asked.size.drops} drops left it (slowest)", asked.scattered, max, LONGEST),
        _tell(f"an answer {among}, compacted (slowest)", asked.compacted, max, LONGEST),
        _tell("the same (median)", asked.compacted, median),
        _tell("the same by searching the lists, as before there were sets (median)", asked.searched, median),
        _tell(f"one document as of a day, {among} (median)", asked.as_of, median),
        _tell("`addendum impact` as a command, start and imports included (median)", asked.commands, median),
    )


def _tell(
    measure: str, seconds: tuple[float, ...], choose: Callable[[tuple[float, ...]], float], goal: Goal | None = None
) -> Measure:
    return Measure(measure=measure, value=choose(seconds), unit="s", n=len(seconds), goal=goal)


def draw(figure: Figure, asked: Asked) -> None:
    """Draw every question's seconds, by kind, on a logarithmic axis."""
    kinds = {
        "looked up,\nas drops left it": asked.scattered,
        "looked up,\ncompacted": asked.compacted,
        "searched for\nin the lists": asked.searched,
    }
    axes = figure.subplots()
    for place, seconds in enumerate(kinds.values()):
        axes.scatter([place] * len(seconds), seconds, s=12, alpha=0.5, color="tab:blue")
    axes.axhline(LONGEST.bound, color="grey", linewidth=0.8, linestyle=":")
    axes.set(yscale="log", ylabel="seconds of an answer", xticks=range(len(kinds)), xticklabels=list(kinds))
