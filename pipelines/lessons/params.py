"""What a lesson and its learning depend on beside rows and champion: who learns, from how much history, with which seed."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from pipelines.learners.catalogue import AnyLearner


class ReplayParams(BaseModel):
    """How much of what the champion has seen is shown again, so that the new does not push out the old."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    share: float = Field(default=0.3, ge=0, lt=1, description="share of the lesson that is history")
    minimum: int = Field(default=100, ge=0, description="at least so many rows, as far as there are any")


class LessonParams(BaseModel):
    """All that a training depends on beside its rows and its champion."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    learner: AnyLearner
    seed: int = Field(default=0, ge=0)
    threads: int = Field(default=2, gt=0, description="a part of the result: the last bits of a sum depend on it")
    replay: ReplayParams = ReplayParams()
    is_warm: bool = Field(default=True, description="continue from the champion where the learner can")
