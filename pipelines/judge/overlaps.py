"""What the split counted of passages that stand on both sides, as far as a verdict tells of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.files import read_json
from pipelines.workspace import DomainFolder

TAUGHT, ASKED = ("train",), ("dev", "holdout", "anchor")


@dataclass(frozen=True, slots=True, kw_only=True)
class PartOverlap:
    """Of one split: the rows that it has, and those that were left out because they repeat a passage of the other side."""

    rows: int
    contaminated: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Overlaps:
    """Of all splits; ``contaminated`` is ``None`` where nobody looked. The split's report says more than this."""

    parts: Mapping[str, PartOverlap]
    contaminated: int | None = None

    def count(self, names: tuple[str, ...]) -> tuple[int, int]:
        """Return how many rows of the splits called ``names`` were left out, and of how many that would be there."""
        parts = [self.parts[name] for name in names if name in self.parts]
        left_out = sum(part.contaminated for part in parts)
        return left_out, left_out + sum(part.rows for part in parts)


def read_overlaps(folder: DomainFolder) -> Overlaps | None:
    """Return what the split counted, ``None`` where its report is not there: the gate then says so.

    Raises :class:`~pipelines.domain.errors.WorkspaceError` for a report that does not read as one.
    """
    file = folder.splits / "report.json"
    return read_json(file, Overlaps) if file.is_file() else None
