"""What the checks found, in words that are safe to store and show: measures and names of expectations, never a cell's content."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFailure:
    """One row that does not meet one expectation. ``observed`` describes it ("length 3"); it never quotes it."""

    row_id: str
    expectation: str
    observed: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DropFailure:
    """Something wrong with the batch as a whole: what was seen, and what would have been allowed."""

    expectation: str
    observed: str
    limit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How one expectation went: over how many rows it was asked, and how many failed it."""

    expectation: str
    checked: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Findings:
    """Everything that one validation found. Row failures stand in the frame's order, then the suite's."""

    rows: int
    row_failures: tuple[RowFailure, ...] = ()
    drop_failures: tuple[DropFailure, ...] = ()
    tallies: tuple[Tally, ...] = ()

    @property
    def is_refused(self) -> bool:
        """Whether the batch is wrong as a whole."""
        return bool(self.drop_failures)

    @property
    def failed_rows(self) -> int:
        """How many rows fail at least one expectation."""
        return len({failure.row_id for failure in self.row_failures})

    def group_by_row(self) -> Mapping[str, tuple[RowFailure, ...]]:
        """Return the failures of each row that has any."""
        grouped: defaultdict[str, list[RowFailure]] = defaultdict(list)
        for failure in self.row_failures:
            grouped[failure.row_id].append(failure)
        return {row_id: tuple(failures) for row_id, failures in grouped.items()}
