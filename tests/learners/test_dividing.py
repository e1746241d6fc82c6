"""However a batch is divided, every row of it counts once, pieces are within their budget, and loads are even."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from pipelines.learners.dividing import plan_pieces, share_batch

LENGTHS = st.lists(st.integers(1, 60), min_size=1, max_size=40)


@given(lengths=LENGTHS, processes=st.integers(1, 5), budget=st.one_of(st.none(), st.integers(1, 200)))
def test_every_row_counts_once_and_all_take_equally_many_turns(
    lengths: Sequence[int], processes: int, budget: int | None
) -> None:
    plans = plan_pieces(range(len(lengths)), lengths, budget, processes)
    counted = [row for plan in plans for piece in plan if not piece.is_filler for row in piece.rows]
    assert sorted(counted) == list(range(len(lengths)))
    assert len({len(plan) for plan in plans}) == 1
    assert len(plans) == processes
    assert all(piece.rows for plan in plans for piece in plan)


@given(lengths=LENGTHS, processes=st.integers(1, 5), budget=st.integers(1, 200))
def test_a_piece_is_within_its_budget_unless_it_is_one_row(lengths: Sequence[int], processes: int, budget: int) -> None:
    for plan in plan_pieces(range(len(lengths)), lengths, budget, processes):
        for piece in plan:
            assert len(piece.rows) == 1 or len(piece.rows) * max(lengths[row] for row in piece.rows) <= budget


@given(lengths=LENGTHS, processes=st.integers(1, 5))
def test_no_process_has_more_than_another_by_more_than_its_longest_row(lengths: Sequence[int], processes: int) -> None:
    loads = [sum(lengths[row] for row in share) for share in share_batch(range(len(lengths)), lengths, processes)]
    assert max(loads) - min(loads) <= max(lengths)


@given(lengths=LENGTHS)
def test_undivided_it_is_the_batch_in_its_own_order(lengths: Sequence[int]) -> None:
    batch = list(range(len(lengths)))[::-1]
    ((piece,),) = plan_pieces(batch, lengths, None, 1)
    assert piece.rows == batch
