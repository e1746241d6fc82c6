"""The page of the drift benchmark: the goals, the scores year by year, the matrices, the judge's verdicts, and what they mean."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.currency_arms import COLD, SHARES, WARM, Arm, Size
from benchmarks.currency_measures import Tracks, measure_all, sum_cost
from benchmarks.matrices import Floats, Track
from benchmarks.pages import Page, Section, tabulate
from benchmarks.replays import Outcome
from pipelines.domain.identities import DomainName

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NAMES: Mapping[Arm, str] = {
    Arm.FROZEN: "frozen",
    Arm.NAIVE: "naive fine-tuning",
    Arm.RECIPE: "Addendum's recipe",
    Arm.JUDGED: "the recipe, as judged",
    Arm.FULL: "full retraining",
    Arm.LINEAR: "TF-IDF, refitted",
}
TITLE = "Does it stay current at a fraction of the cost?"
FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """All replays that have ended: outcomes and tracks by series, a line a seed, and the sizes that they were made in."""

    outcomes: Mapping[DomainName, Sequence[Outcome]]
    tracks: Tracks
    sizes: Mapping[DomainName, Size]
    command: str
    lead: str


def compose_page(board: Board) -> Page:
    """Return the page."""
    sections = (
        Section(heading="What it means", text=_read("currency_meaning.md")),
        Section(heading="What was replayed", text=_describe_sizes(board)),
        *(Section(heading=f"Year by year: {name}", text=_describe_series(board, name)) for name in board.tracks),
        Section(heading="What this does not show", text=_read("currency_limits.md")),
    )
    return Page(
        name="currency",
        title=TITLE,
        lead=board.lead,
        command=board.command,
        measures=measure_all(board.tracks),
        sections=sections,
        caption="Macro-F1 on the documents of the next year, by arm",
        draw=lambda figure: draw(figure, board),
    )


def draw(figure: Figure, board: Board) -> None:
    """Draw the prequential scores of every arm by year, a panel a series: the mean of the seeds, and their range."""
    panels = figure.subplots(1, len(board.tracks), squeeze=False)[0]
    for panel, (name, seeds) in zip(panels, board.tracks.items(), strict=True):
        years = np.array([drop.last for drop in board.outcomes[name][0].series.drops[1:]])
        for place, arm in enumerate(Arm):
            scores = _collect(seeds, arm)
            known = np.isfinite(scores).all(axis=0) if scores.size else np.zeros(len(years), dtype=bool)
            if not known.any():
                continue
            mean, low, high = (take(scores[:, known], axis=0) for take in (np.mean, np.min, np.max))
            style = "o-" if arm is Arm.FULL else "--" if arm in {Arm.LINEAR, Arm.JUDGED} else "-"
            panel.plot(years[known], mean, style, color=f"C{place}", label=NAMES[arm], markersize=3)
            panel.fill_between(years[known], low, high, color=f"C{place}", alpha=0.15, linewidth=0)
        panel.set(title=str(name).replace("_", " "), xlabel="year scored, before it is trained on", ylabel="macro-F1")
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=6, frameon=False, fontsize=8)


def _read(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


def _describe_sizes(board: Board) -> str:
    rows = []
    for name, outcomes in board.outcomes.items():
        series, size = outcomes[0].series, board.sizes[name]
        sampled = sum(len(drop.revisions) for drop in series.drops)
        rows.append(
            (
                str(name),
                f"{series.drops[0].name}, then {len(series.drops) - 1} years",
                f"{sampled:,} of {series.available:,}",
                "all" if size.rows is None else f"{size.rows:,}",
                f"{size.max_tokens}",
                f"every {size.full_every}" if size.full_every > 1 else "every year",
                f"{len(outcomes)}",
            )
        )
    head = ("series", "drops", "documents", "a year", "tokens a text", "trained in full", "seeds")
    size = next(iter(board.sizes.values()))
    cold = ", ".join(f"{name} {value}" for name, value in COLD.items())
    told = f"Base `{size.base}`, {size.epochs} epochs from scratch at a rate of {size.rate:g} ({cold})."
    told += " Seeds change the training and not the sample."
    recipe = (
        f"The recipe continues from the year before: `{dict(WARM[Arm.RECIPE])}`; naive fine-tuning: `{dict(WARM[Arm.NAIVE])}`."
    )
    shares = ", ".join(f"{share:.0%} {part}" for part, share in SHARES.items())
    sampling = f"Sampling keeps each year's proportions of labels. Families are split {shares}; recalls by their event."
    return f"{tabulate(head, rows)}\n\n{sampling}\n\n{told} {recipe}"


def _describe_series(board: Board, name: DomainName) -> str:
    seeds, outcomes = board.tracks[name], board.outcomes[name]
    arms = [arm for arm in Arm if _collect(seeds, arm).size]
    head = ("scored on", *(NAMES[arm] for arm in arms), "the judge, a year before")
    drops = outcomes[0].series.drops
    rows = [
        (
            drop.name,
            *(_write(_collect(seeds, arm)[:, drop.number - 1]) for arm in arms),
            _tell_verdicts(outcomes, drop.number - 1),
        )
        for drop in drops[1:]
    ]
    costs = [
        (NAMES[arm], f"{_mean_cost(seeds, arm, 'tokens with padding'):,.0f}", f"{_mean_cost(seeds, arm, 'device seconds'):,.1f}")
        for arm in (Arm.NAIVE, Arm.RECIPE, Arm.JUDGED, Arm.FULL)
        if arm in arms
    ]
    parts = [
        "Macro-F1 on the documents of a year, by the model of the year before; mean of the seeds.",
        tabulate(head, rows),
        _sum_up_verdicts(outcomes),
        tabulate(("retrainings after the first", "tokens with padding, a seed", "device seconds, a seed"), costs),
        *(_write_matrix(seeds[0][arm], [drop.name for drop in drops], NAMES[arm]) for arm in arms),
    ]
    return "\n\n".join(part for part in parts if part)


def _tell_verdicts(outcomes: Sequence[Outcome], drop: int) -> str:
    return ", ".join(cell.decision for outcome in outcomes for cell in outcome.cells if cell.drop == drop and cell.decision)


def _sum_up_verdicts(outcomes: Sequence[Outcome]) -> str:
    judged = [cell for outcome in outcomes for cell in outcome.cells if cell.decision]
    if not judged:
        return ""
    counts = {word: sum(cell.decision == word for cell in judged) for word in ("promote", "hold", "refuse")}
    said = "Of {} candidates the judge promoted {promote}, held {hold} and refused {refuse}".format(len(judged), **counts)
    last = next((cell.sentence for cell in reversed(judged) if cell.decision != "promote"), "")
    return f"{said}." + (f" The last that it did not promote: “{last}”." if last else "")


def _write_matrix(track: Track, names: Sequence[str], title: str) -> str:
    """Return R as a folded table, rows that were never measured left out."""
    known = [place for place in range(len(names)) if np.isfinite(track.matrix[place]).any()]
    rows = [(names[place], *(_write(track.matrix[place, [other]]) for other in range(len(names)))) for place in known]
    table = tabulate(("after", *names), rows)
    return f"<details><summary>R[t, i], {title}, first seed</summary>\n\n{table}\n\n</details>"


def _collect(seeds: Sequence[Mapping[Arm, Track]], arm: Arm) -> Floats:
    having = [seed[arm].ahead for seed in seeds if arm in seed]
    return np.stack(having) if having else np.zeros((0, 0))


def _mean_cost(seeds: Sequence[Mapping[Arm, Track]], arm: Arm, unit: str) -> float:
    return float(np.mean([sum_cost(seed[arm], unit) for seed in seeds if arm in seed]))


def _write(scores: Floats) -> str:
    mean = float(scores.mean())
    return f"{mean:.3f}" if math.isfinite(mean) else ""
