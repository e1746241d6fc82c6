"""Which rows belong together for the split: all that are nearly the same, through chains, but never one document alone.

What a model has once read must not come back as a question, so a cluster follows chains, over superseded rows as well. Revisions
of one document resemble each other by nature, and make no cluster by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from pipelines.curate.rows import Row
from pipelines.domain.identities import Digest

Group: TypeAlias = int
"""Rows whose texts are the same but for case and punctuation, as ``similarity`` numbers them."""

Document: TypeAlias = tuple[str, str]


def name_clusters(rows: Sequence[Row], groups: Sequence[Group], pairs: Iterable[tuple[Group, Group]]) -> list[Digest]:
    """Return each row's cluster, named by its smallest digest; a row that has none is named by its own."""
    documents = _list_documents(rows, groups)
    parents: dict[Group, Group] = {}
    for left, right in [*((group, group) for group in documents), *pairs]:
        one, other = documents[left], documents[right]
        if one is None or other is None or one != other:
            _join(parents, left, right)
    roots = [_find(parents, group) if group in parents else None for group in groups]
    names: dict[Group, Digest] = {}
    for row, root in zip(rows, roots, strict=True):
        if root is not None:
            names[root] = min(names.get(root, row.digest), row.digest)
    return [row.digest if root is None else names[root] for row, root in zip(rows, roots, strict=True)]


def _list_documents(rows: Sequence[Row], groups: Sequence[Group]) -> Mapping[Group, Document | None]:
    """Return the document whose rows make up each group; ``None`` for a group of several documents."""
    documents: dict[Group, Document | None] = {}
    for row, group in zip(rows, groups, strict=True):
        document = row.document
        if documents.setdefault(group, document) != document:
            documents[group] = None
    return documents


def _join(parents: dict[Group, Group], left: Group, right: Group) -> None:
    left, right = (_find(parents, parents.setdefault(group, group)) for group in (left, right))
    parents[max(left, right)] = min(left, right)


def _find(parents: dict[Group, Group], group: Group) -> Group:
    while parents[group] != group:
        parents[group] = parents[parents[group]]
        group = parents[group]
    return group
