"""What others do at a retraining, beside what the gate does, on one holdout that is looked at again and again.

All models are truly equal and made alike: each differs from the same unseen one on rows of its own, the champion too. So every
promotion is a false one, and the question is how likely a lifetime is to see any.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.stats import binom

from benchmarks.worlds import Ints
from pipelines.domain.spending import spend
from pipelines.judge.contrasts import Flags, Pairs
from pipelines.judge.statistics import Floats

ALPHA = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Contest:
    """Equal models, two of which differ on ``discordance`` of the rows."""

    lifetimes: int
    cycles: int = 300
    rows: int = 2_000
    accuracy: float = 0.85
    discordance: float = 0.10
    seed: int = 5


Policy = Callable[[Pairs, int], Flags]


def score_went_up(pairs: Pairs, _t: int) -> Flags:
    """Promote whatever scores higher."""
    return np.asarray(pairs.estimate > 0)


def climb_ladder(pairs: Pairs, _t: int) -> Flags:
    """Promote what scores higher by one standard error of the paired difference: Blum and Hardt (2015), parameter-free Ladder."""
    deviation = np.sqrt(np.maximum(pairs.discordance - pairs.estimate**2, 0))
    return np.asarray(pairs.estimate > deviation / np.sqrt(pairs.rows))


def decide_anew(pairs: Pairs, _t: int) -> Flags:
    """Promote what McNemar's mid-p test finds better at .05, as if every look were the first."""
    gains, total = pairs.gains, pairs.gains + pairs.losses
    p_values: Floats = binom.sf(gains, total, 0.5) + binom.pmf(gains, total, 0.5) / 2
    return np.asarray(p_values <= ALPHA)


def spend_alpha(pairs: Pairs, t: int) -> Flags:
    """Promote what the judge's own test finds better at the level of the look."""
    return np.asarray(pairs.p_better <= spend(ALPHA, t))


POLICIES: Mapping[str, Policy] = {
    "the score went up": score_went_up,
    "Ladder, parameter-free": climb_ladder,
    "McNemar mid-p at .05 each time": decide_anew,
    "spending α_t = 6α/(π²t²)": spend_alpha,
}


def count_false(contest: Contest) -> Mapping[str, Floats]:
    """Return for each policy the share of lifetimes with a false promotion so far, of shape ``(cycles,)``."""
    generator = np.random.default_rng(contest.seed)
    rates = _find_rates(contest)
    sizes, right = _draw_champion(contest, rates, generator)
    seen = {name: np.zeros((contest.cycles, contest.lifetimes), dtype=np.bool_) for name in POLICIES}
    for cycle in range(contest.cycles):
        pairs = _draw_candidate(sizes, right, rates, generator)
        for name, policy in POLICIES.items():
            seen[name][cycle] = policy(pairs, cycle + 1)
    return {name: np.logical_or.accumulate(one, axis=0).mean(axis=1) for name, one in seen.items()}


def _find_rates(contest: Contest) -> Floats:
    """Return how likely a model is right where the unseen one is wrong, and where it is right, for two to differ so often."""
    right, wrong = contest.accuracy, 1 - contest.accuracy
    moved = brentq(lambda h: 2 * h * (2 - h / right - h / wrong) - contest.discordance, 0, wrong / 2)
    return np.array([moved / wrong, 1 - moved / right])


def _draw_champion(contest: Contest, rates: Floats, generator: np.random.Generator) -> tuple[Ints, Ints]:
    hits = generator.binomial(contest.rows, contest.accuracy, size=contest.lifetimes)
    sizes = np.stack([contest.rows - hits, hits], axis=-1)
    return sizes, generator.binomial(sizes, rates)


def _draw_candidate(sizes: Ints, right: Ints, rates: Floats, generator: np.random.Generator) -> Pairs:
    """Every model is right on a row of either kind at the same rate, whatever the champion is."""
    gains = generator.binomial(sizes - right, rates).sum(axis=-1).astype(np.float64)
    losses = generator.binomial(right, 1 - rates).sum(axis=-1).astype(np.float64)
    return Pairs(gains=gains, losses=losses, rows=sizes.sum(axis=-1).astype(np.float64), effect=np.ones(1))
