"""Two models on the same rows, reduced to what a decision needs: one comparison, or a whole batch of them at once.

A verdict asks these objects with arrays of shape ``()``, a simulated lifetime with thousands: there is no second copy of a rule.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy.special import ndtri

from pipelines.judge.statistics import (
    Floats,
    Level,
    bound_difference,
    bound_estimate,
    design_effect,
    score_difference,
    tail_normal,
    tail_student,
)

Flags = npt.NDArray[np.bool_]


class Contrast(Protocol):
    """A difference, candidate minus reference, more is better; every answer has the batch's shape."""

    @property
    def estimate(self) -> Floats:
        """The difference that was seen."""
        ...

    @property
    def p_better(self) -> Floats:
        """The p-value of "not better"."""
        ...

    def bound(self, alpha: Level) -> Floats:
        """Return the one-sided lower bound at ``alpha``."""
        ...

    def is_above(self, threshold: float, alpha: Level) -> Flags:
        """Return whether the difference is shown to lie above ``threshold`` at ``alpha``."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Two shares of right rows, by Tango's score test: ``gains`` are right for the first model only, ``losses`` for the second.

    ``effect`` is the design effect of rows that come in families; counts are divided by it before they are tested.
    """

    gains: Floats
    losses: Floats
    rows: Floats
    effect: Floats

    @property
    def estimate(self) -> Floats:
        """The difference of the two shares."""
        difference: Floats = (self.gains - self.losses) / self.rows
        return difference

    @property
    def discordance(self) -> Floats:
        """The share of rows that only one of the two gets right."""
        share: Floats = (self.gains + self.losses) / self.rows
        return share

    @property
    def p_better(self) -> Floats:
        """McNemar's test, one-sided."""
        return tail_normal(self._score(0.0))

    def bound(self, alpha: Level) -> Floats:
        """Return Tango's lower bound."""
        return bound_difference(self.gains / self.effect, self.losses / self.effect, self.rows / self.effect, alpha)

    def is_above(self, threshold: float, alpha: Level) -> Flags:
        """Return whether Tango's bound lies above; asked of the score itself, whose root the bound is."""
        above: Flags = self._score(max(threshold, -1.0)) > -ndtri(alpha)
        return above

    def _score(self, threshold: float) -> Floats:
        return score_difference(self.gains / self.effect, self.losses / self.effect, self.rows / self.effect, threshold)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates:
    """A difference with its standard error, by Student's t on ``families`` - 1 degrees of freedom, as many as are effective."""

    estimate: Floats
    error: Floats
    families: int

    @property
    def p_better(self) -> Floats:
        """The tail of estimate over error; where the error is 0 there is either no doubt or no gain."""
        is_certain = self.error <= 0
        ratio = self.estimate / np.where(is_certain, 1.0, self.error)
        p_values: Floats = np.where(is_certain, self.estimate <= 0, tail_student(ratio, self.families))
        return p_values

    def bound(self, alpha: Level) -> Floats:
        """Return the estimate less t standard errors."""
        return bound_estimate(self.estimate, self.error, self.families, alpha)

    def is_above(self, threshold: float, alpha: Level) -> Flags:
        """Return whether the bound lies above."""
        above: Flags = self.bound(alpha) > threshold
        return above


def pair_families(gains: Floats, losses: Floats, sizes: Floats) -> Pairs:
    """Return the contrast of families, on the last axis: each one's rows gained, rows lost, and rows in all.

    A row's difference is 1, -1 or 0, so a family's total is gains - losses and its sum of squares gains + losses.
    """
    return Pairs(
        gains=gains.sum(axis=-1),
        losses=losses.sum(axis=-1),
        rows=sizes.sum(axis=-1),
        effect=design_effect(gains - losses, sizes, gains + losses),
    )
