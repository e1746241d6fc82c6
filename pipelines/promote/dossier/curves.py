"""The learning curve and the reliability diagram."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from pipelines.promote.dossier.marks import Scale, choose_ticks, element, frame, line, path, tell_tick, text
from pipelines.promote.dossier.reports import Bin, CurvePoint

WIDTHS = (("wide", 760, 280), ("narrow", 320, 240))
SIDE = 320
MOST = 400
"""Points of a curve that are drawn; a longer curve is averaged in even stretches."""


def draw_learning(key: str, curve: Sequence[CurvePoint], champion: Sequence[CurvePoint]) -> Markup:
    """Return the loss by step, the dev loss where it was measured, and the champion's own curve behind; for both widths.

    A single step makes no curve.
    """
    if len(curve) < 2:
        return Markup()
    drawn = [
        Markup('<div class="{}-only">{}</div>').format(name, _draw_learning(f"{key}-{name}", curve, champion, (width, height)))
        for name, width, height in WIDTHS
    ]
    return Markup("").join(drawn)


def thin_out(curve: Sequence[CurvePoint], most: int = MOST) -> list[CurvePoint]:
    """Return at most ``most`` points: the mean loss of even stretches, each at its last step, with its last dev loss."""
    size = -(-len(curve) // most)
    stretches = [curve[start : start + size] for start in range(0, len(curve), size)]
    return [
        CurvePoint(
            step=stretch[-1].step,
            loss=sum(point.loss for point in stretch) / len(stretch),
            dev_loss=next((point.dev_loss for point in reversed(stretch) if point.dev_loss is not None), None),
        )
        for stretch in stretches
    ]


def draw_reliability(key: str, bins: Sequence[Bin]) -> Markup:
    """Return how often each model is right by how sure it is; on the diagonal it is right as often as it says.

    After Niculescu-Mizil and Caruana (2005, ICML 22, 625-632). The area of a dot grows with its rows.
    """
    shown = [one for one in bins if one.role in {"candidate", "champion"}]
    if not shown:
        return Markup()
    across, up = Scale(0, 1, 58, SIDE - 10), Scale(0, 1, SIDE - 44, 10)
    most = max(one.rows for one in shown)
    marks = [*_draw_grid(across, up), line(across.start, up.start, across.end, up.end, "even")]
    for role in ("champion", "candidate"):
        members = [one for one in shown if one.role == role]
        places = [(across.place(one.confidence), up.place(one.right)) for one in members]
        marks.append(path(places, f"curve {role}"))
        marks += [
            element("circle", cx=x, cy=y, r=2.5 + 5 * (one.rows / most) ** 0.5, class_=f"dot {role}")
            for one, (x, y) in zip(members, places, strict=True)
        ]
    marks.append(text((across.start + across.end) / 2, SIDE - 6, "how sure it is", "tick", "middle"))
    turned = Markup('<g transform="translate(10 {}) rotate(-90)">{}</g>')
    marks.append(turned.format(SIDE // 2, text(0, 0, "how often it is right", "tick", "middle")))
    return frame(key, (SIDE, SIDE), ("Reliability diagram", _describe_reliability(shown)), marks)


def _draw_grid(across: Scale, up: Scale) -> list[Markup]:
    marks = []
    for tick in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y, said = across.place(tick), up.place(tick), f"{100 * tick:.0f}%"
        marks += [line(x, up.start, x, up.end, "grid"), line(across.start, y, across.end, y, "grid")]
        marks.append(text(x, up.start + 16, said, "tick", "end" if tick == 1 else "middle"))
        marks.append(text(across.start - 6, y + 4, said, "tick", "end"))
    return marks


def _describe_reliability(bins: Sequence[Bin]) -> str:
    own = [one for one in bins if one.role == "candidate"]
    rows = sum(one.rows for one in own)
    gap = sum(one.rows * abs(one.right - one.confidence) for one in own) / rows if rows else 0.0
    return f"Share of right answers by confidence. The candidate is off by {100 * gap:.1f} points on average. The table has all."


def _draw_learning(key: str, curve: Sequence[CurvePoint], champion: Sequence[CurvePoint], size: tuple[int, int]) -> Markup:
    width, height = size
    own, other = thin_out(curve), thin_out(champion) if champion else []
    losses = [value for point in (*own, *other) for value in (point.loss, point.dev_loss) if value is not None]
    pad = max((max(losses) - min(losses)) * 0.06, 1e-6)
    up = Scale(min(losses) - pad, max(losses) + pad, height - 44, 10)
    across = Scale(0, max(point.step for point in (*own, *other)) or 1, 48, width - 12)
    marks = _draw_axes(across, up, width)
    for points, role in ((other, "champion"), (own, "candidate")):
        if points:
            marks.append(path(((across.place(point.step), up.place(point.loss)) for point in points), f"curve {role}"))
    measured = [(across.place(point.step), up.place(point.dev_loss)) for point in own if point.dev_loss is not None]
    marks += [element("circle", cx=x, cy=y, r=4, class_="dot dev") for x, y in measured]
    first, last = curve[0], curve[-1]
    said = f"The candidate's loss went from {first.loss:.3f} to {last.loss:.3f} nats in {last.step:,} steps."
    return frame(key, size, ("Learning curve", said), marks)


def _draw_axes(across: Scale, up: Scale, width: int) -> list[Markup]:
    marks = []
    for tick in (ticks := choose_ticks(up.low, up.high, 4)):
        y = up.place(tick)
        marks += [line(across.start, y, across.end, y, "grid"), text(42, y + 4, tell_tick(tick, ticks), "tick", "end")]
    for tick in (tick for tick in choose_ticks(across.low, across.high, 6 if width > SIDE else 3) if tick == round(tick)):
        marks.append(text(across.place(tick), up.start + 18, f"{tick:,.0f}", "tick", "middle"))
    marks.append(text((across.start + across.end) / 2, up.start + 38, "step", "tick", "middle"))
    return marks
