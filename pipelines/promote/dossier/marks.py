"""The few marks that all drawings are made of: escaped SVG elements, a linear scale and ticks at round numbers.

Colours are classes that the page's style sheet fills in, so a drawing follows light, dark and print.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape

from pipelines.promote.dossier.words import show_controls

Number = int | float


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from ``low`` to ``high`` on places from ``start`` to ``end`` (which may run backwards, as heights do)."""

    low: float
    high: float
    start: float
    end: float

    def place(self, value: float) -> float:
        """Return where ``value`` lies; what lies outside is drawn at the edge."""
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)


def element(tag: str, *children: str | Markup, **attributes: str | Number) -> Markup:
    """Return an SVG element; everything in it that is not markup already is escaped.

    An attribute's underscores become hyphens (``stroke_width``), and one at its end is dropped (``class_``).
    """
    written = Markup("").join(
        Markup(' {}="{}"').format(name.rstrip("_").replace("_", "-"), _plain(value)) for name, value in attributes.items()
    )
    inner = Markup("").join(child if isinstance(child, Markup) else escape(show_controls(child)) for child in children)
    return Markup("<{}{}>{}</{}>").format(tag, written, inner, tag)


def line(x1: Number, y1: Number, x2: Number, y2: Number, class_: str) -> Markup:
    """Return a line."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=class_)


def text(x: Number, y: Number, said: str, class_: str = "label", anchor: str = "start") -> Markup:
    """Return a line of text."""
    return element("text", said, x=x, y=y, class_=class_, text_anchor=anchor)


def path(points: Iterable[tuple[float, float]], class_: str) -> Markup:
    """Return a line through points."""
    steps = " ".join(f"{'M' if number == 0 else 'L'}{_plain(x)} {_plain(y)}" for number, (x, y) in enumerate(points))
    return element("path", d=steps, class_=class_)


def frame(key: str, size: tuple[Number, Number], told: tuple[str, str], marks: Sequence[Markup]) -> Markup:
    """Return a whole drawing of a width and a height, with the title and the description that it is read out by."""
    title, description = f"{key}-title", f"{key}-description"
    named = [element("title", told[0], id=title), element("desc", told[1], id=description)]
    head = Markup('<svg role="img" aria-labelledby="{} {}" viewBox="0 0 {} {}" style="--natural:{}px">').format(
        title, description, _plain(size[0]), _plain(size[1]), _plain(size[0])
    )
    return Markup("{}{}{}").format(head, Markup("").join([*named, *marks]), Markup("</svg>"))


def choose_ticks(low: float, high: float, count: int) -> tuple[float, ...]:
    """Return at most ``count`` + 1 round numbers from ``low`` to ``high``, evenly spaced by 1, 2 or 5 times a power of ten."""
    if not high > low or count < 1:
        return ()
    rough = (high - low) / count
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return tuple(round(number * step, 10) + 0.0 for number in range(first, last + 1))


def tell_tick(value: float, ticks: Sequence[float]) -> str:
    """Return a tick's number with as many digits as all of ``ticks`` need."""
    step = min((later - earlier for earlier, later in pairwise(ticks)), default=None)
    digits = 0 if step is None else max(0, -math.floor(math.log10(step) + 1e-9))
    return (f"{value:g}" if step is None else f"{value:.{digits}f}").replace("-", "−")


def shorten_text(said: str, room: int) -> str:
    """Return ``said`` cut to ``room`` characters, with an ellipsis where something is left out."""
    return said if len(said) <= room else f"{said[: room - 1].rstrip()}…"


def _plain(value: str | Number) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
