"""Networks from nothing: each size as an encoder and as a decoder, with a tokenizer that fits the texts."""

from __future__ import annotations

import pytest

from pipelines.learners.bases import find_base
from pipelines.learners.shapes import SHAPES
from pipelines.learners.tokenizers import train_tokenizer
from pipelines.learners.weights import load_base
from tests.builders.lessons import build_documents

TEXTS = [document.text for document in build_documents(60)]


@pytest.mark.parametrize("size", sorted(SHAPES))
def test_every_size_is_a_base(size: str) -> None:
    base = find_base(f"scratch:{size}")
    assert (base.origin, base.name) == ("scratch", size)
    assert SHAPES[size].width % SHAPES[size].heads == 0


@pytest.mark.parametrize("family", ["encoder", "decoder"])
@pytest.mark.parametrize("size", ["tiny", "small"])
def test_a_network_has_the_shape_that_is_declared(size: str, family: str) -> None:
    tokenizer = train_tokenizer(TEXTS, size)
    network, own = load_base(find_base(f"scratch:{size}"), family, tokenizer)
    shape = SHAPES[size]
    assert (network.config.hidden_size, network.config.num_hidden_layers) == (shape.width, shape.layers)
    assert network.config.vocab_size == own.get_vocab_size() <= shape.vocabulary


def test_a_larger_size_learns_more_tokens_but_none_that_occur_once() -> None:
    tiny, small = (train_tokenizer(TEXTS, size).get_vocab_size() for size in ("tiny", "small"))
    rare = train_tokenizer(["zyxwv utsrq ponml"], "small").get_vocab_size()
    assert rare == 256 + 2
    assert tiny <= SHAPES["tiny"].vocabulary
    assert rare < small <= SHAPES["small"].vocabulary


def test_sizes_grow() -> None:
    weights = [shape.layers * (4 * shape.width**2 + 2 * shape.width * shape.inner) for shape in SHAPES.values()]
    assert weights == sorted(weights)
    assert [round(count / 1e6) for count in weights] == [0, 3, 25, 85]
