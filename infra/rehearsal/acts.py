"""The five acts of a rehearsal, the day on which each is played, and how many documents each brings."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from random import Random
from typing import Self


class Act(StrEnum):
    """What happens in the world, in playing order."""

    BACKLOG = "backlog"
    AMENDMENT = "amendment"
    NOTHING = "nothing"
    CRUDE_POISON = "crude_poison"
    SUBTLE_POISON = "subtle_poison"


_DAYS = {
    Act.BACKLOG: date(2026, 3, 2),
    Act.AMENDMENT: date(2026, 4, 6),
    Act.NOTHING: date(2026, 4, 7),
    Act.CRUDE_POISON: date(2026, 4, 13),
    Act.SUBTLE_POISON: date(2026, 4, 20),
}
BACKLOG_START = date(2024, 1, 2)
_HOUR = 14


def time_of(act: Act) -> datetime:
    """Return the moment (UTC) at which ``act`` is looked at."""
    day = _DAYS[act]
    return datetime(day.year, day.month, day.day, _HOUR, tzinfo=UTC)


def window_of(act: Act) -> tuple[date, date]:
    """Return the first and the last day on which the documents of ``act`` are dated, both inclusive."""
    acts = list(Act)
    place = acts.index(act)
    last = _DAYS[act] - timedelta(days=1)
    if place == 0:
        return BACKLOG_START, last
    return min(last, _DAYS[acts[place - 1]] + timedelta(days=1)), last


def pick_day(act: Act, random: Random) -> date:
    """Return a day within the window of ``act``."""
    first, last = window_of(act)
    return first + timedelta(days=random.randrange((last - first).days + 1))


def spread_days(act: Act, count: int, random: Random) -> list[date]:
    """Return ``count`` sorted days within the window of ``act``."""
    return sorted(pick_day(act, random) for _ in range(count))


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSize:
    """How many documents of each kind there are. Recalls are counted in events; one event has one to three numbers."""

    recalls: int = 180
    trials: int = 150
    papers: int = 150
    sections: int = 24
    notices: int = 48
    dockets: int = 30
    amended_sections: int = 18
    amending_rules: int = 12
    amending_dockets: int = 8
    revised_trials: int = 10
    reclassified_recalls: int = 16
    new_recalls: int = 60
    new_trials: int = 30
    new_papers: int = 30
    crude_recalls: int = 90
    subtle_recalls: int = 240

    @classmethod
    def demo(cls) -> Self:
        """Return the size that ``make demo`` plays."""
        return cls()

    @classmethod
    def tiny(cls) -> Self:
        """Return about a sixth of the demo, for tests; each act still brings every kind of thing."""
        return cls(
            recalls=25,
            trials=25,
            papers=25,
            sections=6,
            notices=10,
            dockets=8,
            amended_sections=2,
            amending_rules=3,
            amending_dockets=2,
            revised_trials=3,
            reclassified_recalls=2,
            new_recalls=8,
            new_trials=6,
            new_papers=6,
            crude_recalls=15,
            subtle_recalls=40,
        )
