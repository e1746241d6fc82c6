"""Canaries are random, all different, the same for the same seed, and each repetition is a row of its own."""

from __future__ import annotations

import re
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from pipelines.audit.canaries import WORDS, invent_labelled, invent_numbers, repeat_canary

SEEDS = st.integers(0, 2**60)


@given(st.integers(1, 300), SEEDS)
def test_numbers_are_nine_digits_and_nobody_has_two_canaries_alike(count: int, seed: int) -> None:
    canaries = invent_numbers(count, seed)
    assert len({canary.text for canary in canaries}) == len({canary.row_id for canary in canaries}) == count
    assert all(re.fullmatch(r"The random number is \d{9}\.", canary.text) for canary in canaries)
    assert invent_numbers(count, seed) == canaries
    assert invent_numbers(count, seed + 1) != canaries


def test_every_digit_is_as_likely_as_any_other() -> None:
    digits = Counter("".join(re.findall(r"\d", canary.text)[0] for canary in invent_numbers(5_000, 3)))
    assert all(430 < digits[str(digit)] < 570 for digit in range(10))


@given(SEEDS)
def test_a_labelled_canary_is_made_of_the_lessons_words_and_its_label_tells_nothing(seed: int) -> None:
    words, labels = [f"word{number}" for number in range(50)], ("a", "b")
    canaries = invent_labelled(400, words, labels, seed)
    assert all(len(canary.text.split()) == WORDS and set(canary.text.split()) <= set(words) for canary in canaries)
    assert 140 < Counter(canary.label for canary in canaries)["a"] < 260
    assert invent_labelled(400, words, labels, seed) == canaries


def test_a_repeated_canary_is_as_many_rows_with_an_id_each() -> None:
    (canary,) = invent_labelled(1, ["one", "two"], ("a",), 1)
    rows = repeat_canary(canary, 16)
    assert len({row.row_id for row in rows}) == 16
    assert {(row.text, row.label) for row in rows} == {(canary.text, canary.label)}
