"""A shift is a distance beyond chance: nothing where the world stands still, and more the further it has moved."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.domain.identities import FamilyId
from pipelines.learners.rows import Row
from pipelines.lessons.alarms import Counts, diverge, measure_shift
from pipelines.lessons.params import Alarm
from tests.lessons.test_replay import build_history

COUNTS = st.lists(st.integers(0, 50), min_size=4, max_size=4).map(lambda counts: np.array(counts, dtype=float))
WORDS = [f"word{number}" for number in range(60)]


def speak(rows: list[Row], words: list[str], seed: int = 0) -> list[Row]:
    """Give every row a text of its own from ``words``, and a family of its own."""
    draw = random.Random(seed)
    said = [replace(row.document, text=" ".join(draw.choices(words, k=12))) for row in rows]
    return [replace(row, document=one, family_id=FamilyId(one.row_id)) for row, one in zip(rows, said, strict=True)]


@given(COUNTS, COUNTS)
def test_a_divergence_lies_between_alike_and_nothing_in_common_and_takes_no_sides(first: Counts, second: Counts) -> None:
    assert -1e-12 <= diverge(first, second) <= 1 + 1e-12
    assert diverge(first, second) == pytest.approx(diverge(second, first))
    assert diverge(first, 3 * first) == pytest.approx(0)


def test_the_divergence_of_what_has_nothing_in_common_is_one_bit() -> None:
    assert diverge(np.array([4.0, 0.0]), np.array([0.0, 9.0])) == pytest.approx(1)
    # one half of each: 1 - H(1/4) and so on, worked out by hand: JS([1,0],[.5,.5]) = .3113 bits
    assert diverge(np.array([1.0, 0.0]), np.array([1.0, 1.0])) == pytest.approx(0.3112781)


def test_a_world_that_stands_still_gives_no_alarm_however_few_the_news() -> None:
    rows = speak(build_history(400), WORDS)
    shuffled = random.Random(3).sample(rows, len(rows))
    for count in (8, 40, 200):
        found = measure_shift(shuffled[:count], shuffled[count:], Alarm(), 0)
        assert found is not None
        assert not found.is_alarm
        assert found.labels < 0.02


def test_other_labels_and_other_words_are_told_apart() -> None:
    history = speak(build_history(200), WORDS)
    relabelled = speak(build_history(260, "bbba")[200:], WORDS, 1)
    reworded = speak(build_history(260)[200:], [f"new{number}" for number in range(60)], 1)
    labels, words = (measure_shift(news, history, Alarm(), 0) for news in (relabelled, reworded))
    assert labels is not None
    assert words is not None
    assert (labels.labels > 0.1, labels.terms < 0.06, labels.is_alarm) == (True, True, True)
    assert (words.labels < 0.06, words.terms > 0.8, words.is_alarm) == (True, True, True)


def test_a_shift_is_the_same_in_any_order_of_the_rows() -> None:
    rows = speak(build_history(120), WORDS)
    news, history = rows[:30], rows[30:]
    mixed = random.Random(1).sample(news, 30), random.Random(2).sample(history, 90)
    assert measure_shift(news, history, Alarm(), 4) == measure_shift(*mixed, Alarm(), 4)


def test_there_is_no_shift_without_news_or_history() -> None:
    rows = build_history(10)
    assert measure_shift([], rows, Alarm(), 0) is None
    assert measure_shift(rows, [], Alarm(), 0) is None
