"""What is expected of rows, of a drop and of a corpus: plain numbers and names, so that a caller need not know the engine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True, kw_only=True)
class RowExpectations:
    """What every single row must be.

    ``labels`` and ``languages`` are not restricted when empty. Lengths are in characters. ``published_ahead_days`` and
    ``effective_ahead_days`` say how far after ``today`` the two dates may lie: nothing is published in the future, but a rule
    is often published long before it takes effect. Rows of a status in ``retiring_statuses`` name a document that is taken
    back; they are never taught, so they may come without title, text or known label. Unless ``allows_orders``, no row may
    address a language model; a figure may differ from the revision in force by less than ``max_shift`` times.
    """

    today: date
    labels: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    min_chars: int = 20
    max_chars: int = 500_000
    earliest: date = date(1700, 1, 1)
    published_ahead_days: int = 0
    effective_ahead_days: int = 3660
    retiring_statuses: tuple[str, ...] = ("withdrawn", "retracted", "erased")
    allows_orders: bool = True
    max_shift: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class VolumeLimits:
    """How many rows a drop may have, against the drops before it.

    The median of the last ``window`` volumes is the measure, so that one huge first look does not set it. Allowed are
    ``lowest`` × median to ``highest`` × median + ``slack`` rows; fewer than ``min_drops`` previous drops say nothing.
    """

    previous: tuple[int, ...] = ()
    lowest: float = 0.01
    highest: float = 10.0
    slack: int = 50
    window: int = 20
    min_drops: int = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelLimits:
    """How far a drop's labels may lean from those of the reference (what is already known of that source).

    Labels are counted once a family: fifty rows of one recall event are one decision, not fifty. A label *dominates* when its
    share exceeds the reference share by more than ``max_shift``, or reaches ``max_share``, and chance alone would do so in
    fewer than ``significance`` of drops.
    """

    reference: Mapping[str, int] = field(default_factory=dict)
    max_shift: float = 0.45
    max_share: float = 0.95
    significance: float = 1e-3
    min_rows: int = 30
    min_reference: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class DropExpectations:
    """What one drop must be as a whole, beside what each of its rows must be.

    ``source`` is who it claims to come from; at most ``max_foreign_share`` of its rows may say otherwise. With
    ``min_rows_for_share`` rows or more, at most ``max_bad_share`` of them may fail a row check (other than the screens, which ask
    for a person): beyond it the drop as such is broken, and the rows that happen to pass are no better.
    """

    rows: RowExpectations
    source: str
    volume: VolumeLimits = field(default_factory=VolumeLimits)
    label_limits: LabelLimits = field(default_factory=LabelLimits)
    max_foreign_share: float = 0.0
    max_bad_share: float = 0.2
    min_rows_for_share: int = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusExpectations:
    """What a corpus must be before it is learned from: each row sound, enough of them, no source or label nearly alone."""

    rows: RowExpectations
    min_rows: int = 1
    max_source_share: float = 1.0
    max_label_share: float = 1.0
