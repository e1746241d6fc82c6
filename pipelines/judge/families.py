"""Rows as sums over families, the unit that repeats independently, and how many families these really are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


def sum_each_family(values: Floats, family: Codes) -> Floats:
    """Return sums of shape ``(..., families)`` of values ``(..., rows)``, over the families that have any row."""
    order = np.argsort(family, kind="stable")
    starts = np.flatnonzero(np.diff(family[order], prepend=family[order][0] - 1))
    sums: Floats = np.add.reduceat(values[..., order], starts, axis=-1)
    return sums


def count_effective(weights: Floats) -> int:
    """Return how many families of one size tell as much as these: (Σw)²/Σw², rounded down (Kish 1965, Survey Sampling, §11.7).

    At least 2. A few families that hold most of the rows are few, however many small ones come with them.
    """
    return max(int(weights.sum() ** 2 / (weights**2).sum() + 1e-9), 2)
