"""Runs of words as numbers, so that whole corpora can be searched for copied passages and for phrases that came from nowhere.

A word is hashed by itself, so a run has the same code whatever else is read with it, in whatever order, on whatever machine.
"""

from __future__ import annotations

import hashlib
import re
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Codes: TypeAlias = NDArray[np.uint64]
Places: TypeAlias = NDArray[np.int64]

WORD = re.compile(r"\w+")
MULTIPLIER = np.uint64(0x9E3779B97F4A7C15)
"""Odd, so that no word's bits are lost: 2**64 divided by the golden ratio (Knuth, *The Art of Computer Programming* 3, §6.4)."""


@dataclass(frozen=True, slots=True)
class Runs:
    """Runs of words: ``codes`` says which run, ``texts`` the position of the text that it stands in; equally many of both."""

    codes: Codes
    texts: Places


def read_words(texts: Sequence[str]) -> Runs:
    """Return every word of every text in order, whatever its case; punctuation is no word."""
    known: dict[str, int] = {}
    numbers, lengths = array("q"), array("q")
    for text in texts:
        words = WORD.findall(text.casefold())
        numbers.extend([known.setdefault(word, len(known)) for word in words])
        lengths.append(len(words))
    codes = np.fromiter((_hash(word) for word in known), dtype=np.uint64, count=len(known))
    places = np.repeat(np.arange(len(texts), dtype=np.int64), np.asarray(lengths, dtype=np.int64))
    return Runs(codes[np.asarray(numbers, dtype=np.int64)], places)


def join_words(words: Runs, length: int) -> Runs:
    """Return every run of ``length`` words that stand side by side in one text, in order.

    The code is a polynomial of the words' hashes modulo 2**64 (Karp and Rabin 1987, https://doi.org/10.1147/rd.312.0249): of
    20 million different runs, two share one with a probability of about 1e-5.
    """
    count = max(len(words.codes) - length + 1, 0)
    codes = np.zeros(count, dtype=np.uint64)
    for place in range(length):
        codes = codes * MULTIPLIER + words.codes[place : place + count]
    is_within = words.texts[:count] == words.texts[length - 1 : length - 1 + count]
    return Runs(codes[is_within], words.texts[:count][is_within])


def list_once(runs: Runs) -> Runs:
    """Return each run once a text, ordered by code and then by text."""
    order = np.lexsort((runs.texts, runs.codes))
    codes, texts = runs.codes[order], runs.texts[order]
    is_first = np.ones(len(codes), dtype=np.bool_)
    is_first[1:] = (codes[1:] != codes[:-1]) | (texts[1:] != texts[:-1])
    return Runs(codes[is_first], texts[is_first])


def is_among(codes: Codes, known: Codes) -> NDArray[np.bool_]:
    """Tell of each code whether it is one of ``known``, which are sorted."""
    if not len(known):
        return np.zeros(len(codes), dtype=np.bool_)
    places = np.minimum(np.searchsorted(known, codes), len(known) - 1)
    return np.asarray(known[places] == codes)


def _hash(word: str) -> int:
    return int.from_bytes(hashlib.blake2b(word.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")
