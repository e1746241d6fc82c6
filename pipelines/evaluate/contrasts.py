"""An amended document as a question: what stands before the change, and the two ways it goes on.

Comparing whole texts would drown one changed number in hundreds of shared words, and a long text would be cut before its change.
So both are compared from the first word that differs, after everything that stands before it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from pipelines.domain.identities import Digest, FamilyId, SourceName
from pipelines.domain.reading import compose_text
from pipelines.learners.protocols import Document, Pair
from pipelines.tables import PAIR_SCHEMA, read_table

_WORD_AND_SPACE_BEFORE = re.compile(r"\s*\S+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """One amended document. ``context`` and ``following`` are shared; ``before`` and ``in_force`` are the changed words."""

    document: Document
    family_id: FamilyId
    source: SourceName
    effective_from: str
    context: str
    before: str
    in_force: str
    following: tuple[str, ...]

    @property
    def is_of_text(self) -> bool:
        """Whether any word was changed at all, and not the labels alone."""
        return self.before != self.in_force

    def ask(self, words: int) -> Pair:
        """Return it as a pair to prefer from, each side with at most ``words`` of what follows.

        What follows is part of the answer because a change may only take words out, which leaves nothing else to compare.
        """
        after = "".join(self.following[:words])
        return Pair(
            row_id=self.document.row_id,
            question=self.context,
            text_before=self.before + after,
            text_in_force=self.in_force + after,
        )


def read_contrasts(path: Path) -> list[Contrast]:
    """Read the pairs of ``splits/currency.parquet``, ordered by id."""
    rows = sorted(read_table(path, PAIR_SCHEMA).to_pylist(), key=lambda row: str(row["row_id"]))
    return [_contrast(row) for row in rows]


def divide(before: str, in_force: str) -> tuple[str, str, str, tuple[str, ...]]:
    """Return what both start with, what only each has, and the words that both end with; all spaces kept.

    The start, one side's own words and the end joined are that side's text, but for space at its very end.
    """
    old, new = _WORD_AND_SPACE_BEFORE.findall(before), _WORD_AND_SPACE_BEFORE.findall(in_force)
    start = _count_shared(old, new)
    end = _count_shared(old[start:][::-1], new[start:][::-1])
    following = tuple(new[len(new) - end :])
    return "".join(new[:start]), "".join(old[start : len(old) - end]), "".join(new[start : len(new) - end]), following


def _count_shared(left: list[str], right: list[str]) -> int:
    return sum(1 for _ in takewhile(lambda both: both[0] == both[1], zip(left, right, strict=False)))


def _contrast(row: dict[str, object]) -> Contrast:
    question, now = str(row["question"]), compose_text(str(row["question"]), str(row["text_in_force"]))
    context, before, in_force, following = divide(compose_text(question, str(row["text_before"])), now)
    return Contrast(
        document=Document(row_id=Digest(str(row["row_id"])), text=now, label=str(row["label"])),
        family_id=FamilyId(str(row["family_id"])),
        source=SourceName(str(row["source"])),
        effective_from=str(row["effective_from"]),
        context=context,
        before=before,
        in_force=in_force,
        following=following,
    )
