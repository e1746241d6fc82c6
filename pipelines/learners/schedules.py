"""How a network is trained: the parameters that every learner made of one shares, each with its own defaults."""

from __future__ import annotations

import math
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from pipelines.learners.upkeep import Distillation, Interpolation


class Adapter(BaseModel):
    """Low-rank adaptation (LoRA, https://arxiv.org/abs/2106.09685): the update has this rank, and is merged when saved."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    rank: int = Field(default=8, gt=0)
    alpha: float = Field(default=16.0, gt=0, description="the update is scaled by alpha / rank")
    dropout: float = Field(default=0.0, ge=0, lt=1)


class Schedule(BaseModel):
    """AdamW with warm-up and decay, over batches of a token budget.

    A training that continues from a champion may be shorter (``warm_epochs``) and rise to a share of the highest rate only
    (``rewarm``) before it decays again. Re-warming is what lets a model that was annealed learn anew, and its height trades what
    is learned against what is forgotten: Gupta et al. (2023), https://arxiv.org/abs/2308.04014; Ibrahim et al. (2024),
    https://arxiv.org/abs/2403.08763.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    base: str = Field(description="package:NAME, path:FOLDER, hub:NAME@REVISION or scratch:SIZE")
    max_tokens: int = Field(default=256, gt=1, description="longer texts are cut")
    batch_tokens: int = Field(default=4096, gt=0, description="tokens of a batch, padding included")
    micro_tokens: int | None = Field(default=None, gt=0, description="a batch is run in pieces of so many tokens; none: at once")
    epochs: int = Field(default=3, gt=0)
    max_steps: int | None = Field(default=None, gt=0, description="stop here, even in mid-epoch")
    rate: float = Field(default=5e-5, gt=0, description="the highest learning rate")
    rewarm: float = Field(default=1.0, gt=0, le=1, description="share of every rate that a warm start rises to")
    warm_epochs: int | None = Field(default=None, gt=0, description="epochs of a warm start; those of a cold one, without it")
    warmup: float = Field(default=0.1, ge=0, le=1, description="share of the steps over which the rate rises")
    decay: Literal["linear", "cosine"] = "linear"
    weight_decay: float = Field(default=0.01, ge=0)
    clip: float = Field(default=1.0, gt=0, description="highest norm of the gradient")
    dev_rows: int = Field(default=200, ge=0, description="rows on which the dev loss of the curve is measured")
    precision: Literal["auto", "bf16", "fp32"] = Field(default="auto", description="auto: bf16 where the device is fast at it")
    dropout: float | None = Field(default=0.0, ge=0, lt=1, description="while it learns; none: what the base's config says")
    packing: Literal["auto", "on", "off"] = Field(
        default="auto", description="rows end to end instead of padded, where the network's attention allows it"
    )
    compile: Literal["auto", "on", "off"] = Field(default="off", description="torch.compile of the layers; auto: on CUDA")
    stored: Literal["bf16", "fp32"] = Field(default="fp32", description="what weights are stored as")
    adapter: Adapter | None = Field(default=None, description="low-rank updates instead of full fine-tuning")
    distillation: Distillation | None = Field(default=None, description="hold a warm start to its champion's opinion")
    interpolation: Interpolation | None = Field(
        default=None, description="blend a warm start with its champion, as dev finds best"
    )

    def continued(self) -> Self:
        """Return the schedule of a warm start: its highest rate re-warmed, its epochs those of ``warm_epochs``."""
        return self.model_copy(update={"rate": self.rate * self.rewarm, "epochs": self.warm_epochs or self.epochs})

    def rate_at(self, step: int, steps: int) -> float:
        """Return the learning rate of ``step`` (from 1) of ``steps``: up in a line, then down to nothing."""
        rising = math.ceil(self.warmup * steps)
        if step <= rising:
            return self.rate * (step / rising)  # a quotient of 1 keeps the top exact
        done = (step - rising - 1) / max(steps - rising, 1)
        return self.rate * ((1 - done) if self.decay == "linear" else (1 + math.cos(math.pi * done)) / 2)

    def count_steps(self, batches: int) -> int:
        """Return how many steps a training over ``batches`` an epoch has."""
        steps = batches * self.epochs
        return steps if self.max_steps is None else min(steps, self.max_steps)
