"""How many examples a margin takes, so that a holdout too small to decide is called that, and not a failure of the model."""

from __future__ import annotations

import math

from scipy.special import ndtri

POWER = 0.8


def count_for_proportions(discordance: float, margin: float, alpha: float, inflation: float = 1.0) -> int:
    """Return the rows at which an equal model passes a paired test of proportions with a probability of .8.

    n = p_d((z_{1-α} + z_.8)/m)², with p_d the share of rows on which the two differ (Connor 1987, Biometrics 43, 207-211),
    but no fewer than z²(1 - m)/m, below which Tango's bound reaches the margin even with no row to tell them apart. All of it
    times the design effect ``inflation`` of rows that come in families.
    """
    z = -float(ndtri(alpha))
    needed = discordance * ((z + float(ndtri(POWER))) / margin) ** 2
    least = z**2 * (1 - margin) / margin
    return math.ceil(inflation * max(needed, least) - 1e-9)


def count_for_errors(rows: int, error: float, margin: float, alpha: float) -> int:
    """Return the rows at which an equal model passes a test by standard error with a probability of .8.

    The error seen on ``rows`` is carried over by its √n law: n = rows·((z_{1-α} + z_.8)·error/m)². First-order only.
    """
    reach = (-float(ndtri(alpha)) + float(ndtri(POWER))) * error / margin
    return math.ceil(rows * reach**2 - 1e-9)
