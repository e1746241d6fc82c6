"""The roles a model plays: unjudged candidate, serving champion, and the frozen anchor that nothing may fall away from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pipelines.domain.identities import Digest, DomainName, RunId


class Role(StrEnum):
    """Who a model is in a comparison."""

    CANDIDATE = "candidate"
    CHAMPION = "champion"
    ANCHOR = "anchor"
    BASELINE = "baseline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A trained model that nobody has judged yet."""

    domain: DomainName
    run_id: RunId
    digest: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Champion:
    """The model that serves, as the ledger has it: since which event, by which verdict."""

    domain: DomainName
    version: int
    digest: Digest
    ingest_seq: int
    run_id: RunId
    since_seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """What a model was made from, kept in its folder: the newest arrival that it saw, and the model it grew out of."""

    learner: str
    base: str
    corpus_id: str
    corpus_version: int
    ingest_seq: int
    manifest_digest: Digest
    parent: Digest | None
    labels: tuple[str, ...]
