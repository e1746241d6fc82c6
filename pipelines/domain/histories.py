"""The corpus as of two times: what was in force on a day, as it was known on another.

Valid time is the source's affair and stands in the revisions; known time is ours, and is when a drop landed and when somebody
took it out again. Neither ever overwrites the other, so every earlier answer can be given again (Snodgrass, *Developing
Time-Oriented Database Applications in SQL*, 1999, chapter 10).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from pipelines.domain.revisions import Entry
from pipelines.domain.validity import find_in_force


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """When a drop landed (UTC), and when it was taken out of the corpus's present, if it was."""

    landed: datetime
    withdrawn: datetime | None = None

    def covers(self, known_time: datetime | None) -> bool:
        """Tell whether the drop was there at ``known_time``; ``None`` is after all that has happened."""
        if known_time is None:
            return self.withdrawn is None
        return self.landed <= known_time and (self.withdrawn is None or known_time < self.withdrawn)


def select_known(entries: Iterable[Entry], stays: Mapping[str, Stay], known_time: datetime | None = None) -> list[Entry]:
    """Return the entries whose drop was there at ``known_time`` (``None``: now), in their order.

    ``stays`` are those of the drops by id; an entry of a drop that is not among them was never known.
    """
    return [entry for entry in entries if entry.drop_id in stays and stays[entry.drop_id].covers(known_time)]


def as_of(
    entries: Iterable[Entry], stays: Mapping[str, Stay], valid_time: date, known_time: datetime | None = None
) -> list[Entry]:
    """Return what was in force on ``valid_time``, as it was known at ``known_time`` (UTC; ``None``: now): at most one a document.

    ``entries`` are all that ever arrived, those of withdrawn drops included, with statuses as received. What is learned after
    ``known_time`` changes nothing in the answer. :func:`~pipelines.domain.validity.find_in_force` has the rules of valid time,
    and the order.
    """
    return find_in_force(select_known(entries, stays, known_time), valid_time)
