"""What ``split:`` may say in ``params.yaml``. Another key or other shares move families: they are set once, for ever."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pipelines.keys import Key


class Shares(BaseModel):
    """The share of all families that each split gets; together one."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    train: float = Field(default=0.7, gt=0, le=1)
    dev: float = Field(default=0.1, ge=0, lt=1)
    holdout: float = Field(default=0.1, ge=0, lt=1)
    anchor: float = Field(default=0.1, ge=0, lt=1)

    @model_validator(mode="after")
    def _add_up(self) -> Self:
        total = self.train + self.dev + self.holdout + self.anchor
        if not math.isclose(total, 1.0, abs_tol=1e-9):
            raise ValueError(f"train, dev, holdout and anchor must add up to 1, not {total:g}")
        return self


class Decontamination(BaseModel):
    """Passages that stand both in what is taught and in what is asked: see :mod:`pipelines.split.contamination`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: int = Field(default=13, ge=3, description="length of a run that counts as copied")
    runs: int = Field(default=1, ge=1, description="so many different runs make a row a repetition")
    common: int = Field(default=10, ge=2, description="a run in more families than this is boilerplate, and nobody's copy")
    max_share: float = Field(default=0.1, ge=0, le=1, description="share of taught or of asked rows beyond which the run stops")


class SplitParams(BaseModel):
    """The key of the family hash, the shares, whose amended documents become currency pairs, and what may not be repeated."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: Key = Field(repr=False, description="keys the hash of families; another domain's key gives an unrelated split")
    shares: Shares = Shares()
    currency_from: tuple[Literal["train", "dev", "holdout", "anchor"], ...] = ("train",)
    decontamination: Decontamination | None = Field(
        default=None, description="leave out what repeats a passage of the other side; none: only near-duplicates are left out"
    )
