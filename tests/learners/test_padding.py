"""Rows in one buffer: the same rectangle as by hand, whatever rows are asked for."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from pipelines.learners.padding import flatten_rows, pad_rows

CPU = torch.device("cpu")
ROWS = st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=7), min_size=1, max_size=9)


@given(ROWS, st.data())
def test_a_rectangle_is_what_lists_would_give(rows: list[list[int]], data: st.DataObject) -> None:
    places = data.draw(st.lists(st.integers(0, len(rows) - 1), min_size=1, max_size=12))
    padded = flatten_rows(rows).pad(places, 0, CPU)
    longest = max(len(rows[place]) for place in places)
    assert padded.ids.tolist() == [rows[place] + [0] * (longest - len(rows[place])) for place in places]
    assert padded.mask.tolist() == [[1] * len(rows[place]) + [0] * (longest - len(rows[place])) for place in places]


@given(ROWS)
def test_rows_are_found_again_and_are_joined_in_the_order_asked_for(rows: list[list[int]]) -> None:
    flat = flatten_rows(rows)
    assert [flat[place].tolist() for place in range(len(flat))] == rows
    assert flat.lengths.tolist() == [len(row) for row in rows]
    backwards = list(range(len(rows)))[::-1]
    assert flat.join(backwards).tolist() == [one for place in backwards for one in rows[place]]


def test_what_is_flat_already_is_not_copied() -> None:
    flat = flatten_rows([[1, 2], [3]])
    assert flatten_rows(flat) is flat
    assert np.shares_memory(flat[1], flat.ids)


def test_a_row_that_is_not_there_is_no_other_row() -> None:
    flat = flatten_rows([[1, 2], [3]])
    for place in (-1, 2):
        with pytest.raises(IndexError, match="of 2"):
            flat[place]
    assert [row.tolist() for row in flat] == [[1, 2], [3]]


def test_the_filler_is_masked_and_empty_rows_are_all_filler() -> None:
    padded = pad_rows([[5], [], [6, 7]], 4, CPU)
    assert padded.ids.tolist() == [[5, 4], [4, 4], [6, 7]]
    assert padded.mask.tolist() == [[1, 0], [0, 0], [1, 1]]
    assert len(flatten_rows([])) == 0
