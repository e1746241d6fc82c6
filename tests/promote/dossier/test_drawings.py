"""The forest plot says the same in both widths: where the estimate is, how far it reaches, and whether that is allowed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pipelines.domain.verdicts import Decision, Result
from pipelines.promote.dossier.drawings import NARROW, WIDE, describe_forest, draw_forest, draw_mark
from pipelines.promote.dossier.intervals import Interval, list_differences
from tests.builders.dossiers import build_verdict
from tests.builders.findings import FAILING

NUMBER = st.floats(-50, 50, allow_nan=False)


def build_interval(**fields: Any) -> Interval:
    defaults: dict[str, Any] = {
        "name": "Accuracy, holdout",
        "against": "champion",
        "unit": "points",
        "result": Result.PASSED,
        "estimate": 1.3,
        "lower": 0.2,
        "upper": None,
        "limit": -1.0,
        "rows": 4212,
    }
    return Interval(**{**defaults, **fields})


def parse(*intervals: Interval) -> dict[str, etree._Element]:
    """Return the two drawings by width."""
    root = etree.fromstring(f"<div>{draw_forest('forest', 'Differences', intervals)}</div>")
    return {str(part.get("class")).removesuffix("-only"): part[0] for part in root}


def pick(drawing: etree._Element, tag: str, class_: str) -> list[etree._Element]:
    return [one for one in drawing.iter(tag) if class_ in str(one.get("class")).split()]


def test_it_is_drawn_for_a_page_and_for_a_phone() -> None:
    drawings = parse(build_interval())
    assert {name: one.get("viewBox", "").split()[2] for name, one in drawings.items()} == {
        "wide": str(WIDE.width),
        "narrow": str(NARROW.width),
    }


def test_nothing_is_drawn_of_nothing() -> None:
    assert draw_forest("forest", "Differences", ()) == ""


@pytest.mark.parametrize("width", ["wide", "narrow"])
def test_a_bound_below_the_limit_is_drawn_in_the_zone_that_is_not_allowed(width: str) -> None:
    drawing = parse(build_interval(estimate=-0.4, lower=-1.6, result=Result.UNDECIDABLE))[width]
    (zone,) = pick(drawing, "rect", "beyond")
    edge = float(zone.get("x", "")) + float(zone.get("width", ""))
    (reach, cap) = pick(drawing, "line", "reach")
    assert float(cap.get("x1", "")) < edge < float(reach.get("x2", ""))


def test_a_bound_above_the_limit_stays_out_of_it() -> None:
    drawing = parse(build_interval())["wide"]
    (limit,) = pick(drawing, "line", "limit")
    assert all(float(one.get("x1", "")) > float(limit.get("x1", "")) for one in pick(drawing, "line", "reach"))


def test_without_a_limit_there_is_no_zone_and_without_bounds_no_reach() -> None:
    drawing = parse(build_interval(limit=None, lower=None))["wide"]
    assert not pick(drawing, "rect", "beyond")
    assert not pick(drawing, "line", "reach")
    assert pick(drawing, "circle", "mark")


def test_no_result_is_told_by_colour_alone() -> None:
    shapes = {
        re.sub(r'class="[^"]*"', "", str(draw_mark(8, 8, result)))
        for result in (Result.PASSED, Result.FAILED, Result.NOT_MEASURED)
    }
    assert len(shapes) == 3
    assert "hollow" in str(draw_mark(8, 8, Result.UNDECIDABLE))
    for result in Result:
        drawing = parse(build_interval(result=result))["narrow"]
        assert pick(drawing, "text", "word")[0].text in {"Passed", "Failed", "Cannot be decided", "Not measured"}


def test_the_description_counts_the_results() -> None:
    intervals = list_differences(build_verdict(3, Decision.REFUSE, FAILING))
    assert describe_forest(intervals) == (
        "5 differences in points: 3 passed, 1 failed, 1 cannot be decided. The table beside holds the numbers."
    )


@given(
    st.lists(
        st.builds(
            build_interval, estimate=NUMBER, lower=NUMBER, upper=st.none() | NUMBER, limit=st.none() | NUMBER, name=st.text(),
            result=st.sampled_from(Result), against=st.sampled_from(["champion", "anchor", ""]),
        ),
        min_size=1, max_size=8,
    )
)  # fmt: skip
def test_whatever_the_numbers_every_mark_lies_on_the_drawing(intervals: list[Interval]) -> None:
    for drawing in parse(*intervals).values():
        _, _, width, height = (float(number) for number in drawing.get("viewBox", "").split())
        for one in drawing.iter():
            for name, most in (
                ("x", width),
                ("x1", width),
                ("x2", width),
                ("cx", width),
                ("y", height),
                ("y1", height),
                ("cy", height),
            ):
                assert 0 <= float(one.get(name, 0)) <= most
