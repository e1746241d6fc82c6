"""A corpus that remembers when it learned what, so that a test can ask it for any day as known on any other."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path

from pipelines.corpus.tables import Corpus
from pipelines.domain.histories import Stay, as_of
from pipelines.domain.identities import DropId
from pipelines.domain.revisions import Entry, Revision
from tests.builders.corpora import build_corpus


@dataclass(slots=True)
class Memory:
    """A real Delta table, the times of its drops, and what was read of it since the last one."""

    corpus: Corpus
    stays: dict[str, Stay] = field(default_factory=dict)
    arrived: list[Entry] = field(default_factory=list)

    def learn(self, time: datetime, revisions: Iterable[Revision]) -> int:
        """Append a drop at ``time``; return how many of its revisions were new."""
        drop = f"drop-{len(self.stays) + 1}"
        self.stays[drop] = Stay(landed=time)
        self.arrived.clear()
        return self.corpus.append(DropId(drop), revisions).added

    def ask(self, document: str, day: date, known: datetime | None = None) -> list[Revision]:
        """Return what of a document was in force on ``day`` as known at ``known``: one revision, or none."""
        entries = [entry for entry in self.recall() if entry.revision.document_id == document]
        return [entry.revision for entry in as_of(entries, self.stays, day, known)]

    def ask_all(self, day: date, known: datetime | None = None) -> dict[str, Revision]:
        """Return what was in force on ``day``, by document."""
        return {entry.revision.document_id: entry.revision for entry in as_of(self.recall(), self.stays, day, known)}

    def recall(self) -> list[Entry]:
        """Return all that ever arrived."""
        if not self.arrived:
            self.arrived.extend(self.corpus.arrived())
        return self.arrived


def build_memory(folder: Path) -> Memory:
    return Memory(build_corpus(folder))
