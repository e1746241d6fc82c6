"""Bounded texts are beginnings of what they bound."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.detect.bounding import bound_text


@given(text=st.text(max_size=400), limit=st.integers(1, 200))
def test_is_a_beginning_of_the_text_and_no_longer_than_the_limit(text: str, limit: int) -> None:
    bounded = bound_text(text, limit)
    assert len(bounded) <= limit
    assert text.strip().startswith(bounded)


@given(text=st.text(max_size=100))
def test_a_short_text_is_kept_whole(text: str) -> None:
    assert bound_text(text, 100) == text.strip()


def test_cuts_between_words() -> None:
    assert bound_text("one two three four five", 20) == "one two three four"


def test_cuts_within_a_word_that_is_longer_than_the_limit() -> None:
    assert bound_text("x" * 50, 20) == "x" * 20
