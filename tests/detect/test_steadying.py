"""Reading a list that moves under one's eyes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipelines.detect.fields import Fields
from pipelines.detect.steadying import READINGS, Listing, read_steadily
from pipelines.domain.errors import ResponseError


def build_listing(*names: str, edition: int = 1, is_whole: bool = True) -> Listing:
    rows = {name: Fields("somewhere", name, {"edition": edition}) for name in names}
    return Listing(rows=rows, is_whole=is_whole)


def read_in_turn(*listings: Listing) -> tuple[dict[str, Fields], int]:
    left: Iterator[Listing] = iter(listings)
    found = read_steadily("somewhere", lambda: next(left))
    return found, len(listings) - len(list(left))


def test_reads_a_list_that_stands_still_once() -> None:
    found, readings = read_in_turn(build_listing("a"), build_listing("b"))
    assert (list(found), readings) == (["a"], 1)


def test_keeps_what_any_reading_saw_in_its_last_edition() -> None:
    found, readings = read_in_turn(build_listing("a", "b", is_whole=False), build_listing("b", "c", edition=2))
    assert {name: row.integer("edition") for name, row in found.items()} == {"a": 1, "b": 2, "c": 2}
    assert readings == 2


def test_gives_up_on_a_list_that_never_stands_still() -> None:
    with pytest.raises(ResponseError, match=f"in {READINGS} readings"):
        read_in_turn(*[build_listing("a", is_whole=False)] * (READINGS + 1))
