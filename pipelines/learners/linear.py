"""The plainest learner: weighted words and a logistic regression. It needs no pretrained model, and is every other's baseline."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pipelines.learners.protocols import Lesson, Monitor, Step


class Linear(BaseModel):
    """TF-IDF and multinomial logistic regression.

    The problem is convex: where it starts from changes the time that it takes and not where it ends, and it remembers nothing of
    rows that it is not shown. So it never continues from a champion and is always refitted on every row.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["linear"] = "linear"
    has_pairs: bool = Field(default=True, description="neighbouring words are terms too")
    vocabulary: int = Field(default=50_000, gt=0, description="at most so many terms")
    rarest: int = Field(default=1, gt=0, description="a term must be in so many texts")
    strength: float = Field(default=10.0, gt=0, description="inverse of the L2 penalty")
    is_balanced: bool = Field(default=False, description="rare labels weigh more")
    iterations: int = Field(default=300, gt=0)

    @property
    def base(self) -> str:
        """What it grows out of: nothing."""
        return ""

    def can_continue(self, champion: Path) -> bool:  # noqa: ARG002  # as the others have it
        """Return whether a fit may start from the model in ``champion``: never."""
        return False

    def fit(self, lesson: Lesson, output: Path, monitor: Monitor) -> list[Step]:
        """Train and write ``vocabulary.json``, ``weights.safetensors`` and ``model.json``; see :class:`Learner`."""
        from pipelines.learners.linear_fitting import fit_linear

        return fit_linear(self, lesson, output, monitor)
