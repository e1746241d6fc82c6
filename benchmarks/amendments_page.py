"""The page of the amendments: what each way to update taught, and what it cost of what was known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.amendments_arms import Arm, Reading
from benchmarks.measures import Goal, Measure
from benchmarks.pages import Page, Section, tabulate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

OUT_OF_DATE = Goal(bound=0.5)
CURRENT = Goal(bound=0.9, is_most=False)
MOST_WORSE = Goal(bound=1.0)
MEANING = """
The amendment is the rule of 2015 that rewrote Regulation C (home mortgage disclosure), in force since 2018-01-01: 40 of its
paragraphs, drawn by digest from those of at most 80 words. The first lesson holds their text before, 16 paragraphs of
Regulation E as an earlier amendment (2013-10-28) left them, and 64 paragraphs of both regulations that have one version on
record. Half of these 64 may be replayed by an update; the other half (*untouched*) is in no update at all, so that what is
measured on it is forgetting and not repetition.

A pair is made as evaluation makes it: the two texts are compared from the first word that differs, after everything that stands
before it, by log-likelihood per token. Updates, replay (drawn from what was learned before and is still in force) and scoring are
the product's own: `causal_lm`, `lessons/replay.py`, `evaluate`.

Replay is what keeps the rest. Without it, full fine-tuning teaches the amendment and costs the untouched paragraphs 13%; with a
quarter of the lesson from history, nothing of them is lost. LoRA of rank 16 teaches less in as many steps and forgets more. In
every arm everyday English gets worse, by 1 to 9%: these updates hold no general text, of which the recipe has 5% (`general`).
Either goal alone is easily met; the recipe for a language model whose history is small should replay more than the usual 10%.

Currency is knowledge of text that was trained on: that is what an update is for. It says nothing about whether the model can
reason with the rule.
"""
CAVEATS = """
- One amendment, one seed, one small model. The interval of a currency over 40 pairs is wide; it is given beside the figure.
- The paragraphs are short, and the untouched ones come from the regulations that were amended: a domain with longer or more
  distant texts may forget differently.
- How much is forgotten depends on how well it was known. After three epochs of the first lesson instead of two, the update by
  full fine-tuning with 25% replay led to a currency of .925 and 2.8% more bits per byte on the untouched; after five, one at a
  rate of 1e-4 (10% replay, 48 paragraphs) to .896 and 20%.
- The rate and the epochs were set after few trials on this same amendment (`--try`), once for full fine-tuning and once for
  LoRA, and are the same for every share of replay.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """What the model knew before, and after each update."""

    before: Reading
    after: Mapping[Arm, Reading]


def build_page(measured: Measured) -> Page:
    """Return the page."""
    return Page(
        name="amendments",
        title="Does an update with an amendment teach the new rule, and is nothing else forgotten?",
        lead="The model is SmolLM2-135M, the text is real.",
        command="python benchmarks/amendments.py",
        measures=list_measures(measured),
        sections=(
            Section(heading="Everything that was read", text=_tabulate_readings(measured)),
            Section(heading="What it means", text=MEANING),
            Section(heading="What this does not show", text=CAVEATS),
        ),
        caption="Currency on amended paragraphs, and bits per byte on untouched ones, by share of replay",
        draw=partial(draw, measured=measured),
    )


def list_measures(measured: Measured) -> tuple[Measure, ...]:
    """Return currency before, and of each arm its currency and what it cost on untouched paragraphs, each with its goal."""
    before = measured.before
    pairs = len(before.amended)
    measures = [
        Measure(
            measure="currency on amended paragraphs before the update",
            value=before.currency,
            unit="of pairs",
            n=pairs,
            goal=OUT_OF_DATE,
            interval=find_interval(before.amended),
        )
    ]
    for arm, after in measured.after.items():
        measures += [
            Measure(
                measure=f"currency on amended paragraphs, {arm.name}",
                value=after.currency,
                unit="of pairs",
                n=pairs,
                goal=CURRENT,
                interval=find_interval(after.amended),
            ),
            Measure(
                measure=f"more bits per byte on untouched paragraphs, {arm.name}",
                value=find_loss(before.untouched, after.untouched),
                unit="%",
                n=after.rows,
                goal=MOST_WORSE,
            ),
            Measure(
                measure=f"currency on what was amended earlier, {arm.name}",
                value=after.currency_of_earlier,
                unit="of pairs",
                n=len(after.earlier),
                interval=find_interval(after.earlier),
            ),
        ]
    return tuple(measures)


def find_loss(before: float, after: float) -> float:
    """Return by how many per cent ``after`` is more bits per byte than ``before``."""
    return 100 * (after / before - 1)


def find_interval(right: tuple[float, ...]) -> tuple[float, float]:
    """Return the 95% interval of a share (Wilson, https://doi.org/10.1080/01621459.1927.10502953)."""
    n, share, z = len(right), sum(right) / len(right), 1.959964
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def draw(figure: Figure, measured: Measured) -> None:
    """Draw currency and forgetting against the share of replay, a line a way to update."""
    left, right = figure.subplots(1, 2)
    for way in sorted({arm.way for arm in measured.after}):
        found = sorted((arm.share, after) for arm, after in measured.after.items() if arm.way == way)
        shares = [100 * share for share, _ in found]
        left.plot(shares, [after.currency for _, after in found], marker="o", label=f"amended, {way}")
        left.plot(shares, [after.currency_of_earlier for _, after in found], marker=".", linestyle=":", label=f"earlier, {way}")
        losses = [find_loss(measured.before.untouched, after.untouched) for _, after in found]
        right.plot(shares, losses, marker="o", label=way)
    left.axhline(measured.before.currency, color="grey", linewidth=0.8, label="amended, before the update")
    left.axhline(CURRENT.bound, color="grey", linewidth=0.8, linestyle=":")
    left.set(xlabel="replay, % of the lesson", ylabel="prefers the text in force", ylim=(0, 1.02), title="Currency")
    left.legend(frameon=False, fontsize=8)
    right.axhline(MOST_WORSE.bound, color="grey", linewidth=0.8, linestyle=":")
    right.set(xlabel="replay, % of the lesson", ylabel="more bits per byte, %", title="Untouched paragraphs, never replayed")
    right.legend(frameon=False, fontsize=8)


def _tabulate_readings(measured: Measured) -> str:
    head = ("model", "amended", "earlier", "untouched", "may be replayed", "everyday English", "steps", "replayed", "seconds")
    rows = [_row("before the amendment", measured.before)]
    rows += [_row(arm.name, after) for arm, after in measured.after.items()]
    told = "Currency by pairs amended now and earlier; then bits per byte; then what it took (training, loading and saving)."
    return f"{told}\n\n{tabulate(head, rows)}"


def _row(name: str, reading: Reading) -> tuple[str, ...]:
    shares = (f"{reading.currency:.3f}", f"{reading.currency_of_earlier:.3f}")
    bits = tuple(f"{value:.4f}" for value in (reading.untouched, reading.replayable, reading.general))
    return (name, *shares, *bits, str(reading.steps), str(reading.replayed), f"{reading.seconds:.0f}")
