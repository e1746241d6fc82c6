"""The subgroups that a set of rows falls into: what a loss can hide in, and what tables break a score down by.

Groups are fixed by the rows themselves (where they come from, when, how long, which label), never by what a model did on them.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from pipelines.domain.scorecards import Outcome


class GroupKind(StrEnum):
    """By what rows are told apart; a row belongs to one group of each kind, and to any number of declared ones."""

    SOURCE = "source"
    YEAR = "year"
    LENGTH = "length"
    LABEL = "label"
    DECLARED = "declared"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rows that have something in common. ``row_ids`` are sorted."""

    kind: GroupKind
    name: str
    row_ids: tuple[str, ...]


def form_groups(outcomes: Sequence[Outcome]) -> tuple[Group, ...]:
    """Return all groups of one model's outcomes on one slice, by kind and then by name; length bands from short to long."""
    members: defaultdict[tuple[GroupKind, int, str], list[str]] = defaultdict(list)
    edges = _find_quartiles([outcome.size for outcome in outcomes])
    for outcome in outcomes:
        for kind, rank, name in _name_groups(outcome, edges):
            members[kind, rank, name].append(outcome.row_id)
    kinds = list(GroupKind)
    keys = sorted(members, key=lambda key: (kinds.index(key[0]), key[1], key[2]))
    return tuple(Group(kind=key[0], name=key[2], row_ids=tuple(sorted(members[key]))) for key in keys)


def _name_groups(outcome: Outcome, edges: Sequence[int]) -> Iterator[tuple[GroupKind, int, str]]:
    """Yield kind, rank among its kind and name of each group of a row."""
    yield GroupKind.SOURCE, 0, outcome.source
    yield GroupKind.YEAR, outcome.year, str(outcome.year) if outcome.year else "unknown"
    band = bisect_left(edges, outcome.size)
    yield GroupKind.LENGTH, band, _name_band(band, edges)
    if outcome.label:
        yield GroupKind.LABEL, 0, outcome.label
    for name in outcome.subgroups:
        yield GroupKind.DECLARED, 0, name


def _find_quartiles(sizes: Sequence[int]) -> tuple[int, ...]:
    """Return the highest size of each of the three lower quarters, each once: texts of one length are never parted."""
    ordered = sorted(sizes)
    return tuple(sorted({ordered[max(quarter * len(ordered) // 4 - 1, 0)] for quarter in (1, 2, 3)})) if ordered else ()


def _name_band(band: int, edges: Sequence[int]) -> str:
    if band == len(edges):
        return f"over {edges[-1]:,} bytes"
    return f"{edges[band - 1] + 1:,} to {edges[band]:,} bytes" if band else f"up to {edges[0]:,} bytes"
