"""One way to tell what was measured: records for machines, and a page with goals beside figures, the picture and the command.

Each benchmark says what it measured as ``Measure``; a missed goal is written like one that is met. The same measures, of the
same machine and day, give the same bytes.

Example: report(page, arguments)   (prints the table; writes <name>.md, .json and .svg; tells the exit status)
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.measures import Measure, Occasion, observe, write_records

if TYPE_CHECKING:
    from matplotlib.figure import Figure

DOCS = Path(__file__).parents[1] / "docs" / "benchmarks"
STYLE: dict[str, Any] = {"font.size": 9, "axes.spines.top": False, "axes.spines.right": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of the page: its heading and its Markdown."""

    heading: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All that is told of a benchmark: ``name`` is the stem of its files, ``command`` what repeats it, ``draw`` its picture."""

    name: str
    title: str
    lead: str
    command: str
    measures: tuple[Measure, ...]
    sections: tuple[Section, ...] = ()
    caption: str = ""
    draw: Callable[[Figure], None] | None = None


def open_parser(document: str | None) -> argparse.ArgumentParser:
    """Return a parser of ``--quick`` and ``--output``, described by the first line of a module's docstring."""
    parser = argparse.ArgumentParser(description=(document or "").splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a small run that shows the machinery, not the figures")
    parser.add_argument("--output", type=Path, help="where to write (default docs/benchmarks; with --quick, nowhere)")
    return parser


def choose_folder(*, is_quick: bool, output: Path | None) -> Path | None:
    """Return where to write, None for nowhere: a quick run never writes over the docs.

    Raises:
        SystemExit: a quick run was told to write there.
    """
    if is_quick and output is not None and output.resolve().is_relative_to(DOCS.parent):
        raise SystemExit(f"--quick shows no figures worth keeping: give an --output outside {DOCS.parent.name}/")
    return output if is_quick or output is not None else DOCS


def report(page: Page, arguments: argparse.Namespace) -> int:
    """Print the table, write the page where it belongs, and return the exit status: 1 where a full run misses a goal."""
    print(tabulate_measures(page.measures))
    folder = choose_folder(is_quick=arguments.quick, output=arguments.output)
    if folder is not None:
        write_page(page, folder, observe())
        print(f"\nWritten to {folder / page.name}.md, .json" + (" and .svg" if page.draw else ""))
    return int(not arguments.quick and any(one.met is False for one in page.measures))


def write_page(page: Page, folder: Path, occasion: Occasion) -> None:
    """Write ``<name>.md``, ``<name>.json`` and, where there is a picture, ``<name>.svg`` into ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    write_records(folder / f"{page.name}.json", (one.record for one in page.measures), occasion)
    (folder / f"{page.name}.md").write_text(compose(page, occasion), encoding="utf-8")
    if page.draw is not None:
        draw_plot(folder / f"{page.name}.svg", page.draw)


def compose(page: Page, occasion: Occasion) -> str:
    """Return the page in Markdown: how it was measured, goals beside figures, the picture, and what it means."""
    lead = f"Measured with `{page.command}` on {occasion.date}; {occasion.machine}."
    lead += f" The table is also in [{page.name}.json]({page.name}.json). {page.lead}".rstrip()
    parts = [f"# {page.title}", lead, tabulate_measures(page.measures)]
    if page.draw is not None:
        parts.append(f"![{page.caption}]({page.name}.svg)")
    parts += [f"## {section.heading}\n\n{section.text.strip()}" for section in page.sections]
    return "\n\n".join(parts) + "\n"


def tabulate_measures(measures: Sequence[Measure]) -> str:
    """Return the measures as a table in Markdown, each with its goal beside it."""
    rows = [(one.measure, _tell_value(one), f"{one.n:,}", one.goal.says if one.goal else "", _tell(one)) for one in measures]
    return tabulate(("measured", "value", "n", "goal", ""), rows)


def tabulate(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return any table in Markdown; a bar within a cell is escaped."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def draw_plot(file: Path, draw: Callable[[Figure], None], size: tuple[float, float] = (10, 4.4)) -> None:
    """Have ``draw`` fill a figure of ``size`` inches and save it as SVG; the same numbers give the same bytes."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context({**STYLE, "svg.hashsalt": file.stem}):
        figure = Figure(figsize=size, layout="constrained")
        draw(figure)
        figure.savefig(file, format="svg", metadata={"Date": None})


def _tell_value(one: Measure) -> str:
    if not math.isfinite(one.value):
        return "not measured"
    between = f" ({_tell_number(one.interval[0])} – {_tell_number(one.interval[1])})" if one.interval else ""
    return f"{_tell_number(one.value)} {one.unit}{between}"


def _tell_number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"


def _tell(one: Measure) -> str:
    return {None: "told", True: "met", False: "NOT met"}[one.met]
