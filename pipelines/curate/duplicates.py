"""Keeps one of several documents that say nearly the same, and marks all of them as one cluster for the split.

Revisions of one document resemble each other by nature. They are never compared with one another: a superseded text is kept
for asking what has changed, and only rows in force can be removed or cause a removal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import compress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from pipelines.curate.clusters import Group, name_clusters
from pipelines.curate.rows import Curated, Removal, Row
from pipelines.domain.identities import Digest

if TYPE_CHECKING:
    from pyarrow import FixedSizeBinaryArray


class RemoveNearDuplicates(BaseModel):
    """Removes rows in force that repeat another: exactly but for case and punctuation, or nearly (MinHash, verified).

    Of one family the document that took effect last stays; of several families the one that arrived first. A removed row
    resembles the one preferred to it directly, not through a chain. A cluster does follow chains, over superseded rows as
    well, since what a model has once read must not come back as a question.

    In texts of a few words one shared phrase decides: for titles consider a higher threshold or leaving the step out.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["remove_near_duplicates"] = "remove_near_duplicates"
    shingle: int = Field(default=3, ge=1, description="words in a run that is compared")
    bands: int = Field(default=16, ge=1)
    rows: int = Field(default=8, ge=1, description="hashes a band; bands × rows permutations in all")
    threshold: float = Field(
        default=0.75, gt=0, le=1, description="estimated Jaccard similarity from which on texts are nearly the same"
    )

    def apply(self, rows: Sequence[Row], memory: Path | None = None) -> Curated:
        """Remove duplicates among rows in force and give every row its cluster.

        What is signed is remembered in the folder ``memory``, and what is remembered there is not signed again; the result is
        the same without it.
        """
        import numpy as np

        from pipelines.curate.segments import Resemblance
        from pipelines.curate.similarity import find_kin

        resemblance = Resemblance(shingle=self.shingle, bands=self.bands, rows=self.rows, threshold=self.threshold)
        kinship = find_kin(_identify(rows), lambda places: [rows[place].reading for place in places], resemblance, memory)
        # most rows have no kin: they stay as they are, and only the others are looked at one by one
        has_kin = np.bincount(kinship.groups, minlength=1) > 1
        has_kin[kinship.pairs] = True
        places = np.flatnonzero(has_kin[kinship.groups]).tolist()
        pairs = [(int(left), int(right)) for left, right in kinship.pairs]
        return _settle(rows, places, kinship.groups[places].tolist(), pairs)


class _Member(NamedTuple):
    """A row in force and the text that it has; a tuple, since a corpus may have a great many."""

    row: Row
    group: Group


def _identify(rows: Sequence[Row]) -> FixedSizeBinaryArray:
    """Return by what each row's text is known: one that no step has changed by the digest under which its revision arrived.

    That digest is of title and text among other things, so equal ones have equal texts, and nothing need be read or hashed.
    """
    from pipelines.curate.signatures import DIGEST, digest_text, wrap_digests

    names = [digest_text(row.reading).hex() if row.changes else row.entry.digest[: 2 * DIGEST] for row in rows]
    return wrap_digests(bytes.fromhex("".join(names)))


def _settle(rows: Sequence[Row], places: Sequence[int], groups: Sequence[Group], pairs: Sequence[tuple[Group, Group]]) -> Curated:
    """Return what becomes of the rows, of which those at ``places`` have kin: the ``groups`` of these, and near ``pairs``."""
    kin = [rows[place] for place in places]
    clusters = name_clusters(kin, groups, pairs)
    removals = _choose(kin, groups, _index_neighbours(pairs))
    gone = {removal.digest for removal in removals}
    settled = [row if row.cluster == row.entry.digest else _put(row, row.digest) for row in rows]
    stays = bytearray(b"\1") * len(rows)
    for place, row, cluster in zip(places, kin, clusters, strict=True):
        if row.digest in gone:
            stays[place] = 0
        else:
            settled[place] = _put(row, cluster)
    return Curated(rows=tuple(compress(settled, stays)), removals=removals)


def _put(row: Row, cluster: Digest) -> Row:
    return row if row.cluster == cluster else replace(row, cluster=cluster)


def _index_neighbours(pairs: Iterable[tuple[Group, Group]]) -> Mapping[Group, Sequence[Group]]:
    neighbours: defaultdict[Group, list[Group]] = defaultdict(list)
    for left, right in pairs:
        neighbours[left].append(right)
        neighbours[right].append(left)
    return neighbours


def _choose(rows: Sequence[Row], groups: Sequence[Group], near: Mapping[Group, Sequence[Group]]) -> tuple[Removal, ...]:
    """Return who leaves: first within families, then, of those that stayed, between them."""
    families: defaultdict[str, list[_Member]] = defaultdict(list)
    for row, group in zip(rows, groups, strict=True):
        if row.is_active:
            families[row.entry.revision.family_id].append(_Member(row, group))
    stayed: list[_Member] = []
    removals: list[Removal] = []
    for members in families.values():
        first, left = _keep_first(sorted(members, key=_take_effect_last), near) if len(members) > 1 else (members, [])
        stayed += first
        removals += left
    removals += _keep_first(sorted(stayed, key=_arrive_first), near)[1]
    return tuple(sorted(removals, key=lambda removal: removal.digest))


def _keep_first(members: Iterable[_Member], near: Mapping[Group, Sequence[Group]]) -> tuple[list[_Member], list[Removal]]:
    """Go through ``members`` in order; one leaves when a kept one is the same or nearly so: for the first of these."""
    kept: dict[Group, tuple[int, Digest]] = {}
    stayed: list[_Member] = []
    left: list[Removal] = []
    for rank, member in enumerate(members):
        row, group = member
        if group in kept:
            left.append(Removal(digest=row.digest, reason="exact duplicate", kept=kept[group][1]))
        elif found := [kept[other] for other in near.get(group, ()) if other in kept]:
            left.append(Removal(digest=row.digest, reason="near-duplicate", kept=min(found)[1]))
        else:
            kept[group] = rank, row.digest
            stayed.append(member)
    return stayed, left


def _take_effect_last(member: _Member) -> tuple[int, int, str, str]:
    entry = member.row.entry
    return -entry.revision.effective_from.toordinal(), entry.ingest_seq, entry.revision.published_at.isoformat(), entry.digest


def _arrive_first(member: _Member) -> tuple[int, int, str]:
    entry = member.row.entry
    return entry.ingest_seq, entry.revision.published_at.toordinal(), entry.digest
