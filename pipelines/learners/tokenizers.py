"""Texts to token ids, with the tokenizers library alone: what is kept beside the weights is one ``tokenizer.json``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from pipelines.files import write_bytes
from pipelines.learners.shapes import SHAPES

START, PAD = "<s>", "<pad>"
_LONGEST_TOKEN = 32
"""Characters: a text is cut to this many a token before it is tokenised, so that ten megabytes cost no more than a page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """A text as ids; ``size`` is how many UTF-8 bytes of the text they stand for (fewer than all where it was cut)."""

    ids: tuple[int, ...]
    size: int


def read_tokenizer(path: Path) -> Tokenizer:
    """Read ``tokenizer.json``, settled as :func:`settle` says."""
    return settle(Tokenizer.from_file(str(path)))


def settle(tokenizer: Tokenizer) -> Tokenizer:
    """Return it without the padding and the cutting it may have been saved with, and deaf to control tokens in a text.

    A document that spells out ``<|im_start|>`` is text like any other: it must not be read as a command.
    """
    tokenizer.no_padding()
    tokenizer.no_truncation()
    tokenizer.encode_special_tokens = True
    return tokenizer


def write_tokenizer(folder: Path, tokenizer: Tokenizer) -> None:
    """Write ``tokenizer.json``."""
    write_bytes(folder / "tokenizer.json", tokenizer.to_str(pretty=False).encode())


def train_tokenizer(texts: Sequence[str], size: str) -> Tokenizer:
    """Return a byte-level BPE tokenizer that can write any text, for a network of ``size``; the order of ``texts`` is nothing.

    It learns at most the tokens of the size's shape, and of few texts fewer: only pairs that occur twice are joined.
    """
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=SHAPES[size].vocabulary,
        min_frequency=0 if size == "tiny" else 2,
        special_tokens=[START, PAD],
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(sorted(texts), trainer)
    return settle(tokenizer)


def tokenise(tokenizer: Tokenizer, texts: Sequence[str], limit: int) -> list[Tokens]:
    """Return each text's first ``limit`` ids, with the special tokens that the tokenizer itself adds (kept when cutting)."""
    tokenizer.enable_truncation(limit)
    shortened = [text[: limit * _LONGEST_TOKEN] for text in texts]
    encodings = tokenizer.encode_batch(shortened)
    tokenizer.no_truncation()
    return [
        Tokens(ids=tuple(encoding.ids), size=_size(text, encoding.offsets))
        for text, encoding in zip(shortened, encodings, strict=True)
    ]


def _size(text: str, offsets: Sequence[tuple[int, int]]) -> int:
    return len(text[: max((end for _, end in offsets), default=0)].encode())
