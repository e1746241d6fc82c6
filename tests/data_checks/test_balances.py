"""The sums over a whole drop: each on its boundary, and each silent where there is too little to judge by."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_checks.balances import check_labels, check_share, check_volume, count_by_family, largest_share
from data_checks.columns import join_labels, split_labels
from data_checks.expectations import LabelLimits, VolumeLimits

REFERENCE = {"a": 500, "b": 300, "c": 200}
LIMITS = LabelLimits(reference=REFERENCE)


@pytest.mark.parametrize(("rows", "is_usual"), [(0, False), (1, True), (100, True), (1050, True), (1051, False)])
def test_measures_the_volume_by_the_median(rows: int, is_usual: bool) -> None:  # noqa: FBT001  # a table of cases
    limits = VolumeLimits(previous=(5, 100, 100, 100, 90_000), lowest=0.01, highest=10.0, slack=50)
    assert (check_volume(rows, limits) is None) is is_usual


def test_says_nothing_about_volume_before_the_fifth_drop() -> None:
    assert check_volume(1_000_000, VolumeLimits(previous=(1,) * 4)) is None
    assert check_volume(1_000_000, VolumeLimits(previous=(1,) * 5)) is not None


def test_forgets_volumes_before_the_last_twenty() -> None:
    assert check_volume(5000, VolumeLimits(previous=(5000,) * 100 + (1,) * 20)) is not None
    assert check_volume(5000, VolumeLimits(previous=(1,) * 100 + (5000,) * 20)) is None


@given(st.lists(st.integers(1, 10_000), min_size=5, max_size=40))
def test_a_drop_of_the_median_size_is_always_usual(previous: list[int]) -> None:
    recent = sorted(previous[-20:])
    assert check_volume(recent[len(recent) // 2], VolumeLimits(previous=tuple(previous))) is None


def test_a_share_on_its_limit_passes() -> None:
    assert check_share("x", 0.2, 0.2) is None
    failure = check_share("x", 0.21, 0.2)
    assert failure is not None
    assert (failure.observed, failure.limit) == ("21.0% of rows", "at most 20.0%")


def test_the_largest_share_of_nothing_is_nothing() -> None:
    assert largest_share({}) == 0.0
    assert largest_share({"a": 3, "b": 1}) == 0.75


@given(st.lists(st.text(alphabet=st.characters(exclude_characters="\x1f", exclude_categories=["Cs"]))))
def test_labels_come_apart_as_they_were_joined(labels: list[str]) -> None:
    assert split_labels(join_labels(labels)) == tuple(labels)


def test_counts_a_label_once_a_family() -> None:
    cells = [join_labels(labels) for labels in (["a"], ["a"], ["b"], ["a", "b"], [])]
    assert count_by_family(["f", "f", "f", "g", "h"], cells) == Counter({"a": 2, "b": 2})


@pytest.mark.parametrize("label", ["a", "b", "c", "new"])
def test_refuses_a_drop_flipped_to_one_label_whichever_it_is(label: str) -> None:
    failure = check_labels(40, {label: 40}, LIMITS)
    assert failure is not None
    assert "100.0% of 40 labelled families" in failure.observed
    assert label not in failure.observed.split("one label")[0]


def test_refuses_a_flip_to_the_label_that_was_most_usual_anyway() -> None:
    assert check_labels(60, {"a": 60}, LabelLimits(reference={"a": 800, "b": 200})) is not None


def test_a_source_with_one_label_only_may_go_on_so() -> None:
    assert check_labels(60, {"a": 60}, LabelLimits(reference={"a": 1000})) is None
    assert check_labels(60, {"a": 60}, LabelLimits(reference={"a": 990, "b": 10})) is None


def test_one_event_of_many_rows_is_one_decision() -> None:
    assert check_labels(200, {"a": 1}, LIMITS) is None
    assert check_labels(200, {"a": 4, "b": 1}, LIMITS) is None


def test_does_not_judge_few_labels_nor_a_small_reference() -> None:
    assert check_labels(29, {"c": 29}, LIMITS) is None
    assert check_labels(30, {"c": 30}, LIMITS) is not None
    assert check_labels(30, {"c": 30}, LabelLimits(reference={"a": 60, "b": 39})) is None
    assert check_labels(30, {"c": 30}, LabelLimits(reference={"a": 60, "b": 40})) is not None


@given(st.integers(30, 2000), st.integers(0, 2**32))
def test_a_drop_that_keeps_the_shares_passes(size: int, seed: int) -> None:
    drawn = random.Random(seed).choices(list(REFERENCE), weights=list(REFERENCE.values()), k=size)
    assert check_labels(size, Counter(drawn), LIMITS) is None


@given(st.permutations(["a", "b", "c"]))
def test_the_order_of_labels_changes_nothing(order: list[str]) -> None:
    counts = {label: {"a": 1, "b": 1, "c": 60}[label] for label in order}
    assert check_labels(62, counts, LIMITS) == check_labels(62, {"a": 1, "b": 1, "c": 60}, LIMITS)
