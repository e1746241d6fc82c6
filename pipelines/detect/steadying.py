"""Reading a list that changes while it is being read.

Pages are windows on a moving list: when a row leaves page 1 after we have read it, the first row of page 2 slides out of sight.
The list's own count tells: a reading is whole when the count stayed the same and as many different rows came as it promised.
Otherwise the list is read again, and what any reading saw is kept.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipelines.detect.fields import Fields
from pipelines.domain.errors import ResponseError

READINGS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """One reading of a list: its rows by id, and whether they are all that it promised."""

    rows: dict[str, Fields]
    is_whole: bool


def read_steadily(source: str, read: Callable[[], Listing]) -> dict[str, Fields]:
    """Return the rows of a whole reading, together with those of the readings before it, which were not whole.

    A row that several readings saw is the last one's. Raises :class:`ResponseError` when the list never stands still.
    """
    seen: dict[str, Fields] = {}
    for _ in range(READINGS):
        listing = read()
        seen.update(listing.rows)
        if listing.is_whole:
            return seen
    raise ResponseError(source, "", "count", f"the list never kept what it promised in {READINGS} readings: look again later")
