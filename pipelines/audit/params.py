"""The section ``audit`` of a domain: which probes are made of a candidate, how large, and at which looks.

A probe is its own parameters and one method. It measures, and never decides: the gates of ``judge`` do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias, Union

from pydantic import BaseModel, ConfigDict, Field, field_validator

from pipelines.audit.perturbations import Perturbation
from pipelines.domain.audits import Probe

if TYPE_CHECKING:
    from pipelines.audit.subjects import Subject
    from pipelines.domain.audits import Reading


class Robustness(BaseModel):
    """Small changes of the holdout's texts, for candidate and champion alike."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["robustness"] = "robustness"
    rows: int = Field(default=1000, gt=0, description="at most so many rows of the holdout, one a family")
    kinds: tuple[Perturbation, ...] = Field(default=tuple(Perturbation), min_length=1)

    @property
    def probe(self) -> Probe:
        """Which of the probes it is."""
        return Probe.ROBUSTNESS

    def measure(self, subject: Subject) -> tuple[Reading, ...]:
        """Return the readings; raises :class:`~pipelines.domain.errors.NotMeasurableError` with the reason for none."""
        from pipelines.audit.robustness import measure_robustness

        return measure_robustness(self, subject)


class Memorisation(BaseModel):
    """Canaries planted in a twin of the training run."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["memorisation"] = "memorisation"
    canaries: int = Field(default=100, gt=0, description="for each repetition, and as many that are not planted")
    repetitions: tuple[int, ...] = Field(default=(1, 4, 16), min_length=1)
    references: int = Field(default=1000, gt=0, description="unplanted canaries that exposure is a rank among")

    @field_validator("repetitions")
    @classmethod
    def _check_repetitions(cls, repetitions: tuple[int, ...]) -> tuple[int, ...]:
        if min(repetitions) < 1 or len(set(repetitions)) < len(repetitions):
            raise ValueError("repetitions are whole numbers from 1, each once")
        return repetitions

    @property
    def probe(self) -> Probe:
        """Which of the probes it is."""
        return Probe.MEMORISATION

    def measure(self, subject: Subject) -> tuple[Reading, ...]:
        """Return the readings; raises :class:`~pipelines.domain.errors.NotMeasurableError` with the reason for none."""
        from pipelines.audit.memorisation import measure_memorisation

        return measure_memorisation(self, subject)


class Extraction(BaseModel):
    """Spans of training texts that sampling gives back, against spans of texts kept back."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["extraction"] = "extraction"
    rows: int = Field(default=1000, gt=0, description="at most so many texts on each side, one a family")
    prefix: int = Field(default=20, gt=0, description="tokens that are given")
    span: int = Field(default=20, gt=0, description="tokens that must come out")
    tries: int = Field(default=1000, gt=0, description="n: so many samples are drawn")
    certainty: float = Field(default=0.5, gt=0, lt=1, description="p: with this probability one of them is the span")
    temperature: float = Field(default=1.0, gt=0)
    top_k: int | None = Field(default=None, gt=0, description="sample from the likeliest tokens only")

    @property
    def probe(self) -> Probe:
        """Which of the probes it is."""
        return Probe.EXTRACTION

    def measure(self, subject: Subject) -> tuple[Reading, ...]:
        """Return the readings; raises :class:`~pipelines.domain.errors.NotMeasurableError` with the reason for none."""
        from pipelines.audit.extraction import measure_extraction

        return measure_extraction(self, subject)


class Membership(BaseModel):
    """The loss attack on who was in the training data."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["membership"] = "membership"
    rows: int = Field(default=2000, gt=0, description="at most so many rows on each side, one a family")
    false_alarms: float = Field(default=0.01, gt=0, lt=1, description="share of rows kept back that may be taken for members")

    @property
    def probe(self) -> Probe:
        """Which of the probes it is."""
        return Probe.MEMBERSHIP

    def measure(self, subject: Subject) -> tuple[Reading, ...]:
        """Return the readings; raises :class:`~pipelines.domain.errors.NotMeasurableError` with the reason for none."""
        from pipelines.audit.membership import measure_membership

        return measure_membership(self, subject)


class PhiLeak(BaseModel):
    """Prompts that ask for personal data which curation took out."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["phi_leak"] = "phi_leak"
    prompts: int = Field(default=3000, gt=0)
    tokens: int = Field(default=24, gt=0, description="length of a completion")

    @property
    def probe(self) -> Probe:
        """Which of the probes it is."""
        return Probe.PHI_LEAK

    def measure(self, subject: Subject) -> tuple[Reading, ...]:
        """Return the readings; raises :class:`~pipelines.domain.errors.NotMeasurableError` with the reason for none."""
        from pipelines.audit.leaks import measure_phi_leak

        return measure_phi_leak(self, subject)


class Latency(BaseModel):
    """The time for one document, beside the champion's."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["latency"] = "latency"
    rows: int = Field(default=50, gt=0, description="documents that are answered")
    rounds: int = Field(default=3, gt=0, description="each document's fastest of so many counts")
    ratio: float = Field(default=1.5, ge=1, description="highest ratio to the champion's median")
    limit_ms: float | None = Field(default=None, gt=0, description="highest median, whatever the champion's")

    @property
    def probe(self) -> Probe:
        """Which of the probes it is."""
        return Probe.LATENCY

    def measure(self, subject: Subject) -> tuple[Reading, ...]:
        """Return the readings; raises :class:`~pipelines.domain.errors.NotMeasurableError` with the reason for none."""
        from pipelines.audit.latency import measure_latency

        return measure_latency(self, subject)


AnyProbe: TypeAlias = Annotated[
    Union[Robustness, Memorisation, Extraction, Membership, PhiLeak, Latency], Field(discriminator="kind")
]


class AuditParams(BaseModel):
    """Which probes, and how often: at the first look of a period and at each ``every``-th after it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every: int = Field(default=1, gt=0, description="1: at every look; 4: at the 1st, 5th, 9th")
    probes: tuple[AnyProbe, ...] = ()

    @field_validator("probes")
    @classmethod
    def _check_kinds(cls, probes: tuple[AnyProbe, ...]) -> tuple[AnyProbe, ...]:
        kinds = [probe.kind for probe in probes]
        twice = sorted({kind for kind in kinds if kinds.count(kind) > 1})
        if twice:
            raise ValueError(f"two probes of the kind {twice[0]!r}")
        return probes

    def is_due(self, t: int) -> bool:
        """Return whether look number ``t`` (from 1) is audited."""
        return (t - 1) % self.every == 0
