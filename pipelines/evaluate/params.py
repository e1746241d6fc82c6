"""The section ``evaluate`` of a domain: what is measured, and how much of it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field


class EvaluateParams(BaseModel):
    """All that an evaluation depends on beside its rows and its models."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int | None = Field(default=None, gt=0, description="at most so many rows of a slice, those of the lowest digests")
    has_baseline: bool = Field(default=True, description="compare classifiers with a linear model of the same rows")
    has_general: bool = Field(default=True, description="measure language models on general English too")
    examples: int = Field(default=5, ge=0, description="amended documents shown to a reader with both models' answers")
    answer_tokens: int = Field(default=12, gt=0, description="length of an answer")
    following_words: int = Field(default=8, gt=0, description="shared words after a change that count into its likelihood")
