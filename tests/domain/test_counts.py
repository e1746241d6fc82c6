"""Counts are complete, and in one order whatever the order of what was counted."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.domain.counts import count_values


@given(st.lists(st.sampled_from(["b", "a", "é", ""])))
def test_every_value_is_counted_and_the_order_is_that_of_the_values(values: list[str]) -> None:
    counted = count_values(values)
    assert counted == {value: values.count(value) for value in set(values)}
    assert list(counted) == sorted(counted)
