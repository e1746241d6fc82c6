"""A promotion is an event: who replaced whom, by which verdict, approved by whom. The alias in a registry only mirrors it."""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.domain.identities import Digest, DomainName, RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class Promotion:
    """Who replaces whom, and why: ``previous`` is the champion's version that the swap expects, ``None`` for the first.

    ``is_override`` where a named approver promotes what the gates could not decide on.
    """

    domain: DomainName
    version: int
    digest: Digest
    ingest_seq: int
    run_id: RunId
    previous: int | None
    verdict: Digest
    reason: str
    approved_by: str | None
    is_override: bool = False
