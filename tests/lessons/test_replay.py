"""How much history is replayed, and which."""

from __future__ import annotations

import random
from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.domain.identities import Digest, FamilyId, SourceName, digest_value
from pipelines.learners.protocols import Document
from pipelines.learners.rows import Row
from pipelines.lessons.params import ReplayParams
from pipelines.lessons.replay import count_replayed, sample_history, share_out


def build_history(count: int, labels: str = "aaab") -> list[Row]:
    return [
        Row(
            document=Document(row_id=Digest(digest_value(number)), text="text", label=labels[number % len(labels)]),
            family_id=FamilyId("family"),
            source=SourceName("folder"),
            published_at=date(2000, 1, 1) + timedelta(days=number),
            ingest_seq=1,
        )
        for number in range(count)
    ]


@given(st.integers(1, 500), st.integers(0, 500), st.floats(0, 0.9), st.integers(0, 50))
def test_history_has_its_share_of_the_lesson(news: int, history: int, share: float, minimum: int) -> None:
    count = count_replayed(news, history, ReplayParams(share=share, minimum=minimum))
    assert count <= history
    if count < history:
        assert count >= minimum
        assert count / (count + news) >= share - 1e-9
        assert count == minimum or (count - 1) / (count - 1 + news) < share + 1e-9


def test_all_of_history_is_the_lesson_where_nothing_is_new() -> None:
    assert count_replayed(0, 70, ReplayParams(share=0.1, minimum=5)) == 70


def test_no_share_and_no_minimum_is_no_replay() -> None:
    assert count_replayed(10, 70, ReplayParams(share=0, minimum=0)) == 0


@given(st.lists(st.integers(0, 40), max_size=8), st.integers(0, 400))
def test_shares_add_up_and_none_exceeds_its_size(sizes: list[int], count: int) -> None:
    shares = share_out(sizes, count)
    assert sum(shares) == min(count, sum(sizes))
    assert all(0 <= share <= size for share, size in zip(shares, sizes, strict=True))
    if sum(sizes):
        wanted = min(count, sum(sizes))
        assert all(abs(share - size * wanted / sum(sizes)) < 1 for share, size in zip(shares, sizes, strict=True))


@given(st.integers(0, 80), st.integers(0, 90), st.integers(0, 3))
def test_a_sample_is_so_many_different_rows_of_history(size: int, count: int, seed: int) -> None:
    history = build_history(size)
    sample = sample_history(history, count, seed)
    assert len(sample) == min(count, size) == len({row.document.row_id for row in sample})
    assert {row.document.row_id for row in sample} <= {row.document.row_id for row in history}


def test_a_sample_depends_on_the_seed_and_not_on_the_order() -> None:
    history = build_history(80)
    shuffled = random.Random(1).sample(history, len(history))
    assert sample_history(history, 20, 0) == sample_history(shuffled, 20, 0)
    assert sample_history(history, 20, 0) != sample_history(history, 20, 1)


def test_rare_labels_and_old_years_are_in_the_sample() -> None:
    history = build_history(160)
    sample = sample_history(history, 80, 0)
    assert Counter(row.document.label for row in sample) == {"a": 60, "b": 20}
    years = [row.published_at for row in sorted(history, key=lambda row: row.published_at)]
    quarters = Counter(years.index(row.published_at) * 4 // len(years) for row in sample)
    assert set(quarters.values()) == {20}


def test_the_rare_comes_first_where_a_row_is_left_over() -> None:
    assert share_out([30, 10], 2) == [1, 1]


def test_refuses_a_lesson_of_history_alone() -> None:
    with pytest.raises(ValidationError):
        ReplayParams(share=1.0)
