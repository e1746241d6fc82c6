"""Non-inferiority where it is hardest to tell: candidates that are worse by exactly the margin, and how many of them pass.

Every draw goes through the judge's own contrasts and its own ruling; only the rows are made up here.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from benchmarks.worlds import Ints
from pipelines.judge.comparisons import Resampling, contrast_by_bootstrap
from pipelines.judge.contrasts import Contrast, Pairs, pair_families
from pipelines.judge.metrics import Weighted, value
from pipelines.judge.rulings import PASSED, rule_difference

ALPHA = 0.05
LABELS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """Candidates that lose exactly ``margin``: ``runs`` of them on ``rows``.

    Families have ``size`` rows, and a share ``alike`` of them stands or falls as one.
    """

    runs: int
    rows: int
    margin: float
    discordance: float
    size: int = 1
    alike: float = 0.0
    seed: int = 11


def pass_at_boundary(boundary: Boundary, alpha: float = ALPHA) -> float:
    """Return the share of candidates whose accuracy passes as not worse, though it is, by the margin."""
    return _share(contrast_accuracy(boundary), boundary, alpha)


def pass_without_families(boundary: Boundary, alpha: float = ALPHA) -> float:
    """Return the same with every row taken for independent of all others: what the design effect is there to prevent."""
    contrast = contrast_accuracy(boundary)
    naive = Pairs(gains=contrast.gains, losses=contrast.losses, rows=contrast.rows, effect=np.ones(1))
    return _share(naive, boundary, alpha)


def pass_by_bootstrap(boundary: Boundary, alpha: float = ALPHA) -> float:
    """Return the share of candidates whose macro-F1 passes as not worse, though it is, by the margin."""
    passed = [_share(contrast, boundary, alpha) for contrast in _contrast_macro_f1(boundary, alpha)]
    return float(np.mean(passed))


def contrast_accuracy(boundary: Boundary, batch: int = 2_000) -> Pairs:
    """Draw every candidate's gains and losses, and return the contrast of shape ``(runs,)``."""
    generator = np.random.default_rng(boundary.seed)
    rates = _rates(boundary)
    if boundary.size == 1:
        gains, losses, _ = generator.multinomial(boundary.rows, rates, size=boundary.runs).T.astype(np.float64)
        return Pairs(gains=gains, losses=losses, rows=np.full(boundary.runs, float(boundary.rows)), effect=np.ones(1))
    drawn = []
    for start in range(0, boundary.runs, batch):
        shape = (min(batch, boundary.runs - start), boundary.rows // boundary.size)
        apart = generator.multinomial(boundary.size, rates, size=shape)
        as_one = boundary.size * generator.multinomial(1, rates, size=shape)
        counts = np.where(generator.random(shape)[..., None] < boundary.alike, as_one, apart).astype(np.float64)
        drawn.append(pair_families(counts[..., 0], counts[..., 1], counts.sum(axis=-1)))
    gains, losses, rows, effect = (
        np.concatenate([getattr(one, name) for one in drawn]) for name in ("gains", "losses", "rows", "effect")
    )
    return Pairs(gains=gains, losses=losses, rows=rows, effect=effect)


def _contrast_macro_f1(boundary: Boundary, alpha: float, batch: int = 50) -> list[Contrast]:
    """Draw labels, the same often and mistaken for each other the same often, so that true macro-F1 is true accuracy."""
    generator = np.random.default_rng(boundary.seed)
    contrasts: list[Contrast] = []
    families = boundary.rows // boundary.size
    for start in range(0, boundary.runs, batch):
        shape = (min(batch, boundary.runs - start), boundary.rows)
        labels = generator.integers(LABELS, size=shape)
        cases = np.array([[True, False], [False, True], [True, True], [False, False]])  # candidate right, champion right
        gain, loss, _ = _rates(boundary)
        drawn = generator.choice(4, p=[gain, loss, 0.85 - gain, 0.15 - loss], size=shape)
        shifts = generator.integers(1, LABELS, size=(2, *shape))
        guesses = [np.where(cases[drawn, model], labels, (labels + shifts[model]) % LABELS) for model in (0, 1)]
        mine, theirs = (_weigh(labels, guess, boundary.size) for guess in guesses)
        resampling = Resampling(families=families, effective=families, seed=boundary.seed + start, alpha=alpha)
        contrasts.append(contrast_by_bootstrap("macro_f1", (mine, theirs), resampling))
    return contrasts


def _weigh(labels: Ints, guesses: Ints, size: int) -> Weighted:
    """Return macro-F1 under family weights, from the sums that the judge's metric is made of: hits, predicted, true."""
    true, guessed = (np.eye(LABELS)[codes] for codes in (labels, guesses))
    sums = np.concatenate([true * guessed, guessed, true], axis=-1)
    families = sums.reshape(sums.shape[0], -1, size, 3 * LABELS).sum(axis=2)
    return lambda weights: value("macro_f1", weights @ families)


def _rates(boundary: Boundary) -> tuple[float, float, float]:
    gain, loss = (boundary.discordance - boundary.margin) / 2, (boundary.discordance + boundary.margin) / 2
    return gain, loss, 1 - gain - loss


def _share(contrast: Contrast, boundary: Boundary, alpha: float) -> float:
    return float((rule_difference(contrast, -boundary.margin, alpha) == PASSED).mean())
