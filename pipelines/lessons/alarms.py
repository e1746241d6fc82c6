"""Has the world moved? How far the news are from what the champion has seen, as a number that calls for more replay.

Measured on what both are made of, not on the champion's loss: shares of labels and of words. Two samples of one world differ by
chance, small ones more, so what is reported is the distance beyond that of random divisions of the same rows by family.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from pipelines.domain.identities import digest_value
from pipelines.learners.rows import Row
from pipelines.lessons.params import Alarm

READ_ROWS = 2_000
"""At most so many rows of either side are read: those that a keyed digest puts first."""

DIVISIONS = 20
"""Random divisions whose mean distance is what chance makes."""

WORDS = 2_000
"""The commonest words of both sides; every other word counts as one."""

Counts = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Jensen-Shannon divergence between news and history beyond chance, in bits (0 alike, 1 nothing in common).

    Lin (1991), Divergence measures based on the Shannon entropy, https://doi.org/10.1109/18.61115. ``labels`` is of the shares of
    labels (0 where there are none), ``terms`` of the shares of words. ``is_alarm`` where the larger is above the threshold.
    """

    labels: float
    terms: float
    is_alarm: bool


def measure_shift(news: Sequence[Row], history: Sequence[Row], alarm: Alarm, seed: int) -> Shift | None:
    """Return how far ``news`` are from ``history``, whatever the order of either; ``None`` where one of them is empty."""
    if not news or not history:
        return None
    rows = [*_choose(news, seed), *_choose(history, seed)]
    is_news = np.arange(len(rows)) < min(len(news), READ_ROWS)
    sides = np.stack([is_news, *_divide(rows, int(is_news.sum()), seed)])
    labels = _exceed(sides, _count_labels(rows))
    terms = _exceed(sides, _count_words(rows))
    return Shift(labels=labels, terms=terms, is_alarm=max(labels, terms) > alarm.threshold)


def diverge(first: Counts, second: Counts) -> float:
    """Return the Jensen-Shannon divergence of two vectors of counts, in bits; 0 where one of them is empty."""
    if not first.sum() or not second.sum():
        return 0.0
    shares = first / first.sum(), second / second.sum()
    middle = (shares[0] + shares[1]) / 2
    return float(sum(_relative_entropy(share, middle) for share in shares) / 2)


def _relative_entropy(share: Counts, other: Counts) -> float:
    held = share > 0
    return float((share[held] * np.log2(share[held] / other[held])).sum())


def _choose(rows: Sequence[Row], seed: int) -> list[Row]:
    return sorted(rows, key=lambda row: digest_value([seed, row.document.row_id]))[:READ_ROWS]


def _divide(rows: Sequence[Row], count: int, seed: int) -> list[NDArray[np.bool_]]:
    """Return divisions at random into as many news, whole families as far as that goes: rows of one are not independent."""
    families = {family: place for place, family in enumerate(sorted({row.family_id for row in rows}))}
    places = np.array([families[row.family_id] for row in rows])
    generator = np.random.default_rng(seed)
    divisions = []
    for _ in range(DIVISIONS):
        order = np.argsort(generator.permutation(len(families))[places], kind="stable")
        side = np.zeros(len(rows), dtype=bool)
        side[order[:count]] = True
        divisions.append(side)
    return divisions


def _exceed(sides: NDArray[np.bool_], counts: Counts) -> float:
    held = sides.astype(np.float64) @ counts
    found, *chance = (diverge(news, counts.sum(axis=0) - news) for news in held)
    return max(found - sum(chance) / len(chance), 0.0)


def _count_labels(rows: Sequence[Row]) -> Counts:
    labels = sorted({row.document.label for row in rows if row.document.label})
    return np.array([[float(row.document.label == label) for label in labels] for row in rows]).reshape(len(rows), len(labels))


def _count_words(rows: Sequence[Row]) -> Counts:
    words = [re.findall(r"\w+", row.document.text.lower()) for row in rows]
    totals = Counter(chain.from_iterable(words))
    known = {word: place for place, (word, _) in enumerate(sorted(totals.items(), key=lambda item: (-item[1], item[0]))[:WORDS])}
    counts = np.zeros((len(rows), len(known) + 1))
    for place, found in enumerate(words):
        for word in found:
            counts[place, known.get(word, len(known))] += 1
    return counts
