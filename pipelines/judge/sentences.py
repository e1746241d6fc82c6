"""How a finding speaks to people: differences in points or bits, with a sign, and never more digits than the evidence has."""

from __future__ import annotations

import math

from pipelines.domain.scorecards import Slice
from pipelines.judge.metrics import BOUNDED
from pipelines.judge.params import MetricName

NAMES: dict[MetricName, str] = {
    "accuracy": "accuracy",
    "macro_f1": "macro-F1",
    "bits_per_byte": "bits per byte",
    "log_loss": "log loss",
    "currency": "currency",
    "auroc": "AUROC",
}
PLACES: dict[Slice, str] = {
    Slice.DEV: "on dev",
    Slice.HOLDOUT: "on the holdout",
    Slice.FRESH: "on the fresh rows",
    Slice.ESTABLISHED: "on the established rows",
    Slice.ANCHOR: "on the anchor rows",
    Slice.CURRENCY: "on amended rules",
    Slice.GENERAL: "on general text",
}
_UNITS: dict[MetricName, str] = {"bits_per_byte": "bits a byte", "log_loss": "nats"}


def describe_place(metric: MetricName, part: Slice) -> str:
    """Return what was measured and where: "macro-F1 on the holdout"."""
    return f"{NAMES[metric]} {PLACES[part]}"


def describe_difference(metric: MetricName, difference: float) -> str:
    """Return a difference with its sign and unit; more is better, and it says so where the metric itself counts down."""
    if metric in BOUNDED:
        return f"{_sign(100 * difference, 1)} points"
    return f"{_sign(difference, 3)} {_UNITS[metric]} (+ is better)"


def describe_amount(metric: MetricName, amount: float) -> str:
    """Return a bound or a margin beside a difference: signed where below nothing, without its unit."""
    number = f"{100 * amount:.1f}" if metric in BOUNDED else f"{amount:.3f}"
    return number.replace("-", "−")


def describe_least(metric: MetricName, amount: float) -> str:
    """Return the least margin that can be decided, never less than it is: "2.1 points"."""
    return f"{math.ceil(1_000 * amount) / 10:.1f} points" if metric in BOUNDED else f"{amount:.3f} {_UNITS[metric]}"


def describe_value(metric: MetricName, measured: float) -> str:
    """Return a metric's value as people know it: percent, or bits and nats counted from below."""
    return f"{100 * measured:.1f}%" if metric in BOUNDED else f"{-measured:.3f} {_UNITS[metric]}"


def describe_level(alpha: float) -> str:
    """Return a level short enough to read: "α = .0304"."""
    return f"α = {alpha:.2g}"


def describe_shortage(rows: int, needed: int) -> str:
    """Return why nothing can be said: "undecidable: 812 of 3,690 examples", or that the bound alone does not reach."""
    if rows < needed:
        return f"undecidable: {rows:,} of {needed:,} examples"
    return f"undecidable on {rows:,} examples"


def round_score(score: float, part: Slice) -> float:
    """Round what a verdict discloses: a tenth of a point of the anchor rows, which must last, a hundredth elsewhere."""
    return round(score, 3 if part is Slice.ANCHOR else 4)


def round_need(needed: int, part: Slice) -> int:
    """Round a number of rows that was counted from what was seen of the anchor rows to two digits, upward: it tells on them."""
    if part is not Slice.ANCHOR or needed < 100:
        return needed
    step: int = 10 ** (len(str(needed)) - 2)
    return -(-needed // step) * step


def _sign(number: float, digits: int) -> str:
    return f"{number:+.{digits}f}".replace("-", "−")
