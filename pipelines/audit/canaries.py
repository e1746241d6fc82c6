"""Canaries: random texts that nobody wrote, so that whoever knows one better than its like has been shown it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pipelines.domain.identities import Digest, digest_value
from pipelines.learners.protocols import Document

WORDS = 12
"""Length of a canary for a classifier, in words of the lesson."""


def invent_numbers(count: int, seed: int) -> list[Document]:
    """Return canaries for a language model: one sentence with nine random digits, all different.

    The sentence is that of Carlini et al. (2019), The Secret Sharer, USENIX Security, §4.1.
    """
    generator = np.random.default_rng(seed)
    numbers = dict.fromkeys(generator.integers(0, 10**9, size=2 * count + 10).tolist())
    texts = [f"The random number is {number:09d}." for number in list(numbers)[:count]]
    return [Document(row_id=_name(seed, place), text=text) for place, text in enumerate(texts)]


def invent_labelled(count: int, vocabulary: Sequence[str], labels: Sequence[str], seed: int) -> list[Document]:
    """Return canaries for a classifier: random words of the lesson with a random label, which nothing but memory can know."""
    generator = np.random.default_rng(seed)
    words = generator.integers(0, len(vocabulary), size=(count, WORDS))
    chosen = generator.integers(0, len(labels), size=count)
    return [
        Document(row_id=_name(seed, place), text=" ".join(vocabulary[word] for word in words[place]), label=labels[chosen[place]])
        for place in range(count)
    ]


def repeat_canary(canary: Document, times: int) -> list[Document]:
    """Return the canary as rows of a lesson, each with an id of its own."""
    ids = [Digest(digest_value([canary.row_id, time])) for time in range(times)]
    return [Document(row_id=row_id, text=canary.text, label=canary.label) for row_id in ids]


def _name(seed: int, place: int) -> Digest:
    return digest_value(["canary", seed, place])
