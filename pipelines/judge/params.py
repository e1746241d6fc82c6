"""The gates of a domain and their margins. All of it is hashed into the plan before training, so nothing can be tuned after.

Values and margins are in the metric's own unit, oriented so that more is better: accuracy, macro-F1 and currency are
proportions (``0.01`` is one point); bits per byte and log loss count negatively (a floor of ``-1.2`` is at most 1.2 bits a byte).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, Union

from pydantic import BaseModel, ConfigDict, Field

from pipelines.domain.models import Role
from pipelines.domain.scorecards import Slice
from pipelines.judge.audit_params import Extraction, Latency, Membership, Memorisation, PhiLeak, Robustness
from pipelines.judge.screen_params import Calibration, Contamination, Files, HarmScreen, Size

if TYPE_CHECKING:
    from pipelines.domain.verdicts import Finding
    from pipelines.judge.evidence import Evidence

MetricName: TypeAlias = Literal["accuracy", "macro_f1", "bits_per_byte", "log_loss", "currency", "auroc"]
Alternative: TypeAlias = Literal["superiority", "freshness", "currency"]


class Floor(BaseModel):
    """An absolute minimum: the candidate's lower bound must reach it, whatever any other model does."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["floor"] = "floor"
    metric: MetricName = "accuracy"
    slice: Slice = Slice.HOLDOUT
    minimum: float = 0.5
    is_blocking: bool = True

    def find(self, evidence: Evidence) -> Finding:
        """Return what the evidence says about this gate."""
        from pipelines.judge.floors import find_floor

        return find_floor(self, evidence)


class NonInferiority(BaseModel):
    """Not worse than a model by ``margin`` or more, shown by a one-sided bound at the look's α."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["non_inferiority"] = "non_inferiority"
    metric: MetricName = "accuracy"
    slice: Slice = Slice.HOLDOUT
    against: Literal[Role.CHAMPION, Role.ANCHOR] = Role.CHAMPION
    margin: float = Field(default=0.01, gt=0)
    is_blocking: bool = True

    def find(self, evidence: Evidence) -> Finding:
        """Return what the evidence says about this gate."""
        from pipelines.judge.non_inferiority import find_non_inferiority

        return find_non_inferiority(self, evidence)


class Baseline(BaseModel):
    """Better than the linear learner on the same rows: asked of the first champion, and only told of later ones."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["baseline"] = "baseline"
    metric: MetricName = "accuracy"
    slice: Slice = Slice.HOLDOUT
    is_blocking: bool = True

    def find(self, evidence: Evidence) -> Finding:
        """Return what the evidence says about this gate."""
        from pipelines.judge.baselines import find_baseline

        return find_baseline(self, evidence)


class ReasonToChange(BaseModel):
    """A champion is replaced for a reason: better overall, on fresh rows or on amended rules (Holm), or by a duty."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["reason_to_change"] = "reason_to_change"
    metric: MetricName = "accuracy"
    alternatives: tuple[Alternative, ...] = Field(default=("superiority", "freshness", "currency"), min_length=1)
    is_blocking: bool = True

    def find(self, evidence: Evidence) -> Finding:
        """Return what the evidence says about this gate."""
        from pipelines.judge.reasons import find_reason

        return find_reason(self, evidence)


ScreenGate: TypeAlias = Union[HarmScreen, Calibration, Size, Files, Contamination]
AuditGate: TypeAlias = Union[Robustness, Memorisation, Extraction, Membership, PhiLeak, Latency]
AnyGate: TypeAlias = Annotated[
    Union[Floor, NonInferiority, Baseline, ReasonToChange, ScreenGate, AuditGate], Field(discriminator="kind")
]

DEFAULT_GATES: tuple[AnyGate, ...] = (
    Floor(),
    Baseline(),
    NonInferiority(against=Role.CHAMPION, slice=Slice.HOLDOUT),
    NonInferiority(against=Role.CHAMPION, slice=Slice.ESTABLISHED),
    NonInferiority(against=Role.ANCHOR, slice=Slice.ANCHOR),
    ReasonToChange(),
)


class PowerParams(BaseModel):
    """What the size of a holdout is planned for, before there is anything to measure: part of the plan like a margin.

    ``discordance`` is the share of rows that only one of two equal models gets right; ``power`` the probability with which an
    equal model must pass all non-inferiority gates together.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    discordance: float = Field(default=0.05, gt=0, lt=1)
    power: float = Field(default=0.8, gt=0.5, lt=1)


class JudgeParams(BaseModel):
    """How a candidate is judged: the α of a period, spent over all its looks, and the gates that must all pass."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    period_days: int = Field(default=365, ge=1)
    power: PowerParams = PowerParams()
    gates: tuple[AnyGate, ...] = Field(default=DEFAULT_GATES, min_length=1)
