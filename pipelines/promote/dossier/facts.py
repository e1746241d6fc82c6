"""A dossier as facts: one frozen tree from which the page and its JSON twin are both made, so that neither can say more.

Whatever is not recorded stands in it as :class:`Missing`, with the reason.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pipelines.domain.audits import AuditReport
from pipelines.domain.identities import Digest, DomainName, RunId
from pipelines.domain.pins import CorpusPin, Look
from pipelines.domain.scorecards import CurrencyExample, Scorecard
from pipelines.domain.verdicts import Decision, Verdict
from pipelines.ledger.heads import SignedHead
from pipelines.promote.dossier.accounts import Changes, Cost, Licences, QuarantineAccount
from pipelines.promote.dossier.crosswalk import Regime
from pipelines.promote.dossier.exhibits import Missing
from pipelines.promote.dossier.reports import Bin, Curation, CurvePoint, Manifest, SliceScore, Splits, Training


class Outcome(StrEnum):
    """What became of a candidate, as far as the record goes."""

    SERVES = "serves"
    SERVED = "served"
    WAITS = "waits"
    DENIED = "denied"
    HELD = "held"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """An event of the chain, by its number, and when it was recorded (UTC)."""

    seq: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reign:
    """A time in which the version served: how it came, and how it ended (``None``: it has not)."""

    began: Moment
    how: str
    reason: str
    ended: Moment | None = None
    how_ended: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A promotion although the verdict was not to promote: which version, by whom and why."""

    version: int
    moment: Moment
    by: str
    reason: str
    proof: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What was decided and what followed. ``inherited`` are the overrides among the champions before it."""

    outcome: Outcome
    sentence: str
    champion: int | None
    reigns: tuple[Reign, ...]
    override: Override | None
    inherited: tuple[Override, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalStep:
    """One step of an approval. ``proof`` is ``signed`` (with a key that was listed then) or ``self-declared``."""

    moment: Moment
    step: str
    by: str
    reason: str
    proof: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Approvals:
    """All steps, and who started the training, since nobody approves their own."""

    steps: tuple[ApprovalStep, ...]
    started_by: str
    judged_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainPlace:
    """Where the verdict stands in the domain's chain, and the last event that this dossier knows of.

    ``head`` is signed over the chain as it was at that last event.
    """

    judged: Moment
    judged_hash: Digest
    known: Moment
    known_hash: Digest
    head: SignedHead | Missing
    evidence: Mapping[str, Digest]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeFacts:
    """What changed since the last promotion; ``withdrawn_drops`` by the reason that was given for taking each out."""

    since_version: int | None
    since: Moment | None
    changes: Changes | Missing
    withdrawn_drops: tuple[str, ...]
    retrain_reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Learning:
    """Loss by step of the candidate and, where it is kept, of the champion; and what was taught."""

    training: Training | Missing
    curve: tuple[CurvePoint, ...] | Missing
    champion_curve: tuple[CurvePoint, ...] | Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class DataCard:
    """What the candidate was made from."""

    corpus: CorpusPin | Missing
    manifest: Manifest | Missing
    curation: Curation | Missing
    splits: Splits | Missing
    licences: Licences | Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class CostFacts:
    """What it took; ``elapsed_seconds`` by the ledger's own times, from the start to the verdict."""

    cost: Cost | Missing
    elapsed_seconds: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a dossier says of one verdict."""

    domain: DomainName
    version: int
    digest: Digest
    run: RunId
    commit: str | Missing
    decision: Decision
    sentence: str
    look: Look | None
    standing: Standing
    changes: ChangeFacts
    verdict: Verdict | Missing
    scorecard: Scorecard | Missing
    slices: tuple[SliceScore, ...] | Missing
    reliability: tuple[Bin, ...] | Missing
    learning: Learning
    currency: tuple[CurrencyExample, ...] | Missing
    data: DataCard
    quarantine: QuarantineAccount | Missing
    audit: AuditReport | Missing
    approvals: Approvals
    cost: CostFacts
    chain: ChainPlace
    regimes: tuple[Regime, ...]
