"""The reports of the stages, as far as a dossier tells of them. A later stage may write more, an older one less."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """Of the snapshot: entries by status and by source."""

    entries: int
    by_status: Mapping[str, int]
    by_source: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Curation:
    """Of curation: how many rows came, stayed, were changed and left, and why."""

    received: int
    kept: int
    kept_by_source: Mapping[str, int] = field(default_factory=dict)
    dropped_by_reason: Mapping[str, int] = field(default_factory=dict)
    changed_by_reason: Mapping[str, int] = field(default_factory=dict)
    clusters: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Of one split: rows and families, and rows left out because they resemble a row, or repeat a passage, of another split."""

    rows: int
    families: int
    by_source: Mapping[str, int] = field(default_factory=dict)
    by_label: Mapping[str, int] = field(default_factory=dict)
    bridging: int = 0
    contaminated: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Splits:
    """Of the split: its parts by name, and the pairs that ask for amended rules."""

    parts: Mapping[str, Part]
    pairs: int = 0
    superseded: int = 0
    contaminated: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """Of the training: what was taught, and where the loss ended (nats)."""

    learner: str
    is_warm: bool
    news: int
    replayed: int
    steps: int
    tokens: int
    loss: float
    dev: int = 0
    history: int = 0
    skipped: int = 0
    dev_loss: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """One step of a training: its loss in nats, and the loss on dev where it was measured."""

    step: int
    loss: float
    dev_loss: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Rows of one model with about the same confidence: how confident it was on average, and what share was right."""

    role: str
    lower: float
    upper: float
    rows: int
    confidence: float
    right: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceScore:
    """Candidate and champion on one subgroup, in the metric's own unit; ``champion`` is ``None`` where there is none."""

    kind: str
    name: str
    rows: int
    metric: str
    candidate: float | None
    champion: float | None


def read_point(row: Mapping[str, str]) -> CurvePoint:
    """Read a line of ``curve.csv``."""
    return CurvePoint(step=int(row["step"]), loss=float(row["loss"]), dev_loss=_read_number(row.get("dev_loss") or ""))


def read_bin(row: Mapping[str, str]) -> Bin:
    """Read a line of ``reliability.csv``."""
    return Bin(
        role=row["role"],
        lower=float(row["lower"]),
        upper=float(row["upper"]),
        rows=int(row["rows"]),
        confidence=float(row["mean_confidence"]),
        right=float(row["share_right"]),
    )


def read_slice(row: Mapping[str, str]) -> SliceScore:
    """Read a line of ``slices.csv``."""
    return SliceScore(
        kind=row["kind"],
        name=row["name"],
        rows=int(row["rows"]),
        metric=row["metric"],
        candidate=_read_number(row["candidate"]),
        champion=_read_number(row["champion"]),
    )


def _read_number(text: str) -> float | None:
    return float(text) if text else None
