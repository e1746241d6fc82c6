"""Groups take in every row, are told apart by the rows alone, and say what they are."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipelines.domain.groups import Group, GroupKind, form_groups
from pipelines.domain.scorecards import Outcome
from tests.builders.outcomes import build_outcome

SIZES = st.lists(st.integers(0, 40), min_size=1, max_size=60)


def of_kind(outcomes: list[Outcome], kind: GroupKind) -> list[Group]:
    return [group for group in form_groups(outcomes) if group.kind is kind]


def build_sizes(sizes: list[int]) -> list[Outcome]:
    return [build_outcome(row, size=size) for row, size in enumerate(sizes)]


def test_no_rows_form_no_groups() -> None:
    assert form_groups([]) == ()


def test_every_row_is_in_one_group_of_each_kind_that_all_rows_have() -> None:
    outcomes = [build_outcome(row, source="ab"[row % 2], year=2020 + row % 3, size=row) for row in range(30)]
    for kind in (GroupKind.SOURCE, GroupKind.YEAR, GroupKind.LENGTH, GroupKind.LABEL):
        rows = [row_id for group in of_kind(outcomes, kind) for row_id in group.row_ids]
        assert sorted(rows) == [outcome.row_id for outcome in outcomes]


def test_groups_stand_by_kind_and_name_and_their_rows_in_order() -> None:
    outcomes = [build_outcome(row, source="ba"[row % 2], year=[2021, 0][row % 2], subgroups=("s",)) for row in (3, 1, 2, 0)]
    groups = form_groups(outcomes)
    assert [(group.kind, group.name) for group in groups] == [
        (GroupKind.SOURCE, "a"),
        (GroupKind.SOURCE, "b"),
        (GroupKind.YEAR, "unknown"),
        (GroupKind.YEAR, "2021"),
        (GroupKind.LENGTH, "up to 100 bytes"),
        (GroupKind.LABEL, "alpha"),
        (GroupKind.LABEL, "beta"),
        (GroupKind.LABEL, "gamma"),
        (GroupKind.DECLARED, "s"),
    ]
    assert groups[0].row_ids == ("row-000001", "row-000003")


def test_a_row_without_a_label_is_in_no_group_of_labels() -> None:
    assert of_kind([build_outcome(label="")], GroupKind.LABEL) == []


def test_a_row_is_in_all_subgroups_that_it_belongs_to_and_in_no_other() -> None:
    outcomes = [build_outcome(0, subgroups=("old", "young")), build_outcome(1, subgroups=("old",)), build_outcome(2)]
    declared = {group.name: group.row_ids for group in of_kind(outcomes, GroupKind.DECLARED)}
    assert declared == {"old": ("row-000000", "row-000001"), "young": ("row-000000",)}


def test_length_bands_are_quarters_that_say_their_bounds() -> None:
    bands = of_kind(build_sizes([*range(1, 1_101)]), GroupKind.LENGTH)
    assert [(band.name, len(band.row_ids)) for band in bands] == [
        ("up to 275 bytes", 275),
        ("276 to 550 bytes", 275),
        ("551 to 825 bytes", 275),
        ("over 825 bytes", 275),
    ]


@given(SIZES)
def test_no_band_is_empty_and_texts_of_one_length_share_one(sizes: list[int]) -> None:
    outcomes = build_sizes(sizes)
    bands = of_kind(outcomes, GroupKind.LENGTH)
    by_id = {outcome.row_id: outcome.size for outcome in outcomes}
    held = [{by_id[row_id] for row_id in band.row_ids} for band in bands]
    assert 1 <= len(bands) <= 4
    assert all(max(short) < min(long) for short, long in pairwise(held))
    assert sum(len(band.row_ids) for band in bands) == len(sizes)
    if len(set(sizes)) == len(sizes) >= 4:  # an uneven rest falls to any of them
        counts = Counter(len(band.row_ids) for band in bands)
        assert max(counts) - min(counts) <= 3


@given(SIZES)
def test_what_a_model_did_moves_no_row_to_another_group(sizes: list[int]) -> None:
    outcomes = build_sizes(sizes)
    other = [replace(outcome, correct=0.0, predicted="gamma", loss=9.0, confidence=0.1) for outcome in reversed(outcomes)]
    assert form_groups(outcomes) == form_groups(other)
