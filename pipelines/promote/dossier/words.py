"""How a dossier puts numbers, times and names, the same on every machine: no locale and no time zone has a say in it."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime

from pipelines.domain.verdicts import Finding, Result

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
RESULTS: Mapping[Result, str] = {
    Result.PASSED: "Passed",
    Result.FAILED: "Failed",
    Result.UNDECIDABLE: "Cannot be decided",
    Result.NOT_MEASURED: "Not measured",
}
GATES: Mapping[str, str] = {
    "power": "Enough evidence",
    "generation": "Holdout still fresh",
    "floor": "Absolute minimum",
    "baseline": "Better than a simple baseline",
    "non_inferiority": "Not worse",
    "reason_to_change": "A reason to change",
    "harm_screen": "No harm to a subgroup",
    "calibration": "Calibration",
    "robustness": "Robustness",
    "memorisation": "Memorisation",
    "extraction": "Extraction of training text",
    "membership": "Membership inference",
    "phi_leak": "Leak of personal data",
    "latency": "Speed",
    "size": "Size",
    "files": "Model files",
    "envelope": "Change envelope",
}
METRICS: Mapping[str, str] = {
    "accuracy": "Accuracy",
    "macro_f1": "Macro-F1",
    "auroc": "AUROC",
    "currency": "Currency",
    "bits_per_byte": "Bits per byte",
    "log_loss": "Log loss",
    "calibration_error": "Calibration error",
}
PARTS: Mapping[str, str] = {
    "dev": "dev",
    "holdout": "holdout",
    "fresh": "fresh rows",
    "established": "established rows",
    "anchor": "anchor rows",
    "currency": "amended rules",
    "general": "general text",
}
SHARES = frozenset({"accuracy", "macro_f1", "auroc", "currency", "calibration_error"})
"""Metrics that lie between 0 and 1, and are told in percent and points."""


def name_gate(gate: str) -> str:
    """Return what people call a gate; one that is not known here keeps its own name, readable."""
    return GATES.get(gate, gate.replace("_", " ").capitalize())


def name_finding(finding: Finding) -> str:
    """Return a finding's name: the gate and, where there is one, whom it compares with."""
    against = f" than the {finding.against}" if finding.gate == "non_inferiority" and finding.against else ""
    return f"{name_gate(finding.gate)}{against}"


def name_metric(metric: str) -> str:
    """Return what people call a metric."""
    return METRICS.get(metric, metric.replace("_", " ").capitalize())


def name_part(part: str) -> str:
    """Return what people call a part of the evaluation rows."""
    return PARTS.get(part, part)


def tell_value(value: float, metric: str | None) -> str:
    """Return a metric's value: percent, or three decimals."""
    return f"{100 * value:.1f}%" if metric in SHARES else _minus(f"{value:.3f}")


def tell_change(value: float, metric: str | None) -> str:
    """Return a difference with its sign: in points, or with three decimals in the metric's unit."""
    return _minus(f"{100 * value:+.1f}" if metric in SHARES else f"{value:+.3f}")


def tell_figure(value: float) -> str:
    """Return a number whose unit is its reading's own, with four digits that count."""
    return _minus(f"{value:.4g}")


def unit_of(metric: str | None) -> str:
    """Return the unit of a difference, oriented so that more is better."""
    if metric in SHARES:
        return "points"
    named = {"bits_per_byte": "bits a byte", "log_loss": "nats"}.get(metric or "", "")
    return f"{named} (more is better)" if named else "the gate's own unit"


def tell_count(count: int) -> str:
    """Return a whole number with commas."""
    return f"{count:,}"


def tell_some(count: int, noun: str) -> str:
    """Return a number of things: "1 drop", "2 drops", "no drops"."""
    return f"{f'{count:,}' if count else 'no'} {noun}{'' if count == 1 else 's'}"


def tell_share(part: int, whole: int) -> str:
    """Return a share in percent; nothing of nothing is a dash."""
    return f"{100 * part / whole:.0f}%" if whole else "–"


def tell_level(alpha: float) -> str:
    """Return an error level short enough to read."""
    return f"{alpha:.2g}"


def tell_bytes(size: int) -> str:
    """Return a size in the unit that fits."""
    for unit, scale in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if size >= scale:
            return f"{size / scale:.1f} {unit}"
    return f"{size} bytes"


def tell_seconds(seconds: float) -> str:
    """Return a duration as people say it."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{seconds:.1f} s"


def tell_day(moment: datetime) -> str:
    """Return the day, in UTC: "1 March 2026"."""
    utc = moment.astimezone(UTC)
    return f"{utc.day} {MONTHS[utc.month - 1]} {utc.year}"


def tell_date(written: str) -> str:
    """Return an ISO date as a day in words, and anything else as it is."""
    try:
        day = date.fromisoformat(written)
    except ValueError:
        return written
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def put_in_order(names: Iterable[str], order: Sequence[str]) -> list[str]:
    """Return the names as ``order`` has them, and those that it does not have after them by the alphabet."""
    return sorted(names, key=lambda name: (order.index(name) if name in order else len(order), name))


def tell_moment(moment: datetime) -> str:
    """Return the day and the minute, in UTC."""
    return f"{tell_day(moment)}, {moment.astimezone(UTC):%H:%M} UTC"


def show_controls(text: str) -> str:
    """Return ``text`` with every character that shows nothing, or turns the line around, written out as its code point.

    Text that was fetched may hold marks that make a page read otherwise than it is written (https://trojansource.codes).
    """
    return "".join(f"⟦U+{ord(char):04X}⟧" if _is_hidden(char) else char for char in text)


def _is_hidden(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cf"} and char not in "\n\t\u00ad\u200c\u200d"


def _minus(text: str) -> str:
    return text.replace("-", "−")
