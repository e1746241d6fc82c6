"""Nearly equal texts are found, and texts that merely resemble each other are told apart, whatever is remembered."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.curate.memories import Memory
from pipelines.curate.segments import Resemblance
from pipelines.curate.signatures import digest_texts
from pipelines.curate.similarity import MOST_SEGMENTS, Kinship, find_kin
from tests.builders.curations import compare, invent_words, vary

USUAL = Resemblance(shingle=3, bands=16, rows=8, threshold=0.75)
PAIRS = 120


def find_kin_of(texts: Sequence[str], resemblance: Resemblance = USUAL, folder: Path | None = None) -> Kinship:
    return find_kin(digest_texts(texts), lambda places: [texts[place] for place in places], resemblance, folder)


def find(texts: Sequence[str], resemblance: Resemblance = USUAL, folder: Path | None = None) -> list[tuple[int, int]]:
    """Return the near pairs of distinct texts, whose groups are then their positions."""
    kinship = find_kin_of(texts, resemblance, folder)
    assert kinship.groups.tolist() == list(range(len(texts)))
    return [(int(left), int(right)) for left, right in kinship.pairs]


def is_same(left: Kinship, right: Kinship) -> bool:
    return np.array_equal(left.groups, right.groups) and np.array_equal(left.pairs, right.pairs)


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
    found = find(texts)
    planted = {(2 * n, 2 * n + 1) for n in range(PAIRS)}
    assert set(found) <= planted
    assert len(found) / PAIRS >= 0.97


def test_does_not_merge_pairs_of_60_hundredths() -> None:
    texts, least = plant(swaps=25)
    assert 0.58 <= least <= 0.62
    assert find(texts) == []


def test_without_verification_pairs_of_60_hundredths_would_merge() -> None:
    texts, _ = plant(swaps=25)
    unverified = Resemblance(shingle=3, bands=16, rows=8, threshold=0.0)
    assert len(find(texts, unverified)) > PAIRS / 10


def test_the_same_texts_give_the_same_pairs() -> None:
    texts, _ = plant(swaps=8)
    assert is_same(find_kin_of(texts, USUAL), find_kin_of(texts, USUAL))


def test_order_of_the_texts_does_not_matter() -> None:
    texts, _ = plant(swaps=8)
    last = len(texts) - 1
    assert sorted((last - right, last - left) for left, right in find(texts[::-1])) == find(texts)


def test_texts_shorter_than_a_shingle_resemble_nothing() -> None:
    assert find(["", "a b", "a c", "one"]) == []


def test_an_empty_text_is_no_word() -> None:
    assert find(["", "one"], Resemblance(shingle=1, bands=16, rows=8, threshold=0.75)) == []


def test_no_text_has_no_kin(tmp_path: Path) -> None:
    nothing = find_kin_of([], USUAL, tmp_path)
    assert (len(nothing.groups), nothing.pairs.shape) == (0, (0, 2))


def test_texts_are_of_one_group_when_they_are_equal_but_for_case_and_punctuation() -> None:
    texts = ["A rule!", "two", "a rule", "a rule", "Two."]
    assert find_kin_of(texts, USUAL).groups.tolist() == [0, 1, 0, 0, 1]


STORIES = {story: invent_words(story, 61) for story in range(3)}
DRAWN = st.tuples(st.integers(0, 2), st.integers(0, 5), st.booleans())
CORPORA = st.lists(st.lists(st.one_of(DRAWN, st.sampled_from(["", "One.", "one", "a b"])), max_size=14), min_size=2, max_size=5)


def write(drawn: tuple[int, int, bool] | str) -> str:
    if isinstance(drawn, str):
        return drawn
    story, swaps, is_loud = drawn
    text = " ".join(vary(STORIES[story], swaps, swaps))
    return text.upper() + "." if is_loud else text


@settings(max_examples=40, deadline=None)
@given(CORPORA)
def test_what_is_remembered_changes_nothing(corpora: list[list[tuple[int, int, bool] | str]]) -> None:
    """Texts come, go and come again, in any order and more than once."""
    with TemporaryDirectory() as folder:
        for drawn in corpora:
            texts = [write(one) for one in drawn]
            assert is_same(find_kin_of(texts, USUAL, Path(folder)), find_kin_of(texts, USUAL))


def test_many_small_arrivals_end_as_one_segment_that_changes_nothing(tmp_path: Path) -> None:
    texts, _ = plant(swaps=8)
    counts = []
    for arrived in range(10, 10 * (MOST_SEGMENTS + 3), 10):
        assert is_same(find_kin_of(texts[:arrived], USUAL, tmp_path), find_kin_of(texts[:arrived], USUAL))
        counts.append(len(list(tmp_path.iterdir())))
    assert counts == [*range(1, MOST_SEGMENTS + 1), 1, 2]


def test_when_most_texts_are_gone_what_is_remembered_of_them_goes_too(tmp_path: Path) -> None:
    texts, _ = plant(swaps=8)
    find_kin_of(texts, USUAL, tmp_path)
    few = texts[100:150]
    assert is_same(find_kin_of(few, USUAL, tmp_path), find_kin_of(few, USUAL))
    (segment,) = Memory(tmp_path, USUAL).recall()
    assert len(segment.texts) == len(segment.forms) == len(few)


def test_what_is_remembered_is_not_read_again(tmp_path: Path) -> None:
    texts, _ = plant(swaps=8)
    whole = find_kin_of(texts, USUAL, tmp_path)

    def read(places: Sequence[int]) -> list[str]:
        raise AssertionError(places)

    assert is_same(find_kin(digest_texts(texts), read, USUAL, tmp_path), whole)


def test_what_is_remembered_is_not_signed_again(tmp_path: Path) -> None:
    texts, _ = plant(swaps=8)
    find_kin_of(texts[:-1], USUAL, tmp_path)
    find_kin_of(texts, USUAL, tmp_path)
    find_kin_of(random.Random(1).sample(texts, len(texts)), USUAL, tmp_path)
    assert sorted(len(segment.texts) for segment in Memory(tmp_path, USUAL).recall()) == [1, len(texts) - 1]
