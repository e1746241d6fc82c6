"""Finds passages that stand both in what is taught and in what is asked: a question whose answer was read proves nothing.

Near-duplicates never straddle the splits (:mod:`pipelines.split.separation`). This finds what a near-duplicate is not: one
paragraph of a long document, copied into another one. It works both ways, and the order of arrival says which: a training row
that repeats an evaluation row which was there first is not taught, and an evaluation row that repeats what was there to be
taught first is not asked, of no model.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.domain.identities import Digest, FamilyId
from pipelines.ngrams import Codes, Runs, is_among, join_words, list_once, read_words
from pipelines.split.params import Decontamination


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A text on one side: taught, or asked. ``arrival`` orders passages in time; equal ones arrived together."""

    digest: Digest
    family_id: FamilyId
    text: str
    arrival: int
    is_asked: bool


@dataclass(frozen=True, slots=True)
class _Shared:
    """The runs of words on both sides that are nobody's boilerplate, each once a passage, numbered from 0."""

    numbers: Sequence[int]
    passages: Sequence[int]


def find_contaminated(passages: Sequence[Passage], params: Decontamination) -> frozenset[Digest]:
    """Return the digests of the passages that repeat one of the other side that was there before them and stayed.

    A passage repeats when ``params.runs`` different runs of ``params.words`` words or more stand in passages of the other side
    too: 13 words as in the corpus of GPT-3 (Brown et al. 2020, appendix C, https://arxiv.org/abs/2005.14165), where runs of
    more than ten documents were taken for boilerplate; here it is more than ``params.common`` families. Of those that arrived
    together, what is asked comes first. Whoever was left out contaminates nobody, so that the rest has nothing left to find.
    """
    shared = _find_shared(passages, params)
    held: dict[bool, set[int]] = {True: set(), False: set()}
    found: set[Digest] = set()
    for place, runs in _list_in_order(passages, shared):
        passage = passages[place]
        if len(runs & held[not passage.is_asked]) >= params.runs:
            found.add(passage.digest)
        else:
            held[passage.is_asked] |= runs
    return frozenset(found)


def _list_in_order(passages: Sequence[Passage], shared: _Shared) -> Iterator[tuple[int, set[int]]]:
    of_passage: dict[int, set[int]] = {}
    for number, place in zip(shared.numbers, shared.passages, strict=True):
        of_passage.setdefault(place, set()).add(number)

    def arrive(place: int) -> tuple[int, bool, str]:
        passage = passages[place]
        return passage.arrival, not passage.is_asked, passage.digest

    for place in sorted(of_passage, key=arrive):
        yield place, of_passage[place]


def _find_shared(passages: Sequence[Passage], params: Decontamination) -> _Shared:
    runs = join_words(read_words([passage.text for passage in passages]), params.words)
    is_asked = np.array([passage.is_asked for passage in passages], dtype=np.bool_)
    asked = is_asked[runs.texts] if len(passages) else np.zeros(0, dtype=np.bool_)
    # most runs stand on one side alone: what is asked is the smaller one, and is looked up
    on_both = is_among(runs.codes, np.unique(runs.codes[asked]))
    on_both &= is_among(runs.codes, np.unique(runs.codes[on_both & ~asked]))
    once = list_once(Runs(runs.codes[on_both], runs.texts[on_both]))
    rare = _find_rare(once, [passage.family_id for passage in passages], params.common)
    is_rare = is_among(once.codes, rare)
    numbers = np.searchsorted(rare, once.codes[is_rare])
    return _Shared(numbers.tolist(), once.texts[is_rare].tolist())


def _find_rare(once: Runs, families: Iterable[FamilyId], common: int) -> Codes:
    """Return the codes, sorted, of runs that stand in no more than ``common`` families."""
    named: dict[FamilyId, int] = {}
    family = np.array([named.setdefault(one, len(named)) for one in families], dtype=np.int64)
    by_family = list_once(Runs(once.codes, family[once.texts] if len(family) else once.texts))
    codes, counts = np.unique(by_family.codes, return_counts=True)
    return codes[counts <= common]
