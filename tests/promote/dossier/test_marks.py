"""Drawings are made of escaped elements, and an axis has few, round and even ticks."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from pipelines.promote.dossier.marks import Scale, choose_ticks, element, frame, line, path, shorten_text, tell_tick, text

FINITE = st.floats(-1e6, 1e6, allow_nan=False)


def test_a_scale_maps_its_ends_and_keeps_what_lies_outside_at_the_edge() -> None:
    scale = Scale(-1.0, 3.0, 100.0, 300.0)
    assert [scale.place(value) for value in (-1, 1, 3, 99, -99)] == [100, 200, 300, 300, 100]


def test_a_scale_may_run_backwards_as_heights_do() -> None:
    assert Scale(0, 1, 200, 0).place(0.25) == 150


@given(FINITE, st.floats(1e-6, 1e6), st.integers(1, 12))
def test_ticks_are_few_even_and_within_the_axis(low: float, width: float, count: int) -> None:
    high = low + width
    ticks = choose_ticks(low, high, count)
    assert len(ticks) <= count + 1
    slack = 1e-6 * max(1.0, abs(low), abs(high))
    assert all(low - slack <= tick <= high + slack for tick in ticks)
    steps = [after - before for before, after in pairwise(ticks)]
    assert all(step == pytest.approx(steps[0], rel=1e-3, abs=1e-9) for step in steps)


def test_an_axis_of_no_length_has_no_ticks() -> None:
    assert choose_ticks(1, 1, 5) == ()
    assert choose_ticks(0, 1, 0) == ()


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(-1.2, 2.4, (-1.0, 0.0, 1.0, 2.0)), (0, 0.05, (0.0, 0.01, 0.02, 0.03, 0.04, 0.05)), (0, 180, (0, 50, 100, 150))],
)
def test_ticks_are_round_numbers(low: float, high: float, ticks: tuple[float, ...]) -> None:
    assert choose_ticks(low, high, 5) == ticks


def test_a_tick_has_the_digits_that_its_axis_needs() -> None:
    assert tell_tick(-0.01, (-0.01, 0.0, 0.01)) == "−0.01"
    assert tell_tick(100, (0, 50, 100)) == "100"
    assert tell_tick(0.5, (0.5,)) == "0.5"


def test_attributes_and_text_are_escaped() -> None:
    mark = element("text", '<script>alert("1")</script>', class_='"><b', text_anchor="end")
    assert str(mark) == ('<text class="&#34;&gt;&lt;b" text-anchor="end">&lt;script&gt;alert(&#34;1&#34;)&lt;/script&gt;</text>')


@given(st.text(), st.text())
def test_whatever_is_written_the_drawing_is_well_formed_and_says_it(title: str, said: str) -> None:
    drawing = frame(
        "key", (10, 20), (title, "described"), [text(1, 2, said), line(0, 0, 1, 1, "grid"), path([(0, 0), (1, 2.5)], "c")]
    )
    root = etree.fromstring(str(drawing))
    assert [child.tag for child in root] == ["title", "desc", "text", "line", "path"]
    assert root.attrib["aria-labelledby"] == "key-title key-description"
    assert root.attrib["role"] == "img"


def test_a_long_label_is_cut_with_an_ellipsis() -> None:
    assert shorten_text("holdout", 7) == "holdout"
    assert shorten_text("holdout rows", 9) == "holdout…"
