"""From a model folder to something that can be asked, whatever learner wrote it."""

from __future__ import annotations

from pathlib import Path

from pipelines.learners.cards import read_card
from pipelines.learners.protocols import Predictor


def load_predictor(folder: Path, threads: int) -> Predictor:
    """Read the model in ``folder``, to run on ``threads`` threads; raises :class:`WorkspaceError` when there is none."""
    card = read_card(folder)
    if card.kind == "classifier":
        from pipelines.learners.classifier_predicting import ClassifierPredictor

        return ClassifierPredictor.load(folder, threads)
    if card.kind == "causal_lm":
        from pipelines.learners.causal_lm_predicting import CausalLmPredictor

        return CausalLmPredictor.load(folder, threads)
    from pipelines.learners.linear_predicting import LinearPredictor

    return LinearPredictor.load(folder)
