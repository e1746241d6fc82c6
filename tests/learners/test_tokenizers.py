"""Texts to ids: lossless, cut where asked, and learned the same way twice."""

from __future__ import annotations

import random
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from pipelines.learners.tokenizers import PAD, START, read_tokenizer, tokenise, train_tokenizer, write_tokenizer
from tests.builders.lessons import build_documents

TEXTS = [document.text for document in build_documents(30)]
TINY = train_tokenizer(TEXTS, "tiny")


@given(st.text(max_size=60))
def test_a_byte_level_tokenizer_can_write_any_text(text: str) -> None:
    (tokens,) = tokenise(TINY, [text], 1000)
    assert TINY.decode(list(tokens.ids)) == text
    assert tokens.size == len(text.encode())


def test_a_text_that_spells_out_a_control_token_is_text() -> None:
    (tokens,) = tokenise(TINY, ["<s> and <pad>"], 1000)
    assert not {TINY.token_to_id(START), TINY.token_to_id(PAD)} & set(tokens.ids)
    assert TINY.decode(list(tokens.ids)) == "<s> and <pad>"


@given(st.integers(1, 30))
def test_size_is_that_of_the_part_that_was_kept(limit: int) -> None:
    (tokens,) = tokenise(TINY, [TEXTS[0]], limit)
    assert len(tokens.ids) <= limit
    assert TINY.decode(list(tokens.ids)) == TEXTS[0].encode()[: tokens.size].decode()


def test_an_enormous_text_costs_no_more_than_its_beginning() -> None:
    (tokens,) = tokenise(TINY, ["tablets " * 1_000_000], 16)
    assert len(tokens.ids) == 16


def test_two_trainings_give_the_same_tokenizer_in_any_order_of_texts() -> None:
    shuffled = random.Random(3).sample(TEXTS, len(TEXTS))
    assert train_tokenizer(shuffled, "tiny").to_str() == TINY.to_str()


def test_a_tokenizer_is_read_as_it_was_written_but_for_cutting_and_padding(tmp_path: Path) -> None:
    cutting = train_tokenizer(TEXTS, "tiny")
    cutting.enable_truncation(3)
    cutting.enable_padding(length=9)
    write_tokenizer(tmp_path, cutting)
    assert read_tokenizer(tmp_path / "tokenizer.json").to_str() == TINY.to_str()
