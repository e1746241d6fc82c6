"""The pieces that a text is known by: they survive a change of format, and belong to no other text."""

from __future__ import annotations

import html
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.erase.traces import LONGEST, MOST, SHORTEST, cut_pieces, find_traces

OWN = "The patient of ward seven, who was seen twice in March, had an unusual reaction to the tablets of lot 4711."
OTHER = "A notice about labels that were printed in the wrong colour on the outer sleeve of a carton."
WORDS = st.lists(st.text("abcdefgh ,.-", min_size=1, max_size=30), min_size=1, max_size=20).map(" ".join)


def test_a_copy_is_found_whatever_format_it_was_put_into() -> None:
    traces = find_traces([OWN], [OTHER])
    assert traces.is_whole
    for copy in (OWN, json.dumps({"text": OWN}), html.escape(f"<p>{OWN}</p>"), f"prefix {OWN[20:90]} suffix"):
        assert traces.are_in(copy.encode())
    assert not traces.are_in(OTHER.encode())


def test_what_another_document_says_too_is_no_trace() -> None:
    shared = "Keep out of the reach and sight of children at all times"
    traces = find_traces([f"{shared}. {OWN}"], [f"{OTHER} {shared}."])
    assert traces.is_whole
    assert not traces.are_in(shared.encode())
    assert traces.are_in(OWN.encode())


def test_a_text_that_another_document_repeats_whole_leaves_no_trace_and_says_so() -> None:
    traces = find_traces([OWN], [f"Before. {OWN} After."])
    assert (traces.needles, traces.is_whole) == ((), False)


def test_one_text_without_a_trace_of_its_own_is_not_hidden_by_others_that_have_one() -> None:
    traces = find_traces([OWN, OTHER], [OTHER])
    assert traces.are_in(OWN.encode())
    assert not traces.is_whole


@pytest.mark.parametrize("text", ["", "short"])
def test_texts_too_short_to_be_told_apart_leave_none_and_hide_nothing(text: str) -> None:
    assert find_traces([text], [OTHER]).needles == ()
    assert find_traces([text], [OTHER]).is_whole


def test_other_alphabets_are_found_escaped_and_plain() -> None:
    text = "Пациентка обратилась повторно после приема препарата неизвестной серии"
    traces = find_traces([text], [OTHER])
    assert traces.are_in(text.encode())
    assert traces.are_in(json.dumps(text).encode())


def test_a_long_text_is_known_by_few_pieces_from_its_beginning_to_its_end() -> None:
    sentences = [f"Sentence number {number} tells something about case {number * 7919}." for number in range(200)]
    traces = find_traces([" ".join(sentences)], [])
    assert len(traces.needles) == MOST
    assert traces.are_in(" ".join(sentences[:20]).encode())
    assert traces.are_in(" ".join(sentences[-20:]).encode())


@given(text=WORDS)
def test_a_piece_is_a_part_of_the_text_of_the_right_length(text: str) -> None:
    for piece in cut_pieces(text):
        assert piece in text
        assert SHORTEST <= len(piece) <= LONGEST


@given(texts=st.lists(WORDS, max_size=4), others=st.lists(WORDS, max_size=4))
def test_no_trace_is_ever_in_another_document_and_the_order_of_texts_does_not_matter(texts: list[str], others: list[str]) -> None:
    traces = find_traces(texts, others)
    assert not any(traces.are_in(other.encode()) for other in others)
    assert find_traces(texts[::-1], others) == traces
