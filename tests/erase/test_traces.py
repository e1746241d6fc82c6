"""The pieces that a text is known by: they survive a change of format, and belong to no other text."""

from __future__ import annotations

import html
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.erase.traces import LEAST_WORDS, LONGEST, SHORTEST, cut_pieces, find_traces

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


def test_a_vocabulary_of_words_and_pairs_is_no_copy() -> None:
    text = "A patient with, renal insufficiency, was seen in the outpatient clinic of a very small town."
    words = text.replace(",", "").replace(".", "").split()
    vocabulary = json.dumps([*words, *(" ".join(words[at : at + 2]) for at in range(len(words)))]).encode()
    assert find_traces([text], []).needles
    assert not find_traces([text], []).are_in(vocabulary)


def test_what_cannot_be_had_again_goes_for_two_pieces_or_for_the_only_one() -> None:
    traces = find_traces([OWN], [OTHER])
    assert len(traces.needles) > 1
    assert not traces.are_surely_in(traces.needles[0])
    assert traces.are_surely_in(b" | ".join(traces.needles[:2]))
    single = find_traces(["The patient of ward seven"], [])
    assert single.are_surely_in(b"about the patient: The patient of ward seven.")
    assert not find_traces([], []).are_surely_in(b"anything")


def test_any_quotation_of_some_sentences_is_found() -> None:
    sentences = [f"Sentence number {number} tells something about case {number * 7919}." for number in range(200)]
    text = " ".join(sentences)
    traces = find_traces([text], [])
    assert all(traces.are_in(text[start : start + 300].encode()) for start in range(0, len(text) - 300, 97))


def test_a_long_text_is_known_from_its_beginning_to_its_end() -> None:
    sentences = [f"Sentence number {number} tells something about case {number * 7919}." for number in range(200)]
    traces = find_traces([" ".join(sentences)], [])
    assert traces.are_in(" ".join(sentences[:20]).encode())
    assert traces.are_in(" ".join(sentences[-20:]).encode())


@given(text=WORDS)
def test_a_piece_is_a_part_of_the_text_of_the_right_length(text: str) -> None:
    for piece in cut_pieces(text):
        assert piece in text
        assert SHORTEST <= len(piece) <= LONGEST
        assert len(piece.split()) >= LEAST_WORDS


@given(texts=st.lists(WORDS, max_size=4), others=st.lists(WORDS, max_size=4))
def test_no_trace_is_ever_in_another_document_and_the_order_of_texts_does_not_matter(texts: list[str], others: list[str]) -> None:
    traces = find_traces(texts, others)
    assert not any(traces.are_in(other.encode()) for other in others)
    assert find_traces(texts[::-1], others) == traces
