"""Replays of a small synthetic series, as a whole or as numbers alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.currency_arms import QUICK, Arm, Size
from benchmarks.currency_models import Cost
from benchmarks.matrices import Floats, Track
from benchmarks.replays import Replay
from benchmarks.series import SYNTHETIC, Item, Series, build_series, make_drifting_items

SMALL = replace(QUICK[SYNTHETIC], epochs=1, batch_tokens=512, judged_seeds=0)
"""A training that takes a moment, and learns next to nothing."""


def build_item(number: int, **fields: Any) -> Item:
    defaults = {
        "document_id": f"doc-{number:03d}",
        "family": f"family-{number:03d}",
        "published": date(2001, 1, 1),
        "text": f"some words about number {number}",
        "label": "alpha",
    }
    return Item(**{**defaults, **fields})


def build_small_series(years: int = 4, rows: int = 36) -> Series:
    """Drop 0 of two years, and one drop of each year after them."""
    return build_series(SYNTHETIC, make_drifting_items(years, rows), 2, None)


def build_replay(root: Path, *, size: Size = SMALL, seed: int = 0, series: Series | None = None) -> Replay:
    return Replay(series=series or build_small_series(), size=size, seed=seed, threads=1, root=root)


def build_track(ahead: Sequence[float], matrix: Sequence[Sequence[float]] | None = None, tokens: int = 100) -> Track:
    """A track with these scores; each training after the first took ``tokens`` and a hundredth of it in seconds."""
    drops = len(ahead) + 1
    scores: Floats = np.array(matrix, dtype=np.float64) if matrix is not None else np.full((drops, drops), 0.5)
    costs = [Cost(tokens=tokens, padded=tokens, seconds=tokens / 100) for _ in range(drops)]
    return Track(ahead=np.array(ahead, dtype=np.float64), matrix=scores, costs=tuple(costs))


def build_arms(**tracks: Track) -> dict[Arm, Track]:
    """All arms of one seed: those that are not named stand still at one half."""
    still = build_track([0.5, 0.5, 0.5])
    return {
        **dict.fromkeys((arm for arm in Arm if arm is not Arm.JUDGED), still),
        **{Arm(name): one for name, one in tracks.items()},
    }
