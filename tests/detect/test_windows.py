"""A look leaves out no day and begins no earlier than it must."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.detect.windows import Window, read_position, write_position
from pipelines.domain.drops import Cursor
from pipelines.domain.errors import ResponseError
from pipelines.domain.identities import SourceName

days = st.dates(date(2000, 1, 1), date(2030, 1, 1))
SOURCE = SourceName("a_source")


@given(start=days, today=days, overlap=st.integers(0, 60))
def test_a_first_look_begins_at_the_start(start: date, today: date, overlap: int) -> None:
    assert Window.after(None, start=start, overlap_days=overlap, today=today).first == start


@given(seen=days, start=days, today=days, overlap=st.integers(0, 60))
def test_a_window_is_never_empty_and_leaves_no_day_out(seen: date, start: date, today: date, overlap: int) -> None:
    window = Window.after(seen, start=start, overlap_days=overlap, today=today)
    assert start <= window.first <= window.last
    assert window.first <= max(start, seen)
    assert window.last >= today


@given(first=days, length=st.integers(0, 4_000))
def test_halves_are_the_whole_and_share_no_day(first: date, length: int) -> None:
    window = Window(first, first + timedelta(days=length))
    halves = window.halve()
    if halves is None:
        assert length == 0
        return
    earlier, later = halves
    assert (earlier.first, later.last) == (window.first, window.last)
    assert later.first - earlier.last == timedelta(days=1)
    assert earlier.first <= earlier.last


def test_a_cursor_is_read_as_it_was_written() -> None:
    position = read_position(SOURCE, write_position({"until": "2026-01-02", "owed": ["7"]}))
    assert position is not None
    assert (position.date("until"), position.texts("owed")) == (date(2026, 1, 2), ("7",))


def test_equal_positions_are_equal_cursors() -> None:
    assert write_position({"a": "1", "b": "2"}) == write_position({"b": "2", "a": "1"})


def test_no_cursor_is_no_position() -> None:
    assert read_position(SOURCE, None) is None


@pytest.mark.parametrize("position", ["", "7 March", "[]", '"2026-01-01"', "null"])
def test_refuses_a_cursor_of_another_source(position: str) -> None:
    with pytest.raises(ResponseError, match="a_source: document cursor"):
        read_position(SOURCE, Cursor(position))
