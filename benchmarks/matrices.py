"""What a replay comes to: scores before and after training, the gap that is closed, what is forgotten, and how sure that is.

R[t, i] is the macro-F1 of the model after drop t on the held-out documents of drop i (Lopez-Paz & Ranzato 2017,
https://arxiv.org/abs/1706.08840, whose backward transfer is used here). A prequential score is of the model after drop t on all
documents of drop t + 1, none of which it was trained on yet (Gama et al. 2013, https://doi.org/10.1007/s10994-012-5320-9).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from benchmarks.currency_arms import Arm
from benchmarks.currency_models import Cost, Predictions
from benchmarks.replays import Outcome

Floats = NDArray[np.float64]
RESAMPLES = 1_000
NOT_SCORED = math.nan


@dataclass(frozen=True, slots=True, kw_only=True)
class Track:
    """One arm of one replay in numbers, NaN where a model was not made or not asked.

    ``ahead[t]`` is the prequential score of the model after drop t on drop t + 1 (macro-F1, drops - 1 of them); ``matrix[t, i]``
    is R (drops x drops); ``costs[t]`` is what the training after drop t took.
    """

    ahead: Floats
    matrix: Floats
    costs: tuple[Cost, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate, its 95% interval by bootstrap, and how many numbers it is the mean of."""

    value: float
    lower: float
    upper: float
    n: int


def read_track(outcome: Outcome, arm: Arm) -> Track:
    """Score an arm of a replay."""
    drops = outcome.series.drops
    truths = [{str(one.digest): one.labels[0] for one in drop.revisions} for drop in drops]
    ahead = np.full(len(drops) - 1, NOT_SCORED)
    matrix = np.full((len(drops), len(drops)), NOT_SCORED)
    cells = [cell for cell in outcome.cells if cell.arm is arm]
    for cell in cells:
        found = outcome.predictions[cell.model.key] if cell.model else {}
        for drop, truth in enumerate(truths):
            held = {row: label for row, label in truth.items() if row in outcome.held_out[drop]}
            matrix[cell.drop, drop] = score(held, found, drop)
        if cell.drop + 1 < len(drops):
            ahead[cell.drop] = score(truths[cell.drop + 1], found, cell.drop + 1)
    return Track(ahead=ahead, matrix=matrix, costs=tuple(cell.spent for cell in cells))


def score(truth: Mapping[str, str], found: Predictions, drop: int) -> float:
    """Return the macro-F1 on a drop's rows; NaN where one of them was not predicted, or there is none."""
    predicted = found.get(str(drop), {})
    if not truth or any(row not in predicted for row in truth):
        return NOT_SCORED
    return macro_f1([(label, predicted[row]) for row, label in truth.items()])


def macro_f1(pairs: Sequence[tuple[str, str]]) -> float:
    """Return the mean F1 over all labels that are true or predicted somewhere, of (true, predicted): the product's own metric."""
    truths, predicted = Counter(true for true, _ in pairs), Counter(said for _, said in pairs)
    hits = Counter(true for true, said in pairs if true == said)
    labels = sorted(set(truths) | set(predicted))
    return math.fsum(2 * hits[label] / (truths[label] + predicted[label]) for label in labels) / len(labels)


def close_gap(ours: Floats, frozen: Floats, full: Floats) -> float:
    """Return Σ(ours - frozen) / Σ(full - frozen): 1 is as good as training anew on everything, 0 no better than doing nothing."""
    gap = float((full - frozen).sum())
    return float((ours - frozen).sum()) / gap if gap != 0 else NOT_SCORED


def transfer_backward(matrix: Floats) -> float:
    """Return the mean over i < T of R[T, i] - R[i, i]: below 0, what was known is forgotten."""
    return float(list_transfers(matrix).mean())


def list_transfers(matrix: Floats) -> Floats:
    """Return R[T, i] - R[i, i] for every i < T."""
    return np.asarray(matrix[-1, :-1] - np.diagonal(matrix)[:-1])


def resample(blocks: Sequence[Floats], statistic: Callable[[Sequence[Floats]], float], seed: int = 0) -> Interval:
    """Return ``statistic(blocks)`` with its 95% interval: seeds and years are drawn anew in each block, with replacement.

    A block is of one series (seeds x years x whatever belongs together): a year is drawn whole, with all arms and chosen seeds,
    so that what is paired stays so (Efron & Tibshirani 1993, chapter 8). The same blocks and ``seed`` give the same interval.
    """
    generator = np.random.default_rng(seed)
    drawn = np.array([statistic([_draw(block, generator) for block in blocks]) for _ in range(RESAMPLES)])
    lower, upper = np.nanpercentile(drawn, [2.5, 97.5]) if np.isfinite(drawn).any() else (NOT_SCORED, NOT_SCORED)
    n = sum(block.shape[0] * block.shape[1] for block in blocks)
    return Interval(value=statistic(blocks), lower=float(lower), upper=float(upper), n=n)


def _draw(block: Floats, generator: np.random.Generator) -> Floats:
    seeds = generator.integers(block.shape[0], size=block.shape[0])
    years = generator.integers(block.shape[1], size=block.shape[1])
    return np.asarray(block[seeds][:, years])
