"""What keeps a model current without pushing out what it knew, beside its schedule: each part a parameter, off by default."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator


class Distillation(BaseModel):
    """The candidate is held to the champion's opinion while it learns: KL(champion || candidate) is added to the loss.

    Learning without forgetting: Li & Hoiem (2016), https://arxiv.org/abs/1606.09282; both distributions softened by a
    temperature T and the term scaled by T², so that its gradients keep their size: Hinton et al. (2015),
    https://arxiv.org/abs/1503.02531. Each step costs one more pass forward over the rows it is asked on.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    weight: float = Field(default=0.5, gt=0, description="of the divergence, beside the loss itself")
    temperature: float = Field(default=2.0, gt=0, description="above 1 both opinions are softened")
    rows: Literal["replayed", "all"] = Field(default="replayed", description="on history and general text alone, or on news too")


class Interpolation(BaseModel):
    """The weights that are kept lie between the champion's and the newly learned ones, where the loss on dev is least.

    WiSE-FT: Wortsman et al. (2022), https://arxiv.org/abs/2109.01903.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    shares: tuple[float, ...] = Field(
        default=(0.25, 0.5, 0.75, 1.0),
        min_length=1,
        description="of the new weights; each is tried on dev, of equals the largest",
    )

    @model_validator(mode="after")
    def _shares_lie_between_old_and_new(self) -> Self:
        if not all(0 <= share <= 1 for share in self.shares):
            raise ValueError("`shares` lie between 0 (the champion) and 1 (what was newly learned)")
        return self


class Recalibration(BaseModel):
    """One temperature divides all scores, so that a confidence of .8 is right in 8 of 10: fitted on dev, ranking unchanged.

    Temperature scaling: Guo et al. (2017), https://arxiv.org/abs/1706.04599.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    minimum: int = Field(default=100, gt=0, description="with fewer labelled rows of dev nothing is fitted")
    rows: int = Field(default=2_000, gt=0, description="at most so many, those of the lowest digests")
