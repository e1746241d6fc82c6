"""The learning curve and the reliability diagram, in laws."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pipelines.promote.dossier.curves import draw_learning, draw_reliability, thin_out
from pipelines.promote.dossier.reports import Bin, CurvePoint

LOSS = st.floats(0, 20, allow_nan=False)
CURVES = st.lists(st.tuples(LOSS, st.none() | LOSS), min_size=2, max_size=60).map(
    lambda pairs: [CurvePoint(step=step, loss=loss, dev_loss=dev) for step, (loss, dev) in enumerate(pairs, start=1)]
)


def build_bin(role: str = "candidate", confidence: float = 0.8, right: float = 0.7, rows: int = 100) -> Bin:
    return Bin(role=role, lower=confidence - 0.03, upper=confidence + 0.03, rows=rows, confidence=confidence, right=right)


def parse(drawing: str) -> etree._Element:
    return etree.fromstring(f"<div>{drawing}</div>")


@given(CURVES, st.integers(1, 40))
def test_a_thinned_curve_keeps_its_end_and_its_mean(curve: list[CurvePoint], most: int) -> None:
    thin = thin_out(curve, most)
    assert len(thin) <= most
    assert thin[-1].step == curve[-1].step
    assert min(point.loss for point in curve) - 1e-9 <= min(point.loss for point in thin)
    assert max(point.loss for point in thin) <= max(point.loss for point in curve) + 1e-9


def test_a_short_curve_is_drawn_as_it_is() -> None:
    curve = [CurvePoint(step=1, loss=2.0), CurvePoint(step=2, loss=1.0, dev_loss=1.5)]
    assert thin_out(curve) == curve


@given(CURVES, st.just([]) | CURVES)
def test_both_widths_show_the_candidate_and_the_champion_where_there_is_one(
    own: list[CurvePoint], other: list[CurvePoint]
) -> None:
    root = parse(draw_learning("learning", own, other))
    assert len(root) == 2
    for part in root:
        classes = [str(one.get("class")) for one in part.iter("path")]
        assert classes == (["curve champion"] if other else []) + ["curve candidate"]
        assert sum("dev" in str(one.get("class")) for one in part.iter("circle")) == sum(
            point.dev_loss is not None for point in own
        )


def test_a_single_step_makes_no_curve() -> None:
    assert draw_learning("learning", [CurvePoint(step=1, loss=1.0)], ()) == ""


def test_steps_are_whole_numbers() -> None:
    root = parse(draw_learning("learning", [CurvePoint(step=1, loss=2.0), CurvePoint(step=2, loss=1.0)], ()))
    ticks = [one.text for one in root[0].iter("text") if one.get("text-anchor") == "middle"]
    assert ticks == ["0", "1", "2", "step"]


def test_the_description_tells_where_the_loss_went() -> None:
    root = parse(draw_learning("learning", [CurvePoint(step=1, loss=2.0), CurvePoint(step=900, loss=1.25)], ()))
    assert next(root.iter("desc")).text == "The candidate's loss went from 2.000 to 1.250 nats in 900 steps."


def test_one_who_is_as_often_right_as_sure_lies_on_the_diagonal() -> None:
    root = parse(draw_reliability("reliability", [build_bin(confidence=share, right=share) for share in (0.2, 0.5, 0.9)]))
    (even,) = [one for one in root.iter("line") if one.get("class") == "even"]
    x1, y1, x2, y2 = (float(even.get(name, "")) for name in ("x1", "y1", "x2", "y2"))
    for dot in root.iter("circle"):
        along = (float(dot.get("cx", "")) - x1) / (x2 - x1)
        assert float(dot.get("cy", "")) == pytest.approx(y1 + along * (y2 - y1), abs=0.02)


def test_one_who_is_too_sure_lies_below_it() -> None:
    root = parse(draw_reliability("reliability", [build_bin(confidence=0.9, right=0.5)]))
    (dot,) = root.iter("circle")
    assert float(dot.get("cy", "")) > 320 - float(dot.get("cx", ""))


def test_a_dot_on_more_rows_is_larger() -> None:
    root = parse(draw_reliability("reliability", [build_bin(rows=10, confidence=0.4), build_bin(rows=1000)]))
    small, large = (float(dot.get("r", "")) for dot in root.iter("circle"))
    assert small < large


def test_the_mean_gap_is_weighed_by_rows_and_the_candidates_own() -> None:
    bins = [
        build_bin(confidence=0.9, right=0.8, rows=300),
        build_bin(confidence=0.5, right=0.5, rows=100),
        build_bin("champion", 0.9, 0.1),
    ]
    said = next(parse(draw_reliability("reliability", bins)).iter("desc")).text
    assert said is not None
    assert "off by 7.5 points" in said


def test_models_that_have_no_part_in_it_are_not_drawn() -> None:
    assert draw_reliability("reliability", [build_bin("baseline")]) == ""
    assert draw_reliability("reliability", []) == ""
