"""A text is compared by its words alone, and is signed the same in whatever company."""

from __future__ import annotations

import hashlib
import re

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pipelines.curate.signatures import PART, digest_texts, normalise, sign
from tests.builders.curations import compare, invent_words, vary

ASCII = st.text(st.characters(max_codepoint=127), max_size=40)


@given(st.text(max_size=30))
def test_normalising_again_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once or not once.isascii()


def test_case_and_punctuation_do_not_count() -> None:
    assert normalise("The “Rule”, as Amended.") == normalise("the rule as amended")


@given(st.one_of(ASCII, st.text(max_size=40)))
def test_the_short_way_for_plain_text_gives_what_the_long_one_gives(text: str) -> None:
    assert normalise(text) == " ".join(re.findall(r"\w+", text.casefold()))


@given(st.lists(st.text(max_size=12), max_size=6))
def test_a_text_has_a_digest_of_its_own_in_its_place(texts: list[str]) -> None:
    expected = [hashlib.blake2b(text.encode(), digest_size=16).digest() for text in texts]
    assert digest_texts(texts).to_pylist() == expected


def test_a_text_that_no_encoding_can_hold_has_a_digest_too() -> None:
    assert len(set(digest_texts(["\ud800", "\udfff", ""]).to_pylist())) == 3


def test_a_signature_does_not_depend_on_the_other_texts_nor_on_the_part_it_is_signed_in() -> None:
    texts = [f"one two three four number {number}" for number in range(PART + 3)]
    whole = sign(texts, 3, 16)
    assert whole.shape == (PART + 3, 16)
    for place in (0, PART - 1, PART, PART + 2):
        assert np.array_equal(whole[place], sign([texts[place]], 3, 16)[0])


def test_nothing_is_signed_to_nothing() -> None:
    assert sign([], 3, 16).shape == (0, 16)


def test_signatures_agree_as_much_as_the_texts_do() -> None:
    words = invent_words(7)
    for swaps in (5, 20, 40):
        other = vary(words, swaps, 3)
        left, right = sign([" ".join(words), " ".join(other)], 3, 2_048)
        assert abs((left == right).mean() - compare(words, other)) < 0.05
