"""``params.yaml`` as one frozen tree: it describes the experiment, is hashed by DVC, and is refused when a word is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipelines.admit.params import AdmitParams
from pipelines.audit.params import AuditParams
from pipelines.curate.params import CurateParams
from pipelines.detect.catalogue import AnySource
from pipelines.domain.errors import ParamsError
from pipelines.domain.identities import DomainName
from pipelines.evaluate.params import EvaluateParams
from pipelines.judge.envelope_params import EnvelopeParams
from pipelines.judge.params import JudgeParams
from pipelines.privacy.params import PhiParams
from pipelines.promote.approvers import Approver, find_repeated
from pipelines.split.params import SplitParams
from pipelines.train.params import TrainParams

COSTS = "costs"
"""The one section of the file that is no domain's."""
Section = TypeVar("Section", bound=BaseModel)


class WatchParams(BaseModel):
    """Where new documents come from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sources: tuple[AnySource, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _check_names(self) -> WatchParams:
        names = [source.name for source in self.sources]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"two sources are called {twice[0]!r}: give one of them a `label`")
        return self


class WorthParams(BaseModel):
    """What right answers are worth, so that a retraining can be held against its cost. Sums are in the currency of ``costs``.

    Without the two values the champion's score on the news is measured and recorded, and the amount of news decides.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    value_of_a_right_answer: float | None = Field(default=None, gt=0, description="more than of a wrong one")
    documents_a_day: float | None = Field(default=None, gt=0, description="that the model answers about")
    horizon_days: int = Field(default=90, ge=1, description="how long the gain counts")
    cost_of_people: float = Field(default=0.0, ge=0, description="of one retraining: reading the verdict, approving")
    sample: int = Field(default=200, ge=10, description="families of news, and of what the champion knew, that it is asked about")

    @property
    def value_of_a_point(self) -> float | None:
        """What a share of right answers of 1 more is worth over the horizon; ``None`` where the values are not declared."""
        if self.value_of_a_right_answer is None or self.documents_a_day is None:
            return None
        return self.value_of_a_right_answer * self.documents_a_day * self.horizon_days


class ControlParams(BaseModel):
    """How often a training from scratch checks what warm starts have drifted from."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    every: int = Field(ge=1, description="judged retrainings from one control run to the next")
    bound: float = Field(
        default=0.01, gt=0, description="what warm starts may lose on dev: a share of right answers, or bits per byte"
    )


class RetrainParams(BaseModel):
    """When a retraining is worth its cost: a gain that pays, enough news, or a champion that has grown too old."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    minimum_news: int = Field(default=1, ge=1, description="new or changed revisions since the champion's cut-off")
    minimum_backlog: int = Field(default=20, ge=1, description="revisions in force before the first model is tried")
    maximum_age_days: int | None = Field(default=None, ge=1, description="retrain on the same corpus after this long")
    worth: WorthParams | None = Field(default=None, description="weigh the predicted gain against the predicted cost")
    control: ControlParams | None = Field(default=None, description="train from scratch now and then, to compare")
    unlearning: Literal["restart", "replay"] = Field(
        default="restart", description="what comes before a retraining whose champion saw what must be forgotten"
    )


class CostParams(BaseModel):
    """What the device costs that trains and scores: a section beside the domains, since they share it. No stage reads it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    price_per_hour: float | None = Field(default=None, ge=0, description="of the device, while a stage holds it")
    currency: str = Field(default="EUR", min_length=1, description="how its price, and every sum, is said")


class PromoteParams(BaseModel):
    """Who must say yes. The first champion, which is also the anchor, always needs a named approval."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    approval: Literal["first", "always"] = "first"
    approvers: tuple[Approver, ...] = Field(default=(), description="who may approve, by the key they sign with; none: anybody")
    accept_self_declared: bool = Field(default=False, description="where approvers are listed: a listed name is enough unsigned")
    expires_hours: float = Field(default=72.0, gt=0, description="how long an asking waits, and an approval counts unused")

    @model_validator(mode="after")
    def _check_approvers(self) -> PromoteParams:
        repeated = find_repeated(self.approvers)
        if repeated:
            raise ValueError(f"{repeated!r} is listed twice, or with another approver's key: one name and one key a person")
        return self


class DomainParams(BaseModel):
    """One domain: a section a stage. What a pure stage reads has no default here: DVC hashes only what the file says."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    description: str = ""
    labels: tuple[str, ...]
    watch: WatchParams
    admit: AdmitParams = AdmitParams()
    retrain: RetrainParams = RetrainParams()
    curate: CurateParams
    split: SplitParams
    train: TrainParams
    evaluate: EvaluateParams
    audit: AuditParams = AuditParams()
    judge: JudgeParams
    envelope: EnvelopeParams = EnvelopeParams()
    promote: PromoteParams = PromoteParams()
    phi: PhiParams | bool = Field(default=False, description="personal data: nothing is trained before recall was measured")

    @model_validator(mode="after")
    def _check_phi(self) -> DomainParams:
        if self.phi and self.curate.shield is None:
            raise ValueError(
                "a domain with `phi` needs a step `deidentify` with `identifiers: safe_harbor` that reads every source"
            )
        return self


@dataclass(frozen=True, slots=True)
class Params:
    """The whole file: every domain's section, in the order of ``domains``, and what computing costs."""

    domains: Mapping[DomainName, DomainParams]
    costs: CostParams = field(default_factory=CostParams)

    def of(self, domain: DomainName) -> DomainParams:
        """Return a domain's section; raises :class:`ParamsError` naming the domains there are."""
        if domain not in self.domains:
            raise ParamsError(f"no domain {domain!r} in params.yaml; there are: {', '.join(self.domains)}")
        return self.domains[domain]


def read_params(path: Path) -> Params:
    """Read ``params.yaml``; raises :class:`ParamsError` that names the file and the field."""
    if not path.is_file():
        raise ParamsError(f"{path} is missing: run inside a clone of the repository, or set ADDENDUM_WORKSPACE to one")
    try:
        raw: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise ParamsError(f"{path} is not YAML: {error}") from error
    if not isinstance(raw, dict) or not isinstance(raw.get("domains"), list):
        raise ParamsError(f"{path}: `domains:` must list the domains, each with a section of its own")
    domains = {DomainName(name): _read_section(path, name, raw.get(name), DomainParams) for name in raw["domains"]}
    return Params(domains, _read_section(path, COSTS, raw.get(COSTS) or {}, CostParams))


def _read_section(path: Path, name: str, section: object, kind: type[Section]) -> Section:
    try:
        return kind.model_validate(section)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in (name, *first["loc"]))
        raise ParamsError(f"{path}: {where}: {first['msg']}") from error
