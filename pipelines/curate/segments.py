"""A set of texts as everything that comparing them needs: digests, signatures, sorted bands, and the pairs found among them.

A segment is a function of its texts and of what counts as nearly the same, and of nothing else. It holds no text: a digest says
which text is meant, before and after case and punctuation are taken away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.curate.bands import Bands, Pairs, band, decode, encode, find_near_within
from pipelines.curate.signatures import Signatures, digest_texts, normalise, sign

ABSENT = -1
"""No position."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resemblance:
    """What counts as nearly the same: Jaccard similarity over runs of ``shingle`` words, estimated, at least ``threshold``."""

    shingle: int
    bands: int
    rows: int
    threshold: float

    @property
    def permutations(self) -> int:
        """The length of a signature."""
        return self.bands * self.rows


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Segment:
    """Distinct texts, and what they say without case and punctuation: their forms.

    ``texts`` are what the texts are known by (digests), ``forms_of`` the position of each one's form, ``forms`` digests of the
    distinct forms. Forms that have a run of words to compare by come first: ``signatures`` (forms × permutations) and ``bands``
    are of those. ``near`` are the pairs among them that are nearly the same, smaller position first, sorted.
    """

    texts: pa.FixedSizeBinaryArray
    forms_of: NDArray[np.uint32]
    forms: pa.FixedSizeBinaryArray
    signatures: Signatures
    bands: Bands
    near: Pairs


class _Forms(NamedTuple):
    """The distinct forms of some texts, those long enough to be compared first, and which of them each text has."""

    forms: list[str]
    long: int
    of: NDArray[np.uint32]


def build_segment(texts: Sequence[str], digests: pa.FixedSizeBinaryArray, resemblance: Resemblance) -> Segment:
    """Return the segment of distinct ``texts``, whose digests are ``digests``: every one is normalised, signed and compared."""
    found = _list_forms(texts, resemblance.shingle)
    signatures = sign(found.forms[: found.long], resemblance.shingle, resemblance.permutations)
    bands = band(signatures, resemblance.bands)
    return Segment(
        texts=digests,
        forms_of=found.of,
        forms=digest_texts(found.forms),
        signatures=signatures,
        bands=bands,
        near=find_near_within(bands, signatures, resemblance.threshold),
    )


def _list_forms(texts: Sequence[str], shingle: int) -> _Forms:
    """A form of fewer words than a shingle has none to compare by, and resembles nothing but itself."""
    positions: dict[str, int] = {}
    of = np.array([positions.setdefault(normalise(text), len(positions)) for text in texts], dtype=np.int64)
    forms = list(positions)
    is_long = np.array([bool(form) and form.count(" ") + 1 >= shingle for form in forms], dtype=bool)
    order = np.concatenate([np.flatnonzero(is_long), np.flatnonzero(~is_long)])
    places = np.empty(len(forms), dtype=np.uint32)
    places[order] = np.arange(len(forms), dtype=np.uint32)
    return _Forms(forms=[forms[place] for place in order.tolist()], long=int(is_long.sum()), of=places[of])


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """A segment in a corpus: the group of each of its forms, or ``ABSENT`` where no text of the corpus has that form by it."""

    segment: Segment
    groups: NDArray[np.int64]


def merge(
    placed: Sequence[Placed], texts: pa.FixedSizeBinaryArray, groups: NDArray[np.int64], pairs: Pairs, bands: int
) -> Segment:
    """Return one segment of a corpus: of ``texts`` (digests) in ``groups``, whose ``pairs`` are known; nothing is signed."""
    starts = np.cumsum([0, *(len(one.groups) for one in placed)])
    form_of, signature_of = (np.full(int(groups.max()) + 1, ABSENT, dtype=np.int64) for _ in range(2))
    signatures = np.concatenate([one.segment.signatures for one in placed])
    signed = np.cumsum([0, *(len(one.segment.signatures) for one in placed)])
    for one, start, first in zip(placed, starts[:-1], signed[:-1], strict=True):
        here = np.flatnonzero(one.groups != ABSENT)
        form_of[one.groups[here]] = here + start
        long = here[here < len(one.segment.signatures)]
        signature_of[one.groups[long]] = long + first
    order = np.concatenate([np.flatnonzero(signature_of != ABSENT), np.flatnonzero(signature_of == ABSENT)])
    places = np.empty(len(order), dtype=np.int64)
    places[order] = np.arange(len(order))
    kept = signatures[signature_of[order][: int((signature_of != ABSENT).sum())]]
    return Segment(
        texts=texts,
        forms_of=places[groups].astype(np.uint32),
        forms=pa.concat_arrays([one.segment.forms for one in placed]).take(pa.array(form_of[order])),
        signatures=kept,
        bands=band(kept, bands),
        near=decode(np.sort(encode(np.sort(places[pairs], axis=1)))),
    )
