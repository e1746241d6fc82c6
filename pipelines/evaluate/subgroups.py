"""Which declared subgroups a text belongs to: patients of a kind, a form of document, whatever a team must not fail.

Patterns are of RE2, which takes time linear in the text whatever the pattern, and knows no look-around and no back-reference.
A pattern from a file can therefore not bring a run to a halt, as one of Python's own can.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from pipelines.domain.identities import Digest
from pipelines.learners.protocols import Document


def check_pattern(pattern: str) -> None:
    """Raise :class:`ValueError` where RE2 cannot read a pattern, saying why."""
    try:
        pc.match_substring_regex(pa.array([""]), pattern)
    except pa.ArrowInvalid as error:
        raise ValueError(f"no regular expression of RE2: {error}") from error


def find_subgroups(documents: Sequence[Document], patterns: Mapping[str, str]) -> dict[Digest, tuple[str, ...]]:
    """Return the names of the subgroups (sorted) by the id of the documents that belong to any.

    A pattern is looked for anywhere in title and text. Case counts, unless it starts with ``(?i)``.
    """
    unique = {document.row_id: document.text for document in documents}
    texts = pa.array(list(unique.values()), pa.string())
    found: dict[Digest, tuple[str, ...]] = {}
    for name in sorted(patterns):
        for row_id, is_member in zip(unique, pc.match_substring_regex(texts, patterns[name]).to_pylist(), strict=True):
            if is_member:
                found[row_id] = (*found.get(row_id, ()), name)
    return found
