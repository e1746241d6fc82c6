"""Nearly equal texts are found, and texts that merely resemble each other are told apart."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.curate.similarity import Resemblance, find_resembling, normalise
from tests.builders.curations import compare, invent_words, vary

USUAL = Resemblance(shingle=3, bands=16, rows=8, threshold=0.75)
PAIRS = 120


def plant(swaps: int) -> tuple[list[str], float]:
    """Return texts of which numbers 2n and 2n + 1 are variants, and the least similarity of such a pair."""
    texts, least = [], 1.0
    for seed in range(PAIRS):
        words = invent_words(seed)
        variant = vary(words, swaps, seed)
        least = min(least, compare(words, variant))
        texts += [" ".join(words), " ".join(variant)]
    return texts, least


def test_finds_nearly_all_pairs_from_85_hundredths_on() -> None:
    texts, least = plant(swaps=8)
    assert least >= 0.85
    found = find_resembling(texts, USUAL)
    planted = {(2 * n, 2 * n + 1) for n in range(PAIRS)}
    assert set(found) <= planted
    assert len(found) / PAIRS >= 0.97


def test_does_not_merge_pairs_of_60_hundredths() -> None:
    texts, least = plant(swaps=25)
    assert 0.58 <= least <= 0.62
    assert find_resembling(texts, USUAL) == []


def test_without_verification_pairs_of_60_hundredths_would_merge() -> None:
    texts, _ = plant(swaps=25)
    unverified = Resemblance(shingle=3, bands=16, rows=8, threshold=0.0)
    assert len(find_resembling(texts, unverified)) > PAIRS / 10


def test_the_same_texts_give_the_same_pairs() -> None:
    texts, _ = plant(swaps=8)
    assert find_resembling(texts, USUAL) == find_resembling(texts, USUAL)


def test_order_of_the_texts_does_not_matter() -> None:
    texts, _ = plant(swaps=8)
    backwards = find_resembling(texts[::-1], USUAL)
    last = len(texts) - 1
    assert sorted((last - right, last - left) for left, right in backwards) == find_resembling(texts, USUAL)


def test_texts_shorter_than_a_shingle_resemble_nothing() -> None:
    assert find_resembling(["", "a b", "a c", "one"], USUAL) == []


@given(st.text(max_size=30))
def test_normalising_again_changes_nothing_more(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once or not once.isascii()


def test_case_and_punctuation_do_not_count() -> None:
    assert normalise("The “Rule”, as Amended.") == normalise("the rule as amended")
