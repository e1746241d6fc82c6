"""Finds texts that say the same or nearly the same, and signs only those that no earlier run has signed.

The result is a function of the texts alone. What an earlier run left (see ``memories``) only spares work: pairs of texts are
nearly the same by their two signatures, so the pairs of a whole are those within each segment of it and those across two.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from pipelines.curate.bands import Pairs, decode, encode, find_near_across
from pipelines.curate.memories import Memory
from pipelines.curate.segments import ABSENT, Placed, Resemblance, Segment, build_segment, merge
from pipelines.curate.signatures import digest_texts

Read = Callable[[Sequence[int]], list[str]]
"""Returns the texts at these positions."""

MOST_SEGMENTS = 8
"""With more of them they are made one: each costs a search for what is new in all the others."""

Positions = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Kinship:
    """How texts are kin: the group of each one, and the pairs of groups (smaller first, sorted) that are nearly the same.

    Texts of one group are equal but for case and punctuation. Groups are numbered in the order in which they first occur.
    """

    groups: Positions
    pairs: Pairs


def find_kin(identities: pa.FixedSizeBinaryArray, read: Read, resemblance: Resemblance, folder: Path | None = None) -> Kinship:
    """Return how texts are kin, which are known by ``identities`` (equal ones have equal texts) and are read where they are new.

    What is signed is remembered in ``folder``, and what is remembered there is neither read nor signed again.
    """
    memory = None if folder is None or not len(identities) else Memory(folder, resemblance)
    segments = [] if memory is None else memory.recall()
    segment_of, form_of = _look_up(identities, segments)
    unknown = np.flatnonzero(segment_of == ABSENT)
    if len(unknown):
        codes, first = _list_distinct(identities.take(pa.array(unknown)))
        places = unknown[first]
        fresh = build_segment(read(places.tolist()), identities.take(pa.array(places)), resemblance)
        segment_of[unknown], form_of[unknown] = len(segments), fresh.forms_of[codes]
        segments.append(fresh)
    groups, placed = _number(segments, segment_of, form_of)
    pairs = _gather(placed, resemblance.threshold)
    if memory is not None and _is_scattered(placed):
        _, first = _list_distinct(identities)
        memory.replace(merge(placed, identities.take(pa.array(first)), groups[first], pairs, resemblance.bands))
    elif memory is not None and len(unknown):
        memory.add(placed[-1].segment)
    return Kinship(groups=groups, pairs=pairs)


def _list_distinct(identities: pa.FixedSizeBinaryArray) -> tuple[Positions, Positions]:
    """Return a number for each identity, equal for equal ones and counted up from 0, and where each first occurs."""
    coded = identities.dictionary_encode()
    codes = coded.indices.to_numpy().astype(np.int64)
    first = np.empty(len(coded.dictionary), dtype=np.int64)
    first[codes[::-1]] = np.arange(len(codes))[::-1]
    return codes, first


def _look_up(digests: pa.FixedSizeBinaryArray, segments: Sequence[Segment]) -> tuple[Positions, Positions]:
    """Return, for each digest, the first segment that has it and the position of its form there; ``ABSENT`` where none has."""
    segment_of, form_of = (np.full(len(digests), ABSENT, dtype=np.int64) for _ in range(2))
    for number, segment in enumerate(segments):
        wanted = np.flatnonzero(segment_of == ABSENT)
        sought = digests if number == 0 else digests.take(pa.array(wanted))
        found = pc.index_in(sought, value_set=segment.texts).fill_null(ABSENT).to_numpy()
        is_here = found != ABSENT
        segment_of[wanted[is_here]] = number
        form_of[wanted[is_here]] = segment.forms_of[found[is_here]]
    return segment_of, form_of


def _number(segments: Sequence[Segment], segment_of: Positions, form_of: Positions) -> tuple[Positions, list[Placed]]:
    """Return the group of each text, and the segments with the groups of their forms; one form may stand in several segments."""
    starts = np.cumsum([0, *(len(segment.forms) for segment in segments)])
    flat = form_of + starts[segment_of]
    forms = pa.concat_arrays([segment.forms for segment in segments]) if segments else digest_texts(())
    groups = forms.take(pa.array(flat)).dictionary_encode().indices.to_numpy().astype(np.int64)
    group_of = np.full(int(starts[-1]), ABSENT, dtype=np.int64)
    group_of[flat] = groups
    spans = zip(segments, starts[:-1], starts[1:], strict=True)
    return groups, [Placed(segment, group_of[start:stop]) for segment, start, stop in spans]


def _gather(placed: Sequence[Placed], threshold: float) -> Pairs:
    """Return all pairs of different groups that are nearly the same, within segments and across them."""
    found = [_translate(one.segment.near, one.groups, one.groups) for one in placed]
    for one, other in combinations(placed, 2):
        left, right = one.segment, other.segment
        across = find_near_across(left.bands, left.signatures, right.bands, right.signatures, threshold)
        found.append(_translate(across, one.groups, other.groups))
    return decode(np.unique(np.concatenate([encode(pairs) for pairs in found])) if found else np.empty(0, dtype=np.int64))


def _translate(pairs: Pairs, left: Positions, right: Positions) -> Pairs:
    """Return pairs of forms as pairs of groups; those of which one is absent, or both are the same, are none."""
    groups = np.sort(np.column_stack([left[pairs[:, 0]], right[pairs[:, 1]]]), axis=1)
    kept: Pairs = groups[(groups[:, 0] != ABSENT) & (groups[:, 0] != groups[:, 1])]
    return kept


def _is_scattered(placed: Sequence[Placed]) -> bool:
    """Whether what is remembered should become one segment: it lies in many, or less than half of it is still there."""
    present = sum(int((one.groups != ABSENT).sum()) for one in placed)
    return len(placed) > MOST_SEGMENTS or 2 * present < sum(len(one.groups) for one in placed)
