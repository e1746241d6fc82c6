"""What a lesson and its learning depend on beside rows and champion: who learns, from how much history, with which seed."""

from __future__ import annotations

from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipelines.learners.catalogue import AnyLearner


class Alarm(BaseModel):
    """More replay where the news are far from history: what is learned fast pushes out the more.

    How far is :class:`~pipelines.lessons.alarms.Shift`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold: float = Field(default=0.06, ge=0, le=1, description="bits beyond chance, of labels or of words")
    share: float = Field(default=0.5, ge=0, lt=1, description="share of the lesson that is history under an alarm")


class ReplayParams(BaseModel):
    """How much of what the champion has seen is shown again, so that the new does not push out the old.

    A fifth to a half serves a classifier; a language model wants less: Ibrahim et al. (2024), https://arxiv.org/abs/2403.08763,
    find 5% enough where the shift is weak and more where it is strong.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: float = Field(default=0.3, ge=0, lt=1, description="share of the lesson that is history")
    minimum: int = Field(default=100, ge=0, description="at least so many rows, as far as there are any")
    alarm: Alarm | None = Field(default=None, description="a larger share where the news have drifted away")


class GeneralParams(BaseModel):
    """General text among what a language model learns, so that a specialist does not forget how to read.

    The text is a file of the workspace, one JSON object a line with a ``text``. Its digest stands here, so that whoever changes
    the file changes the experiment.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    file: str = Field(pattern=r"^[^/~\\][^\\]*$", description="below the folder of params.yaml")
    sha256: str = Field(pattern="^[0-9a-f]{64}$", description="of the file's bytes")
    licence: str = Field(min_length=1, description="of the texts, for whoever asks what was learned from")
    share: float = Field(default=0.05, gt=0, lt=1, description="share of the lesson's bytes")


class LessonParams(BaseModel):
    """All that a training depends on beside its rows and its champion."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    learner: AnyLearner
    seed: int = Field(default=0, ge=0)
    threads: int = Field(default=2, gt=0, description="a part of the result: the last bits of a sum depend on it")
    replay: ReplayParams = ReplayParams()
    general: GeneralParams | None = Field(default=None, description="general text, for a language model")
    is_warm: bool = Field(default=True, description="continue from the champion where the learner can")
    max_share: float | None = Field(default=None, gt=0, le=1, description="of a cycle's news, from one source; none: any")

    @model_validator(mode="after")
    def _general_text_teaches_language_models(self) -> Self:
        if self.general is not None and self.learner.kind != "causal_lm":
            raise ValueError("`general` is for a `causal_lm`: a classifier learns labels, and general text has none")
        return self
