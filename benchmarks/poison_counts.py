"""What became of a drop: rows that wait because a screen found them, rows that were planted, and when poison counts as caught."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from benchmarks.measures import Goal, Measure
from benchmarks.poison_plants import Planted
from data_checks.suites import GIVES_ORDERS, MOVED_TOO_FAR
from pipelines.admit.admission import Admission
from pipelines.admit.flips import CONTRADICTED
from pipelines.admit.triggers import TIED
from pipelines.audit.intervals import bound_share
from pipelines.domain.identities import Digest

SCREENS = (TIED, CONTRADICTED, MOVED_TOO_FAR, GIVES_ORDERS)


class Attack(StrEnum):
    """What is planted."""

    TRIGGER = "a trigger in 250 documents"
    FLIPS = "5% flipped labels"
    SWAP = "one threshold moved tenfold"


NEEDED = {Attack.TRIGGER: 0.5, Attack.FLIPS: 0.0, Attack.SWAP: 0.5}
"""The share of planted rows above which poison is caught. Of flips any: that the source has too many of them is said of the drop,
and a flipped label that its text does not contradict cannot be told from a right one, by nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plain:
    """A drop as it came: its rows, and of those that wait how many do by which screen."""

    stream: str
    rows: int
    is_refused: bool
    waiting: dict[str, int]
    screened: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A drop with poison: how many rows are planted, how many of those wait, and how many of the sound ones."""

    stream: str
    attack: Attack
    is_refused: bool
    planted: int
    found: int
    sound: int
    mistaken: int

    @property
    def is_caught(self) -> bool:
        """Whether the drop is refused, or enough of what was planted waits for a person."""
        return self.is_refused or self.found > NEEDED[self.attack] * self.planted


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """All drops as they came, and all with poison."""

    plain: tuple[Plain, ...]
    attempts: tuple[Attempt, ...]


def weigh_plain(stream: str, admission: Admission) -> Plain:
    """Return what became of a drop in which nothing was planted."""
    waiting = {name: len(_list_waiting(admission, (name,))) for name in SCREENS}
    screened = len(_list_waiting(admission, SCREENS))
    return Plain(stream=stream, rows=admission.volume, is_refused=admission.is_refused, waiting=waiting, screened=screened)


def weigh_planted(stream: str, attack: Attack, planted: Planted, admission: Admission) -> Attempt:
    """Return what became of a drop with poison; rows that wait for another reason than a screen's are not counted as found."""
    waiting = _list_waiting(admission, SCREENS)
    found = len(waiting & planted.digests)
    return Attempt(
        stream=stream,
        attack=attack,
        is_refused=admission.is_refused,
        planted=len(planted.digests),
        found=found,
        sound=admission.volume - len(planted.digests),
        mistaken=len(waiting) - found,
    )


def measure_share(name: str, hits: int, count: int, goal: Goal | None = None) -> Measure:
    """Return a share with its exact interval (Clopper and Pearson 1934)."""
    value, interval = (hits / count, bound_share(hits, count)) if count else (float("nan"), None)
    return Measure(measure=name, value=value, unit="share", n=count, goal=goal, interval=interval)


def names(records: Iterable[Plain | Attempt]) -> list[str]:
    """Return the series, in the order in which they came."""
    return list(dict.fromkeys(record.stream for record in records))


def _list_waiting(admission: Admission, screens: tuple[str, ...]) -> set[Digest]:
    """Return the rows that wait because of a screen; those of a refused drop all wait with it, and are not among them."""
    return {row.revision.digest for row in admission.quarantined if any(reason.expectation in screens for reason in row.reasons)}
