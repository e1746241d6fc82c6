"""The time, injected: no stage and no record ever asks the system for it directly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Whatever can tell the time."""

    def now(self) -> datetime:
        """Return the time, in UTC with its zone set."""
        ...


@dataclass(frozen=True, slots=True)
class SystemClock:
    """The machine's own time, in whole microseconds."""

    def now(self) -> datetime:
        """Return the machine's time in UTC."""
        return datetime.now(UTC)


@dataclass(slots=True)
class SetClock:
    """A clock that stands still until it is moved: for rehearsals and tests."""

    time: datetime

    def now(self) -> datetime:
        """Return the time it was set to."""
        return self.time

    def advance(self, by: timedelta) -> None:
        """Move it forward."""
        self.time += by
