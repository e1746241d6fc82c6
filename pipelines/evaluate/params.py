"""The section ``evaluate`` of a domain: what is measured, and how much of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints


def _check(pattern: str) -> str:
    from pipelines.evaluate.subgroups import check_pattern

    check_pattern(pattern)
    return pattern


SubgroupName: TypeAlias = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Pattern: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=1_000), AfterValidator(_check)]


class EvaluateParams(BaseModel):
    """All that an evaluation depends on beside its rows and its models."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rows: int | None = Field(default=None, gt=0, description="at most so many rows of a slice, those of the lowest digests")
    has_baseline: bool = Field(default=True, description="compare classifiers with a linear model of the same rows")
    has_general: bool = Field(default=True, description="measure language models on general English too")
    examples: int = Field(default=5, ge=0, description="amended documents shown to a reader with both models' answers")
    answer_tokens: int = Field(default=12, gt=0, description="length of an answer")
    following_words: int = Field(default=8, gt=0, description="shared words after a change that count into its likelihood")
    subgroups: Mapping[SubgroupName, Pattern] = Field(
        default={}, description="regular expressions on the text, by the name of the subgroup that they tell"
    )
