"""What a retraining can be expected to gain: what the champion loses on news, and how much of that the past has won back.

Plain functions of counts, so that whoever has the ledger can compute every figure again.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np

CONFIDENCE = 0.9
"""Of every interval here, two-sided: either end is passed with 5%."""
Z = NormalDist().inv_cdf((1 + CONFIDENCE) / 2)
PRIOR_SHARE, PRIOR_SPREAD = 0.5, 0.25
"""What is believed of the recoverable share before any retraining was seen: about half, and anything from none to all."""
BETWEEN_SPREAD = 0.15
"""How much the share differs from one retraining to the next, however well the past is known: no two drops are alike."""
DRAWS = 2_000
SEED = 20130


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate between two ends, at :data:`CONFIDENCE`."""

    value: float
    low: float
    high: float

    def scale(self, factor: float) -> Interval:
        """Return it in other units; ``factor`` is not negative."""
        return Interval(value=self.value * factor, low=self.low * factor, high=self.high * factor)

    def raise_to(self, floor: float) -> Interval:
        """Return it with nothing below ``floor``."""
        return Interval(value=max(self.value, floor), low=max(self.low, floor), high=max(self.high, floor))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """How many of how many independent rows are right."""

    rows: int
    right: int

    @property
    def share(self) -> float:
        """The share that is right."""
        return self.right / self.rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Bits:
    """Losses of texts: nats and UTF-8 bytes of each, a family a text."""

    nats: tuple[float, ...]
    sizes: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """One retraining of the past: what the champion lost on the news then, and what the candidate gained on fresh rows.

    ``error`` is the standard error of ``gain`` less ``share x deficit`` for a share of one half.
    """

    deficit: float
    gain: float
    error: float


def bound_tally(tally: Tally) -> tuple[float, float]:
    """Return the score interval of a share: Wilson (1927), JASA 22, 209-212."""
    n, share = tally.rows, tally.share
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def contrast_tallies(known: Tally, news: Tally) -> Interval:
    """Return ``known`` less ``news`` as shares: Newcombe (1998), Statistics in Medicine 17, 873-890, method 10."""
    (low, high), (news_low, news_high) = bound_tally(known), bound_tally(news)
    value = known.share - news.share
    below = math.hypot(known.share - low, news_high - news.share)
    above = math.hypot(high - known.share, news.share - news_low)
    return Interval(value=value, low=value - below, high=value + above)


def contrast_bits(known: Bits, news: Bits) -> Interval:
    """Return bits per byte of ``news`` less those of ``known``, a positive difference where the news are harder.

    Percentile bootstrap by family (Efron and Tibshirani 1993, An Introduction to the Bootstrap, §13.3).
    """
    generator = np.random.default_rng(SEED)
    drawn = _resample(news, generator) - _resample(known, generator)
    low, high = np.quantile(drawn, [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2])
    value = measure_bits(news) - measure_bits(known)
    return Interval(value=value, low=min(float(low), value), high=max(float(high), value))


def measure_bits(bits: Bits) -> float:
    """Return bits per byte over all texts together."""
    return math.fsum(bits.nats) / math.log(2) / max(sum(bits.sizes), 1)


def learn_share(past: Sequence[Recovery]) -> Interval:
    """Return the share of a deficit that the next retraining wins back: a wide prior, and the past as a line through zero.

    ``gain = share x deficit + noise``; the posterior of a conjugate normal model with known noise (Gelman et al., Bayesian Data
    Analysis, 3rd ed., §2.5), widened by :data:`BETWEEN_SPREAD` since it is the next one's share that is asked for. Cut to [0, 1].
    """
    precision, weighted = PRIOR_SPREAD**-2, PRIOR_SHARE * PRIOR_SPREAD**-2
    for one in past:
        noise = one.error**2 + (BETWEEN_SPREAD * one.deficit) ** 2
        if noise:
            precision += one.deficit**2 / noise
            weighted += one.deficit * one.gain / noise
    value, half = weighted / precision, Z * math.sqrt(1 / precision + BETWEEN_SPREAD**2)
    value, low, high = (min(max(bound, 0.0), 1.0) for bound in (value, value - half, value + half))
    return Interval(value=value, low=low, high=high)


def multiply(deficit: Interval, share: Interval) -> Interval:
    """Return the gain, deficit times share, each end from the ends of both on its side.

    Goodman (1960), JASA 55, 708-713, gives the variance of a product of two independent estimates; as in Newcombe's interval each
    side's own distance stands for the spread. A retraining that loses is not promoted, so there is no gain below zero.
    """
    value = deficit.value * share.value
    below = _spread(deficit, share, deficit.value - deficit.low, share.value - share.low)
    above = _spread(deficit, share, deficit.high - deficit.value, share.high - share.value)
    return Interval(value=value, low=value - below, high=value + above).raise_to(0.0)


def _spread(deficit: Interval, share: Interval, of_deficit: float, of_share: float) -> float:
    return math.sqrt((share.value * of_deficit) ** 2 + (deficit.value * of_share) ** 2 + (of_deficit * of_share) ** 2)


def _resample(bits: Bits, generator: np.random.Generator) -> np.ndarray:
    nats, sizes = np.asarray(bits.nats), np.asarray(bits.sizes, dtype=np.float64)
    drawn = generator.integers(0, len(nats), size=(DRAWS, len(nats)))
    sums: np.ndarray = nats[drawn].sum(axis=1) / math.log(2) / np.maximum(sizes[drawn].sum(axis=1), 1)
    return sums
