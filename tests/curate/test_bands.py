"""The pairs found are exactly those that share a band and agree enough, found within a whole or across its parts."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.curate import bands as module
from pipelines.curate.bands import Pairs, band, decode, encode, find_near_across, find_near_within
from pipelines.curate.signatures import Signatures

BANDS, ROWS = 3, 2
SIGNATURES = st.lists(st.lists(st.integers(0, 2), min_size=BANDS * ROWS, max_size=BANDS * ROWS), max_size=12)
THRESHOLD = st.sampled_from([0.0, 1 / 3, 0.5, 1.0])


def build(drawn: list[list[int]]) -> Signatures:
    return np.array(drawn, dtype=np.uint32).reshape(-1, BANDS * ROWS)


def is_near(left: list[int], right: list[int], threshold: float) -> bool:
    cut = [slice(start, start + ROWS) for start in range(0, BANDS * ROWS, ROWS)]
    agreement = sum(one == other for one, other in zip(left, right, strict=True)) / len(left)
    return any(left[part] == right[part] for part in cut) and agreement >= threshold


def listed(pairs: Pairs) -> list[tuple[int, int]]:
    return [(int(left), int(right)) for left, right in pairs]


@given(SIGNATURES, THRESHOLD)
def test_pairs_within_are_those_that_a_comparison_of_all_finds(drawn: list[list[int]], threshold: float) -> None:
    found = find_near_within(band(build(drawn), BANDS), build(drawn), threshold)
    expected = [pair for pair in combinations(range(len(drawn)), 2) if is_near(drawn[pair[0]], drawn[pair[1]], threshold)]
    assert listed(found) == expected


@given(SIGNATURES, SIGNATURES, THRESHOLD)
def test_pairs_across_are_those_that_a_comparison_of_all_finds(
    lefts: list[list[int]], rights: list[list[int]], threshold: float
) -> None:
    left, right = build(lefts), build(rights)
    found = find_near_across(band(left, BANDS), left, band(right, BANDS), right, threshold)
    everyone = product(range(len(lefts)), range(len(rights)))
    assert listed(found) == [pair for pair in everyone if is_near(lefts[pair[0]], rights[pair[1]], threshold)]


@given(SIGNATURES, st.integers(0, 12))
def test_the_pairs_of_a_whole_are_those_within_its_parts_and_across_them(drawn: list[list[int]], cut: int) -> None:
    whole, cut = build(drawn), min(cut, len(drawn))
    left, right = whole[:cut], whole[cut:]
    within = [find_near_within(band(part, BANDS), part, 0.5) for part in (left, right)]
    across = find_near_across(band(left, BANDS), left, band(right, BANDS), right, 0.5)
    parts = listed(within[0]) + listed(within[1] + cut) + listed(across + np.array([0, cut]))
    assert sorted(parts) == listed(find_near_within(band(whole, BANDS), whole, 0.5))


def test_a_run_of_equal_keys_longer_than_what_may_wait_loses_no_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WAITING", 10)
    monkeypatch.setattr(module, "CHUNK", 7)
    same = np.ones((40, BANDS * ROWS), dtype=np.uint32)
    assert listed(find_near_within(band(same, BANDS), same, 1.0)) == list(combinations(range(40), 2))


def test_a_band_differs_by_the_order_of_its_hashes_too() -> None:
    turned = np.array([[1, 2], [2, 1]], dtype=np.uint32)
    assert listed(find_near_within(band(turned, 1), turned, 0.0)) == []


@given(st.lists(st.tuples(st.integers(0, 2**31 - 1), st.integers(0, 2**31 - 1)), max_size=5))
def test_pairs_become_numbers_and_pairs_again_in_the_same_order(pairs: list[tuple[int, int]]) -> None:
    table = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    assert listed(decode(np.sort(encode(table)))) == sorted(pairs)
