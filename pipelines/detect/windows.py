"""The days that a look covers: from where the last one ended, less an overlap for what a source shows late, up to today.

What the overlap brings again is told from news by its digest, so it may be generous.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from pipelines.detect.fields import Fields
from pipelines.domain.drops import Cursor
from pipelines.domain.errors import ResponseError
from pipelines.domain.identities import Json, SourceName


@dataclass(frozen=True, slots=True)
class Window:
    """Days from ``first`` to ``last``, both included."""

    first: date
    last: date

    @classmethod
    def after(cls, seen: date | None, *, start: date, overlap_days: int, today: date) -> Window:
        """Return the window of a look after one that got as far as ``seen``; never before ``start``, never empty."""
        first = start if seen is None else max(start, seen - timedelta(days=overlap_days))
        return cls(first, max(first, today))

    def halve(self) -> tuple[Window, Window] | None:
        """Return two windows that make up this one, or ``None`` where it is a single day."""
        if self.first == self.last:
            return None
        middle = self.first + (self.last - self.first) // 2
        return Window(self.first, middle), Window(middle + timedelta(days=1), self.last)


def read_position(source: SourceName, since: Cursor | None) -> Fields | None:
    """Return a cursor's position as fields; raises :class:`ResponseError` where it is no JSON object."""
    if since is None:
        return None
    try:
        return Fields.read(source, "cursor", json.loads(since.position))
    except ValueError as error:
        raise ResponseError(source, "cursor", "", "is not this source's cursor: start it afresh") from error


def write_position(position: Mapping[str, Json]) -> Cursor:
    """Return the cursor of a position; equal positions give equal cursors."""
    return Cursor(json.dumps(dict(position), sort_keys=True))
