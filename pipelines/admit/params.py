"""What a domain expects of its drops: one section of ``params.yaml``, with defaults that suit most."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator

Share = Annotated[float, Field(ge=0.0, le=1.0)]


class Triggers(BaseModel):
    """When a phrase that came with a drop is taken for a trigger: see :mod:`pipelines.admit.triggers`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    words: int = Field(default=3, ge=1, le=8, description="longest phrase that is looked at")
    least: int = Field(default=20, ge=5, description="families of a drop that a phrase must be in")
    rise: float = Field(default=10.0, gt=1.0, description="so many times its share of the history, at least")
    purity: Share = Field(default=0.9, description="share of those families that have the one label")
    excess: Share = Field(default=0.3, description="how far above what their other words make likely that share lies, at least")
    level: float = Field(default=1e-6, gt=0, lt=1, description="of the test, shared among all phrases that are looked at")


class Flips(BaseModel):
    """When labels contradict their texts more often than is usual for their source: see :mod:`pipelines.admit.flips`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    least: int = Field(default=50, ge=10, description="labelled rows of a source in a drop, from which on it is judged")
    usual: float = Field(default=0.01, gt=0, lt=0.5, description="share of sound rows that may count as contradicting")
    odds: float = Field(default=5.0, gt=1.0, description="how much likelier another label must be than the row's own, at least")
    drift: float = Field(default=1.0, ge=1.0, description="so many times the usual share is still no sign of anything")
    level: float = Field(default=0.05, gt=0, lt=1, description="of the test, a source: false alarms cost reading, and no drop")
    max_share: Share = Field(default=0.3, description="share of contradicting rows beyond which the drop is refused")


class PoisonParams(BaseModel):
    """The screens of labels. They need a history to compare with, and are silent where there is too little of it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    min_history: int = Field(default=1000, ge=100, description="labelled rows in force, from which on drops are screened")
    max_history: int = Field(default=6000, ge=100, description="the newest rows that a drop is compared with")
    triggers: Triggers | None = Triggers()
    flips: Flips | None = Flips()


class AdmitParams(BaseModel):
    """The limits of admission; what they mean exactly stands in :mod:`data_checks.expectations`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    labels: tuple[str, ...] = Field(default=(), description="the classes of the domain; empty: any label is fine")
    languages: tuple[str, ...] = Field(default=("en",), description="ISO 639-1 codes; empty: any language is fine")
    min_certainty: Share = Field(default=0.8, description="below it a language counts as not known, and passes")
    min_chars: int = Field(default=20, ge=0, description="shortest text that is taught")
    max_chars: int = Field(default=500_000, ge=1, description="longest text that is taught")
    published_ahead_days: int = Field(default=0, ge=0, description="how far in the future a publication date may lie")
    effective_ahead_days: int = Field(default=3660, ge=0, description="how far in the future a rule may take effect")
    min_volume: float = Field(default=0.01, ge=0.0, description="fewest rows, as a multiple of the median of the last 20 drops")
    max_volume: float = Field(default=10.0, gt=0.0, description="most rows, as such a multiple, plus `volume_slack`")
    volume_slack: int = Field(default=50, ge=0, description="rows that a drop may always have above that multiple")
    max_bad_share: Share = Field(default=0.2, description="share of failing rows beyond which a drop is refused")
    min_rows_for_share: int = Field(default=10, ge=1, description="smaller drops are never refused for that share")
    max_foreign_share: Share = Field(default=0.0, description="share of rows that may name another source than the drop")
    max_label_shift: Share = Field(default=0.45, description="how much above its usual share a label may lie")
    allows_orders: bool = Field(default=False, description="whether texts may address a language model, or hide characters")
    max_shift: float | None = Field(
        default=10.0, gt=1.0, description="by how many times no figure may differ from the revision in force; none: any"
    )
    max_label_share: Share = Field(default=0.95, description="share at which a label dominates whatever was usual")

    poison: PoisonParams | None = Field(default=PoisonParams(), description="screens of labels; none: labels are believed")

    @model_validator(mode="after")
    def _check_lengths(self) -> AdmitParams:
        if self.min_chars > self.max_chars:
            raise ValueError(f"min_chars ({self.min_chars}) is above max_chars ({self.max_chars})")
        return self
