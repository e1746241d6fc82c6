"""What flows through curation: a row that remembers how it was changed, and a removal that says why.

A row keeps the digest under which its revision arrived, however much its text was cleaned, so that what was trained on can
always be traced to what was received.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from pipelines.domain.identities import Digest
from pipelines.domain.reading import compose_text
from pipelines.domain.revisions import Entry, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One revision under curation. ``cluster`` is shared by near-duplicates; ``changes`` are reasons, in order."""

    entry: Entry
    cluster: Digest
    changes: tuple[str, ...] = ()

    @property
    def digest(self) -> Digest:
        """The identity: that of the revision as received."""
        return self.entry.digest

    @property
    def is_active(self) -> bool:
        """Whether the revision is in force."""
        return self.entry.revision.status is Status.ACTIVE

    @property
    def document(self) -> tuple[str, str]:
        """What the row is a revision of: source and document id."""
        return self.entry.revision.source, self.entry.revision.document_id

    @property
    def reading(self) -> str:
        """The text as a model would read it."""
        return compose_text(self.entry.revision.title, self.entry.revision.text)

    def rewrite(self, title: str, text: str, reason: str) -> Row:
        """Return the row with these texts and one more reason, or itself when they are what it has already."""
        revision = self.entry.revision
        if (title, text) == (revision.title, revision.text):
            return self
        entry = replace(self.entry, revision=replace(revision, title=title, text=text))
        return replace(self, entry=entry, changes=(*self.changes, reason))


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A row that left, why, and (for a duplicate) which row stays in its place."""

    digest: Digest
    reason: str
    kept: Digest | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Curated:
    """What a step makes of rows: those that go on, in their order, and those that leave."""

    rows: tuple[Row, ...]
    removals: tuple[Removal, ...] = ()


class Step(Protocol):
    """One step of curation: its own parameters and one method."""

    def apply(self, rows: Sequence[Row]) -> Curated:
        """Return the rows that go on and those that leave; every row given is in exactly one of the two."""
        ...


def enter(entry: Entry) -> Row:
    """Return the entry as a row that nothing has happened to yet, alone in its cluster."""
    return Row(entry=entry, cluster=entry.digest)
