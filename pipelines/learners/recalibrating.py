"""How a classifier's confidence is put right after training: one number, found on dev, which changes no prediction."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer

from pipelines.learners.classifier import Classifier
from pipelines.learners.classifier_networks import ClassifierNetwork
from pipelines.learners.classifier_predicting import read_scores
from pipelines.learners.labels import normalise_scores
from pipelines.learners.protocols import Lesson
from pipelines.learners.tokenizers import tokenise

COLDEST, HOTTEST = 0.1, 10.0
"""Where the search ends: a dev set without one mistake would ask for a temperature of nothing."""

_HALVINGS = 50


def recalibrate(
    params: Classifier, network: ClassifierNetwork, tokenizer: Tokenizer, lesson: Lesson, device: torch.device
) -> float:
    """Return the temperature that suits the lesson's dev rows; 1, which changes nothing, where none is asked for or too few."""
    wanted = params.recalibration
    dev = [row for row in lesson.dev if row.label in lesson.labels][: wanted.rows] if wanted else []
    if wanted is None or len(dev) < wanted.minimum:
        return 1.0
    rows = [tokens.ids or (0,) for tokens in tokenise(tokenizer, [row.text for row in dev], params.max_tokens)]
    scores = read_scores(network, rows, device, params.precision)
    return fit_temperature(scores.double().numpy(), [lesson.labels.index(row.label) for row in dev])


def fit_temperature(scores: NDArray[np.float64], truths: Sequence[int]) -> float:
    """Return the temperature T whose softmax(scores / T) gives ``truths`` (a column a row) the smallest mean loss.

    The loss is convex in 1/T and its slope, the mean of E[score] - score of the truth (Guo et al. 2017,
    https://arxiv.org/abs/1706.04599, and calculus), rises in it: so halving finds the one place where it is nothing.
    """
    rows, columns = np.arange(len(truths)), np.asarray(truths)
    coldness = [1 / HOTTEST, 1 / COLDEST]
    for _ in range(_HALVINGS):
        middle = float(np.sqrt(coldness[0] * coldness[1]))
        expected = (normalise_scores(scores * middle) * scores).sum(axis=1)
        slope = float((expected - scores[rows, columns]).mean())
        coldness = [coldness[0], middle] if slope > 0 else [middle, coldness[1]]
    return float(1 / np.sqrt(coldness[0] * coldness[1]))


def measure_loss(scores: NDArray[np.float64], truths: Sequence[int], temperature: float) -> float:
    """Return the mean loss (nats) of ``truths`` under softmax(scores / temperature)."""
    chances = normalise_scores(scores / temperature)[np.arange(len(truths)), np.asarray(truths)]
    return float(-np.log(np.maximum(chances, np.finfo(np.float64).tiny)).mean())
