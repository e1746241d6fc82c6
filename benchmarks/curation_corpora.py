"""A synthetic corpus with near-duplicates of known similarity: words by chance, copies with as many of them swapped as is wanted.

Nothing of it was written by anybody. Words are drawn by Zipf's law, so that frequent runs of words recur as they do in prose.
What is known of a planted pair is its true Jaccard similarity over the runs of words that the search compares.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import accumulate

from pipelines.domain.identities import Digest, DocumentId, FamilyId, SourceName
from pipelines.domain.revisions import Entry, Revision

SHINGLE = 3
VOCABULARY = 30_000
WORDS = (60, 140)
"""Least and most words of a document: a recall notice, a title with an abstract."""

NEAR, HARD = 0.05, 0.025
"""Shares of the documents that are a near copy of another one, and that merely resemble one."""

BOUND, RESEMBLING = 0.85, 0.60
RECORDED = datetime(2026, 1, 2, tzinfo=UTC)
SYLLABLES = [first + last for first in "bcdfglmnprstvz" for last in ("a", "e", "i", "o", "u", "an", "er", "is")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A document made from an earlier one, by position, and their true similarity."""

    copy: int
    original: int
    similarity: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticCorpus:
    """Entries in the order of their arrival; of the planted pairs ``near`` are at ``BOUND`` or above, ``hard`` about .6.

    A copy that came out a little below the bound, because its words repeat themselves, is in neither.
    """

    entries: tuple[Entry, ...]
    near: tuple[Planted, ...]
    hard: tuple[Planted, ...]


def make_corpus(count: int, seed: int = 0) -> SyntheticCorpus:
    """Return ``count`` documents; the same number and seed give the same ones, and more of them begin with the same."""
    chance = random.Random(seed)  # noqa: S311  # a seeded generator is the point
    vocabulary = _invent_words(chance)
    weights = list(accumulate(1 / rank for rank in range(1, VOCABULARY + 1)))
    texts: list[list[str]] = []
    near: list[Planted] = []
    hard: list[Planted] = []
    for position in range(count):
        kind = chance.random()
        if position and kind < NEAR + HARD:
            original = chance.randrange(position)
            swaps = _choose_swaps(len(texts[original]), chance, is_near=kind < NEAR)
            texts.append(_swap(texts[original], swaps, chance, position))
            pair = Planted(copy=position, original=original, similarity=compare(texts[original], texts[position]))
            (near if pair.similarity >= BOUND else hard if kind >= NEAR else []).append(pair)
        else:
            texts.append(chance.choices(vocabulary, cum_weights=weights, k=chance.randint(*WORDS)))
    entries = tuple(_enter(position, " ".join(words)) for position, words in enumerate(texts))
    return SyntheticCorpus(entries=entries, near=tuple(near), hard=tuple(hard))


def compare(left: Sequence[str], right: Sequence[str]) -> float:
    """Return the true Jaccard similarity of two texts over runs of ``SHINGLE`` words."""
    first, second = set(_list_runs(left)), set(_list_runs(right))
    return len(first & second) / len(first | second)


def _list_runs(words: Sequence[str]) -> Iterator[tuple[str, ...]]:
    return zip(*(words[start:] for start in range(SHINGLE)), strict=False)


def _choose_swaps(length: int, chance: random.Random, *, is_near: bool) -> int:
    """A swapped word changes ``SHINGLE`` of n runs, so that s of them leave J = (n - 3s) / (n + 3s)."""
    bound = BOUND if is_near else RESEMBLING
    runs = length - SHINGLE + 1
    most = runs * (1 - bound) / (SHINGLE * (1 + bound))
    return chance.randint(1, int(most)) if is_near else round(most)


def _swap(words: Sequence[str], swaps: int, chance: random.Random, mark: int) -> list[str]:
    places = set(chance.sample(range(SHINGLE - 1, len(words) - SHINGLE + 1, SHINGLE), swaps))
    return [f"new{mark}x{place}" if place in places else word for place, word in enumerate(words)]


def _invent_words(chance: random.Random) -> list[str]:
    words: dict[str, None] = {}
    while len(words) < VOCABULARY:
        words["".join(chance.choices(SYLLABLES, k=chance.randint(1, 4)))] = None
    return list(words)


def _enter(position: int, text: str) -> Entry:
    revision = Revision(
        source=SourceName("synthetic"),
        document_id=DocumentId(f"{position:08d}"),
        family_id=FamilyId(f"{position:08d}"),
        title="",
        text=text,
        published_at=date(2026, 1, 1),
        effective_from=date(2026, 1, 1),
        recorded_at=RECORDED,
        licence="synthetic",
    )
    return Entry(revision=revision, digest=Digest(revision.digest), drop_id="synthetic", ingest_seq=position)
