"""A data card counts what may be learned from, shows no text, and tells a corpus that moved from one that only grew."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.curate.cards import COLUMNS, UNLABELLED, Lengths, draw_card, measure_drift, tabulate_card
from pipelines.curate.rows import Row
from pipelines.domain.revisions import Status
from tests.builders.curations import build_row

COUNTS = st.dictionaries(st.sampled_from("abcde"), st.integers(0, 500), max_size=5)


def row(name: str, words: int = 3, **fields: object) -> Row:
    return build_row(name, title="", text=" ".join(["word"] * words), **fields)


def test_rows_in_force_are_counted_by_all_that_describes_them() -> None:
    card = draw_card(
        [
            row("a", labels=("Oncology", "Class I"), licence="CC0", published_at=date(2024, 5, 1)),
            row("b", labels=(), licence="CC0", published_at=date(2026, 1, 1), source="elsewhere"),
            row("c", labels=("Oncology",), licence="unknown", published_at=date(2024, 1, 1)),
            row("d", status=Status.SUPERSEDED, labels=("Class I",)),
        ]
    )
    assert card.rows == 3
    assert card.by_label == {"Oncology": 2, UNLABELLED: 1}
    assert card.by_year == {"2024": 2, "2026": 1}
    assert card.by_licence == {"CC0": 2, "unknown": 1}
    assert sum(card.by_source.values()) == 3
    assert card.by_source["elsewhere"] == 1


def test_clusters_count_where_two_rows_stay_whatever_their_status() -> None:
    twins = [row("a"), replace(row("b", status=Status.SUPERSEDED), cluster=row("a").cluster), row("c")]
    assert draw_card(twins).clusters == 1


def test_surrogates_are_counted_by_kind_and_never_shown() -> None:
    text = "[NAME-0123abcd] and [NAME-4567abcd] wrote to [EMAIL-0123abcd]; [NAME] is none"
    card = draw_card([build_row("a", title="[RECORD-0123abcd]", text=text)])
    assert card.surrogates == {"EMAIL": 1, "NAME": 2, "RECORD": 1}
    assert "0123abcd" not in str(card)


def test_lengths_are_words_by_nearest_rank() -> None:
    assert draw_card([row(str(n), words=n) for n in range(1, 101)]).lengths == Lengths(
        least=1, low=5, middle=50, high=95, most=100
    )
    assert draw_card([row("one", words=7)]).lengths == Lengths(least=7, low=7, middle=7, high=7, most=7)
    assert draw_card([]).lengths is None


@given(st.permutations([*"abcdef"]))
def test_the_order_of_rows_changes_no_card(order: list[str]) -> None:
    rows = {name: row(name, words=ord(name) - 90, labels=(name,)) for name in order}
    assert draw_card([rows[name] for name in order]) == draw_card([rows[name] for name in sorted(order)])


def test_the_table_has_a_line_for_each_group_the_largest_first_and_years_in_their_order() -> None:
    rows = [row("a", labels=("x, y",), published_at=date(2026, 1, 1)), row("b", published_at=date(2025, 1, 1), labels=("z",))]
    rows += [row("c", labels=("z",), published_at=date(2026, 1, 1))]
    lines = list(csv.reader(io.StringIO(tabulate_card(draw_card(rows)))))
    assert tuple(lines[0]) == COLUMNS
    assert [line for line in lines if line[0].startswith("label")] == [["label: z", "2"], ["label: x, y", "1"]]
    assert [line[0] for line in lines if line[0].startswith("year")] == ["year: 2025", "year: 2026"]


@given(COUNTS, COUNTS)
def test_a_shift_is_never_negative_and_the_same_from_either_side(before: Mapping[str, int], after: Mapping[str, int]) -> None:
    assert measure_drift(before, after) >= 0
    assert measure_drift(before, after) == pytest.approx(measure_drift(after, before))
    assert measure_drift(before, before) == 0


def test_a_corpus_that_only_grew_has_not_shifted_and_one_with_other_shares_has() -> None:
    before = {"a": 600, "b": 400}
    assert measure_drift(before, {"a": 6000, "b": 4000}) < 0.001
    assert measure_drift(before, {"a": 300, "b": 700}) > 0.25
    # by hand, of shares so large that half a row is nothing: .2 ln(.6/.4) + .2 ln(.6/.4)
    assert measure_drift({"a": 6 * 10**8, "b": 4 * 10**8}, {"a": 4 * 10**8, "b": 6 * 10**8}) == pytest.approx(0.4 * math.log(1.5))


def test_a_group_that_is_new_has_a_finite_weight() -> None:
    assert 0 < measure_drift({"a": 100}, {"a": 100, "b": 1}) < 0.02
    assert measure_drift({}, {}) == 0
