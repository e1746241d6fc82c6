"""Keeps one of several documents that say nearly the same, and marks all of them as one cluster for the split.

Revisions of one document resemble each other by nature. They are never compared with one another: a superseded text is kept
for asking what has changed, and only rows in force can be removed or cause a removal.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from pipelines.curate.rows import Curated, Removal, Row
from pipelines.domain.identities import Digest

Group: TypeAlias = int
"""The rows of one normalised text, by the position of that text."""

Order: TypeAlias = tuple[int, int, str, str]


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

    def apply(self, rows: Sequence[Row]) -> Curated:
        """Remove duplicates among rows in force and give every row its cluster."""
        from pipelines.curate.similarity import Resemblance, find_resembling, normalise

        positions: dict[str, Group] = {}
        groups = [positions.setdefault(normalise(row.reading), len(positions)) for row in rows]
        resemblance = Resemblance(shingle=self.shingle, bands=self.bands, rows=self.rows, threshold=self.threshold)
        pairs = find_resembling(list(positions), resemblance)
        clustered = [replace(row, cluster=cluster) for row, cluster in zip(rows, _cluster(rows, groups, pairs), strict=True)]
        removals = _choose(clustered, groups, _index_neighbours(pairs))
        gone = {removal.digest for removal in removals}
        return Curated(rows=tuple(row for row in clustered if row.digest not in gone), removals=removals)


@dataclass(frozen=True, slots=True)
class _Member:
    """A row in force and the text that it has."""

    row: Row
    group: Group


def _index_neighbours(pairs: Iterable[tuple[Group, Group]]) -> Mapping[Group, Sequence[Group]]:
    neighbours: defaultdict[Group, list[Group]] = defaultdict(list)
    for left, right in pairs:
        neighbours[left].append(right)
        neighbours[right].append(left)
    return neighbours


def _choose(rows: Sequence[Row], groups: Sequence[Group], near: Mapping[Group, Sequence[Group]]) -> tuple[Removal, ...]:
    """Return who leaves: first within families, then, of those that stayed, between them."""
    members = [_Member(row, group) for row, group in zip(rows, groups, strict=True) if row.is_active]
    stayed, left_family = _keep_first(members, near, _take_effect_last, lambda member: member.row.entry.revision.family_id)
    _, left_others = _keep_first(stayed, near, _arrive_first, lambda _: "")
    return tuple(sorted((*left_family, *left_others), key=lambda removal: removal.digest))


def _keep_first(
    members: Iterable[_Member],
    near: Mapping[Group, Sequence[Group]],
    order: Callable[[_Member], Order],
    scope: Callable[[_Member], str],
) -> tuple[list[_Member], list[Removal]]:
    """Go through ``members`` in ``order``; one leaves when a kept one of the same ``scope`` is the same or nearly so."""
    kept: dict[tuple[str, Group], Digest] = {}
    stayed: list[_Member] = []
    left: list[Removal] = []
    for member in sorted(members, key=order):
        space, group = scope(member), member.group
        reasons = [(group, "exact duplicate"), *((other, "near-duplicate") for other in sorted(near.get(group, ())))]
        found = next(((kept[space, other], reason) for other, reason in reasons if (space, other) in kept), None)
        if found is None:
            kept[space, group] = member.row.digest
            stayed.append(member)
        else:
            left.append(Removal(digest=member.row.digest, reason=found[1], kept=found[0]))
    return stayed, left


def _take_effect_last(member: _Member) -> Order:
    entry = member.row.entry
    return -entry.revision.effective_from.toordinal(), entry.ingest_seq, entry.revision.published_at.isoformat(), entry.digest


def _arrive_first(member: _Member) -> Order:
    entry = member.row.entry
    return entry.ingest_seq, entry.revision.published_at.toordinal(), "", entry.digest


def _cluster(rows: Sequence[Row], groups: Sequence[Group], pairs: Iterable[tuple[Group, Group]]) -> list[Digest]:
    """Return each row's cluster, named by its smallest digest; texts of one document alone do not make one."""
    members: defaultdict[Group, list[int]] = defaultdict(list)
    for position, group in enumerate(groups):
        members[group].append(position)
    linked = [(group, group) for group in members] + list(pairs)
    parents = list(range(len(rows)))
    for left, right in linked:
        together = [*members[left], *members[right]]
        if len({rows[position].document for position in together}) > 1:
            for position in together[1:]:
                _join(parents, together[0], position)
    return _name(rows, [_find(parents, position) for position in range(len(rows))])


def _name(rows: Sequence[Row], roots: Sequence[int]) -> list[Digest]:
    names: dict[int, Digest] = {}
    for row, root in zip(rows, roots, strict=True):
        names[root] = min(names.get(root, row.digest), row.digest)
    return [names[root] for root in roots]


def _join(parents: list[int], left: int, right: int) -> None:
    left, right = _find(parents, left), _find(parents, right)
    parents[max(left, right)] = min(left, right)


def _find(parents: list[int], position: int) -> int:
    while parents[position] != position:
        parents[position] = parents[parents[position]]
        position = parents[position]
    return position
