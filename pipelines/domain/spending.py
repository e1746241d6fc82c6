"""How α is spent: the level of each look, which the ledger reserves and whoever plans a holdout has to reckon with."""

from __future__ import annotations

import math

from pipelines.domain.errors import LedgerError


def spend(alpha: float, t: int) -> float:
    """Return α_t = 6α/(π²t²), the level at which look number ``t`` (from 1) of a period is judged.

    Since Σ 1/t² = π²/6, the looks of a period spend at most α together, however many they are.
    """
    if not 0 < alpha < 1 or t < 1:
        raise LedgerError(f"α must lie between 0 and 1 and looks count from 1; got α = {alpha}, t = {t}")
    return 6 * alpha / (math.pi**2 * t**2)
