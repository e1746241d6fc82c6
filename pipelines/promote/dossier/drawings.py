"""The forest plot: each difference with its interval and the limit that it must stay above, one line each.

Drawn twice, for a wide page and for a phone, since text in a drawing shrinks with it; the style sheet shows one of the two.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from pipelines.domain.verdicts import Result
from pipelines.promote.dossier.intervals import Interval, split_by_reference
from pipelines.promote.dossier.marks import Scale, choose_ticks, element, frame, line, shorten_text, tell_tick, text
from pipelines.promote.dossier.words import RESULTS

CLASSES = {
    Result.PASSED: "passed",
    Result.FAILED: "failed",
    Result.UNDECIDABLE: "undecidable",
    Result.NOT_MEASURED: "unmeasured",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Canvas:
    """How a forest plot is laid out: ``label`` and ``tail`` are columns beside the plot, 0 where labels stand above the lines."""

    name: str
    width: int
    label: int
    tail: int
    row: int
    room: int

    @property
    def plot(self) -> tuple[float, float]:
        """The left and the right edge of the plot."""
        return float(self.label + 12), float(self.width - self.tail - 12)


WIDE = Canvas(name="wide", width=760, label=236, tail=182, row=34, room=38)
NARROW = Canvas(name="narrow", width=320, label=0, tail=0, row=54, room=30)
HEAD = 34
FOOT = 46


def draw_forest(key: str, title: str, intervals: Sequence[Interval]) -> Markup:
    """Return the plot of intervals of one unit, for both widths; nothing for none."""
    if not intervals:
        return Markup()
    drawn = [
        Markup('<div class="{}-only">{}</div>').format(canvas.name, _draw(key, title, intervals, canvas))
        for canvas in (WIDE, NARROW)
    ]
    return Markup("").join(drawn)


def describe_forest(intervals: Sequence[Interval]) -> str:
    """Return in words what the plot shows, for whoever cannot see it."""
    counted = [(RESULTS[result].lower(), sum(one.result is result for one in intervals)) for result in Result]
    said = ", ".join(f"{count} {word}" for word, count in counted if count)
    return f"{len(intervals)} differences in {intervals[0].unit}: {said}. The table beside holds the numbers."


def _draw(key: str, title: str, intervals: Sequence[Interval], canvas: Canvas) -> Markup:
    scale = _choose_scale(intervals, canvas)
    marks: list[Markup] = []
    top = 0.0
    for against, members in split_by_reference(intervals):
        if against:
            marks.append(text(0, top + 20, f"Against the {against}", "group"))
            top += HEAD
        for interval in members:
            marks += _draw_row(interval, scale, canvas, top)
            top += canvas.row
    height = top + FOOT
    axis = _draw_axis(scale, canvas, top, intervals[0].unit)
    return frame(f"{key}-{canvas.name}", (canvas.width, height), (title, describe_forest(intervals)), [*axis, *marks])


def _draw_row(interval: Interval, scale: Scale, canvas: Canvas, top: float) -> list[Markup]:
    middle = top + canvas.row / 2 if canvas.label else top + 36
    class_ = CLASSES[interval.result]
    marks = [_draw_limit(interval, scale, middle), *_draw_interval(interval, scale, middle, class_)]
    said = f"{interval.estimate:+.1f}".replace("-", "−") if interval.unit == "points" else f"{interval.estimate:+.3f}"
    name = shorten_text(interval.name, canvas.room)
    if canvas.label:
        marks.append(text(0, middle + 4, name))
        marks.append(text(canvas.width - canvas.tail + 4, middle + 4, said.replace("-", "−"), "number"))
        marks.append(text(canvas.width - canvas.tail + 52, middle + 4, RESULTS[interval.result], f"word {class_}"))
    else:
        marks.append(text(0, top + 16, name))
        marks.append(text(canvas.width, top + 16, RESULTS[interval.result], f"word {class_}", "end"))
    return marks


def _draw_limit(interval: Interval, scale: Scale, middle: float) -> Markup:
    """Shade what lies beyond the limit: where a lower bound must not be."""
    if interval.limit is None or scale.place(interval.limit) <= scale.start:
        return Markup()
    edge = scale.place(interval.limit)
    zone = element("rect", x=scale.start, y=middle - 11, width=edge - scale.start, height=22.0, class_="beyond")
    return zone + line(edge, middle - 11, edge, middle + 11, "limit")


def _draw_interval(interval: Interval, scale: Scale, middle: float, class_: str) -> list[Markup]:
    at = scale.place(interval.estimate)
    marks = []
    for bound in (interval.lower, interval.upper):
        if bound is not None:
            end = scale.place(bound)
            marks.append(line(end, middle, at, middle, f"reach {class_}"))
            marks.append(line(end, middle - 5, end, middle + 5, f"reach {class_}"))
    return [*marks, draw_mark(at, middle, interval.result)]


def draw_mark(x: float, y: float, result: Result) -> Markup:
    """Return the sign of a result: a disc, a cross, a ring or a dash, so that none is told by its colour alone."""
    class_ = f"mark {CLASSES[result]}"
    if result is Result.PASSED:
        return element("circle", cx=x, cy=y, r=5, class_=class_)
    if result is Result.FAILED:
        return line(x - 5, y - 5, x + 5, y + 5, class_) + line(x - 5, y + 5, x + 5, y - 5, class_)
    if result is Result.UNDECIDABLE:
        return element("circle", cx=x, cy=y, r=5, class_=f"{class_} hollow")
    return line(x - 5, y, x + 5, y, class_)


def _choose_scale(intervals: Sequence[Interval], canvas: Canvas) -> Scale:
    ends = [(one.estimate, one.lower, one.upper, one.limit) for one in intervals]
    values = [0.0, *(value for four in ends for value in four if value is not None)]
    low, high = min(values), max(values)
    margin = max((high - low) * 0.08, 1e-6)
    return Scale(low - margin, high + margin, *canvas.plot)


def _draw_axis(scale: Scale, canvas: Canvas, bottom: float, unit: str) -> list[Markup]:
    ticks = choose_ticks(scale.low, scale.high, 8 if canvas.label else 4)
    marks = []
    for tick in ticks:
        x = scale.place(tick)
        marks.append(line(x, 0, x, bottom, "zero" if tick == 0 else "grid"))
        marks.append(text(x, bottom + 16, tell_tick(tick, ticks), "tick", "middle"))
    worse, better = scale.start, scale.end
    marks.append(text(worse, bottom + 36, "← worse", "tick"))
    marks.append(text((worse + better) / 2, bottom + 36, unit, "tick", "middle"))
    marks.append(text(better, bottom + 36, "better →", "tick", "end"))
    return marks
