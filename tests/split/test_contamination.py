"""A copied passage is always found, whoever came later leaves, and what everybody writes is nobody's copy."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.domain.identities import Digest, FamilyId
from pipelines.split.contamination import Passage, find_contaminated
from pipelines.split.params import Decontamination
from tests.builders.curations import invent_words

PARAMS = Decontamination()


def build_passage(number: int, text: str = "", *, asked: bool = False, **fields: object) -> Passage:
    passage = Passage(
        digest=Digest(f"d{number:04d}"),
        family_id=FamilyId(f"family {number}"),
        text=text or " ".join(invent_words(number, 40)),
        arrival=1,
        is_asked=asked,
    )
    return replace(passage, **fields)


def copy_into(number: int, words: list[str], *, asked: bool, arrival: int, place: int = 20) -> Passage:
    own = invent_words(number, 40)
    return build_passage(number, " ".join([*own[:place], *words, *own[place:]]), asked=asked, arrival=arrival)


PASSAGE = invent_words(999, 13)


def test_a_training_row_that_repeats_what_is_asked_already_leaves() -> None:
    question = copy_into(1, PASSAGE, asked=True, arrival=1)
    taught = copy_into(2, PASSAGE, asked=False, arrival=2)
    assert find_contaminated([question, taught, build_passage(3)], PARAMS) == {taught.digest}


def test_an_evaluation_row_that_repeats_what_may_have_been_taught_leaves() -> None:
    taught = copy_into(1, PASSAGE, asked=False, arrival=1)
    question = copy_into(2, PASSAGE, asked=True, arrival=2)
    assert find_contaminated([taught, question], PARAMS) == {question.digest}


def test_of_two_that_arrive_together_the_question_stays() -> None:
    question, taught = (copy_into(n, PASSAGE, asked=n == 2, arrival=3) for n in (2, 1))
    assert find_contaminated([taught, question], PARAMS) == {taught.digest}


def test_who_was_never_taught_contaminates_nobody() -> None:
    """The second one repeats the first and was left out when it came; so the third repeats nothing that was learned."""
    first = copy_into(1, PASSAGE, asked=True, arrival=1)
    second, third = (copy_into(n, PASSAGE, asked=n == 3, arrival=n) for n in (2, 3))
    assert find_contaminated([first, second, third], PARAMS) == {second.digest}


def test_copies_on_one_side_are_no_matter() -> None:
    assert find_contaminated([copy_into(n, PASSAGE, asked=True, arrival=n) for n in range(5)], PARAMS) == frozenset()


@pytest.mark.parametrize(("length", "found"), [(12, 0), (13, 1), (30, 1)])
def test_a_passage_is_a_copy_from_thirteen_words_on(length: int, found: int) -> None:
    words = invent_words(999, length)
    pair = [copy_into(n, words, asked=n == 1, arrival=n) for n in (1, 2)]
    assert len(find_contaminated(pair, PARAMS)) == found


def test_more_runs_may_be_asked_for() -> None:
    pair = [copy_into(n, invent_words(999, 20), asked=n == 1, arrival=n) for n in (1, 2)]
    assert len(find_contaminated(pair, PARAMS.model_copy(update={"runs": 8}))) == 1
    assert len(find_contaminated(pair, PARAMS.model_copy(update={"runs": 9}))) == 0


@pytest.mark.parametrize(("families", "found"), [(10, 9), (11, 0)])
def test_what_more_than_ten_families_write_is_boilerplate(families: int, found: int) -> None:
    passages = [copy_into(n, PASSAGE, asked=n == 0, arrival=n) for n in range(families)]
    assert len(find_contaminated(passages, PARAMS)) == found


def test_many_rows_of_one_family_make_no_boilerplate() -> None:
    question = copy_into(0, PASSAGE, asked=True, arrival=0)
    copies = [replace(copy_into(n, PASSAGE, asked=False, arrival=n), family_id=FamilyId("one")) for n in range(1, 30)]
    assert find_contaminated([question, *copies], PARAMS) == {copy.digest for copy in copies}


WORLDS = st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(0, 4), st.integers(0, 5)), max_size=14)
"""Passages that copy one of three texts (or none), asked or taught, with an arrival and a family."""


def build_world(drawn: list[tuple[int, bool, int, int]]) -> list[Passage]:
    return [
        replace(
            copy_into(n, invent_words(900 + copied, 15) if copied else [], asked=asked, arrival=arrival),
            family_id=FamilyId(f"{'asked' if asked else 'taught'} {family}"),
        )
        for n, (copied, asked, arrival, family) in enumerate(drawn)
    ]


@given(WORLDS, st.randoms())
def test_the_order_of_passages_decides_nothing(drawn: list[tuple[int, bool, int, int]], random: object) -> None:
    passages = build_world(drawn)
    mixed = random.sample(passages, len(passages))  # type: ignore[attr-defined]  # hypothesis gives a Random
    assert find_contaminated(mixed, PARAMS) == find_contaminated(passages, PARAMS)


@given(WORLDS)
def test_of_what_is_left_nothing_leaves(drawn: list[tuple[int, bool, int, int]]) -> None:
    passages = build_world(drawn)
    found = find_contaminated(passages, PARAMS)
    assert find_contaminated([one for one in passages if one.digest not in found], PARAMS) == frozenset()


@given(WORLDS)
def test_no_text_is_left_on_both_sides(drawn: list[tuple[int, bool, int, int]]) -> None:
    passages = build_world(drawn)
    found = find_contaminated(passages, PARAMS)
    sides = {(drawn[n][0], one.is_asked) for n, one in enumerate(passages) if one.digest not in found and drawn[n][0]}
    assert all((copied, not asked) not in sides for copied, asked in sides)


@given(WORLDS, st.integers(0, 40), st.integers(13, 25), st.booleans())
def test_a_planted_passage_is_always_found(drawn: list[tuple[int, bool, int, int]], place: int, length: int, asked: bool) -> None:  # noqa: FBT001
    words = invent_words(777, length)
    first = copy_into(100, words, asked=asked, arrival=7, place=place)
    second = copy_into(101, words, asked=not asked, arrival=8, place=40 - place)
    assert find_contaminated([*build_world(drawn), first, second], PARAMS) >= {second.digest}


@given(WORLDS, WORLDS)
def test_what_comes_later_moves_nobody_who_is_there(
    drawn: list[tuple[int, bool, int, int]], later: list[tuple[int, bool, int, int]]
) -> None:
    """But for what becomes boilerplate, which so few families cannot make of anything."""
    wide = PARAMS.model_copy(update={"common": 100})
    passages = build_world(drawn)
    news = [replace(one, digest=Digest(f"l{one.digest}"), arrival=one.arrival + 10) for one in build_world(later)]
    known = {one.digest for one in passages}
    assert find_contaminated([*passages, *news], wide) & known == find_contaminated(passages, wide)


def test_nothing_and_short_texts_repeat_nothing() -> None:
    assert find_contaminated([], PARAMS) == frozenset()
    short = [build_passage(n, "a few words", asked=n == 0, arrival=n) for n in range(2)]
    assert find_contaminated(short, PARAMS) == frozenset()


@pytest.mark.slow
def test_a_hundred_thousand_texts_take_seconds() -> None:
    base = invent_words(1, 5_000)
    texts = [
        " ".join(base[(n * 37 + 13 * k) % 5_000] for k in range(60)) if n % 2 else " ".join(invent_words(n, 60))
        for n in range(100_000)
    ]
    passages = [build_passage(n, text, asked=n % 3 == 0, arrival=n) for n, text in enumerate(texts)]
    started = time.process_time()
    find_contaminated(passages, PARAMS)
    assert time.process_time() - started < 60
