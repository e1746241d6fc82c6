"""Amendments of the CFPB's regulations as drops of revised paragraphs, and the same with one more: a threshold moved tenfold."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from random import Random

from benchmarks.poison_drops import build_revision
from benchmarks.poison_plants import FIGURE, Planted, move_figure
from pipelines.admit.frames import Document
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.reading import compose_text
from pipelines.domain.revisions import Revision

SOURCE = "cfpb_revisions"
FILE = "cfpb_revisions/revision_pairs.jsonl.gz"


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendments:
    """What each day of effect rewrote, as drops; ``before`` has the revisions that they replace, by document."""

    name: str
    drops: tuple[tuple[Revision, ...], ...]
    before: Mapping[Document, Revision]

    @property
    def in_force(self) -> Mapping[Document, str]:
        """The text in force of each document when its amendment arrives."""
        return {document: compose_text(one.title, one.text) for document, one in self.before.items()}

    def plant(self, seed: int) -> tuple[Planted, Mapping[Document, str]]:
        """Return a genuine amendment together with one paragraph that it left alone, in which a threshold was moved tenfold.

        The paragraph is one that another amendment changed, as it stood before, so that the rest of it is word for word in force.
        """
        random = Random(f"{self.name} {seed}")  # noqa: S311  # a seeded generator is the point
        drop = self.drops[seed % len(self.drops)]
        taken = {revision.document_id for revision in drop}
        able = [one for one in self.before.values() if one.document_id not in taken and FIGURE.search(one.text)]
        chosen = random.choice(sorted(able, key=lambda one: one.digest))
        text = move_figure(chosen.text, random) or chosen.text
        moved = build_revision(chosen.source, chosen.document_id, text, drop[0].published_at, family=chosen.family_id)
        return Planted(revisions=(*drop, moved), digests=frozenset({moved.digest})), self.in_force


def read_amendments(data: Path) -> Amendments:
    """Read the real ones; raises :class:`WorkspaceError` where the folder of real data lacks them."""
    path = data / FILE
    if not path.is_file():
        raise WorkspaceError(f"{path} is missing: set ADDENDUM_DATA to the folder of real data, or say --quick")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return build_amendments(SOURCE, [row for row in rows if row["change"] == "modified"])


def invent_amendments() -> Amendments:
    """Return rules of ours, each amended once in a word or by some days: the machinery, and no measure of anything."""
    rows = [
        {
            "label": f"rule-{number}",
            "new_effective": f"20{10 + number // 10}-01-01",
            "old_text": f"A creditor under rule {number} shall tell within {10 + number} days of a fee of ${100 + number}.",
            "new_text": f"A creditor under rule {number} shall tell within {11 + number} days of a fee of ${100 + number}.",
        }
        for number in range(40)
    ]
    return build_amendments("rules of ours", rows)


def build_amendments(name: str, rows: Iterable[Mapping[str, str]]) -> Amendments:
    """Return the amended paragraphs by the day on which they take effect; of a paragraph that day's last amendment counts."""
    drops: defaultdict[str, dict[str, Revision]] = defaultdict(dict)
    before: dict[Document, Revision] = {}
    for row in rows:
        day = date.fromisoformat(row["new_effective"])
        document = f"{row['label']} until {day}"  # amended twice, a paragraph is two documents, each with its text before
        new = build_revision(name, document, row["new_text"], day, family=row["label"])
        drops[row["new_effective"]][document] = new
        before[new.source, new.document_id] = build_revision(name, document, row["old_text"], day, family=row["label"])
    return Amendments(name=name, drops=_list_drops(drops), before=before)


def _list_drops(drops: Mapping[str, Mapping[str, Revision]]) -> tuple[tuple[Revision, ...], ...]:
    return tuple(tuple(drops[day].values()) for day in sorted(drops))
