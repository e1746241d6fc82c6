"""The differences of a verdict as lines of a drawing: what was compared, the estimate, its bounds, and where it must not go."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pipelines.domain.verdicts import Detail, Finding, Result, Verdict
from pipelines.promote.dossier.words import SHARES, name_gate, name_metric, name_part, unit_of

ORDER = ("champion", "anchor", "baseline")
COMPARING = frozenset({"non_inferiority", "baseline", "reason_to_change"})
"""Gates that are known by what they compare; every other is known by its own name."""
SHOWN_APART = frozenset({"harm_screen"})
"""Gates whose many lines have a drawing of their own, in the section on subgroups."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """One difference, candidate minus reference, more is better, in ``unit`` (points are hundredths of a share).

    ``limit`` is what the lower bound must lie above; ``lower`` and ``upper`` are ``None`` where the test gives none.
    """

    name: str
    against: str
    unit: str
    result: Result
    estimate: float
    lower: float | None
    upper: float | None
    limit: float | None
    rows: int | None


def list_differences(verdict: Verdict) -> tuple[Interval, ...]:
    """Return the findings that compare the candidate with somebody: champion first, then anchor, then the others."""
    asked = [finding for finding in verdict.findings if finding.against and finding.gate not in SHOWN_APART]
    found = [_read_finding(finding) for finding in asked if finding.estimate is not None]
    return tuple(sorted(found, key=lambda one: (_rank(one.against), one.against)))


def list_details(finding: Finding) -> tuple[Interval, ...]:
    """Return the lines of a finding that looks at many things, in its own order, as far as each was estimated."""
    return tuple(_read_detail(finding, detail) for detail in finding.details if detail.estimate is not None)


def split_by_unit(intervals: Iterable[Interval]) -> tuple[tuple[str, tuple[Interval, ...]], ...]:
    """Return the intervals by unit, since no axis has two; units in the order in which they come."""
    units: dict[str, list[Interval]] = {}
    for interval in intervals:
        units.setdefault(interval.unit, []).append(interval)
    return tuple((unit, tuple(members)) for unit, members in units.items())


def split_by_reference(intervals: Iterable[Interval]) -> tuple[tuple[str, tuple[Interval, ...]], ...]:
    """Return the intervals by whom they compare with, in the order in which they come."""
    groups: dict[str, list[Interval]] = {}
    for interval in intervals:
        groups.setdefault(interval.against, []).append(interval)
    return tuple((against, tuple(members)) for against, members in groups.items())


def _read_finding(finding: Finding) -> Interval:
    scale = _scale(finding.metric)
    place = f", {name_part(finding.part)}" if finding.part else ""
    is_plain = finding.metric and finding.gate in COMPARING
    measured = f"{name_metric(finding.metric or '')}{place}" if is_plain else name_gate(finding.gate)
    suffix = " (reason)" if finding.gate == "reason_to_change" else ""
    return Interval(
        name=f"{measured}{suffix}",
        against=str(finding.against),
        unit=unit_of(finding.metric),
        result=finding.result,
        estimate=scale * (finding.estimate or 0.0),
        lower=_times(scale, finding.lower),
        upper=_times(scale, finding.upper),
        limit=None if finding.margin is None else -scale * finding.margin,
        rows=finding.rows,
    )


def _read_detail(finding: Finding, detail: Detail) -> Interval:
    scale = _scale(finding.metric)
    return Interval(
        name=detail.name,
        against=str(finding.against or ""),
        unit=unit_of(finding.metric),
        result=detail.result,
        estimate=scale * (detail.estimate or 0.0),
        lower=_times(scale, detail.lower),
        upper=_times(scale, detail.upper),
        limit=None if finding.margin is None else -scale * finding.margin,
        rows=detail.rows,
    )


def _rank(against: str) -> int:
    return ORDER.index(against) if against in ORDER else len(ORDER)


def _scale(metric: str | None) -> float:
    return 100.0 if metric in SHARES else 1.0


def _times(scale: float, value: float | None) -> float | None:
    return None if value is None else scale * value
