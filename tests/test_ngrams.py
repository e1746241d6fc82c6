"""Runs of words have codes that depend on the words alone; runs within one text are found, and none across two."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.ngrams import Runs, is_among, join_words, list_once, read_words

TEXTS = st.lists(st.text(alphabet="ab ,.\n", max_size=30), max_size=6)


def list_runs(texts: list[str], length: int) -> list[tuple[int, int]]:
    runs = join_words(read_words(texts), length)
    return list(zip(runs.codes.tolist(), runs.texts.tolist(), strict=True))


@given(TEXTS, st.integers(1, 4))
def test_runs_are_those_of_the_texts_and_equal_ones_have_equal_codes(texts: list[str], length: int) -> None:
    words = [text.replace(",", " ").replace(".", " ").split() for text in texts]
    told = [
        (tuple(of_text[start : start + length]), place)
        for place, of_text in enumerate(words)
        for start in range(len(of_text) - length + 1)
    ]
    found = list_runs(texts, length)
    assert [place for _, place in found] == [place for _, place in told]
    codes = {run: code for (run, _), (code, _) in zip(told, found, strict=True)}
    assert [codes[run] for run, _ in told] == [code for code, _ in found]
    assert len(set(codes.values())) == len(codes)


def test_case_and_punctuation_do_not_count() -> None:
    one, other = (join_words(read_words([text]), 3).codes.tolist() for text in ("The Fee, of $25.", "the fee (of) 25"))
    assert one == other
    assert len(one) == 2


def test_the_order_of_words_counts() -> None:
    assert set(list_runs(["one two"], 2)).isdisjoint(list_runs(["two one"], 2))


def test_codes_do_not_depend_on_what_else_is_read_nor_on_the_process() -> None:
    alone = read_words(["the fee"]).codes.tolist()
    assert read_words(["something else", "the fee"]).codes.tolist()[2:] == alone
    program = "from pipelines.ngrams import read_words; print(read_words(['the fee']).codes.tolist())"
    told = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True).stdout
    assert told.strip() == str(alone)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=30))
def test_each_run_is_listed_once_a_text_in_order(pairs: list[tuple[int, int]]) -> None:
    runs = Runs(np.array([code for code, _ in pairs], np.uint64), np.array([text for _, text in pairs], np.int64))
    once = list_once(runs)
    assert list(zip(once.codes.tolist(), once.texts.tolist(), strict=True)) == sorted(set(pairs))


@given(st.lists(st.integers(0, 20)), st.sets(st.integers(0, 20)))
def test_tells_which_codes_are_known(codes: list[int], known: set[int]) -> None:
    found = is_among(np.array(codes, np.uint64), np.array(sorted(known), np.uint64))
    assert found.tolist() == [code in known for code in codes]


@pytest.mark.parametrize("texts", [[], [""], ["one two"], ["one", "two", "three"]])
def test_texts_shorter_than_a_run_have_none(texts: list[str]) -> None:
    assert list_runs(texts, 3) == []
