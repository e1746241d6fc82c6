"""The ledger's vocabulary: what kinds of thing are recorded, and what one record looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pipelines.domain.identities import Digest, DomainName, Json, digest_value


class Kind(StrEnum):
    """Everything that the ledger records."""

    DROP_LANDED = "drop landed"
    DROP_REFUSED = "drop refused"
    DROP_WITHDRAWN = "drop withdrawn"
    QUARANTINE_RELEASED = "quarantine released"
    RETRAIN_STARTED = "retrain started"
    RETRAIN_HELD = "retrain held"
    RETRAIN_ENDED = "retrain ended"
    RETRAINING_REPLAYED = "retraining replayed"
    CONTROL_RUN = "control run"
    PLAN_REGISTERED = "plan registered"
    LOOK_RESERVED = "look reserved"
    HOLDOUT_RENEWED = "holdout renewed"
    CANDIDATE_REGISTERED = "candidate registered"
    CANDIDATE_JUDGED = "candidate judged"
    APPROVAL_ASKED = "approval asked"
    APPROVAL_GRANTED = "approval granted"
    APPROVAL_DENIED = "approval denied"
    APPROVAL_EXPIRED = "approval expired"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled back"
    RESTORED = "restored"
    FROZEN = "frozen"
    UNFROZEN = "unfrozen"
    ROLLBACK_DRILLED = "rollback drilled"
    DOCUMENT_WITHDRAWN = "document withdrawn"
    DOCUMENT_RETRACTED = "document retracted"
    DOCUMENT_ERASED = "document erased"
    ALIAS_REPAIRED = "alias repaired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One link of a domain's chain. ``payload`` holds digests, counts and reasons, never a document's text."""

    domain: DomainName
    seq: int
    kind: Kind
    actor: str
    recorded_at: datetime
    payload: Mapping[str, Json]
    previous_hash: Digest
    hash: Digest


GENESIS = Digest("0" * 64)


def hash_event(event: Event) -> Digest:
    """Return the hash that chains ``event``: of all its fields but ``hash`` itself, the previous hash included."""
    return digest_value(
        {
            "domain": event.domain,
            "seq": event.seq,
            "kind": event.kind.value,
            "actor": event.actor,
            "recorded_at": event.recorded_at.isoformat(),
            "payload": event.payload,
            "previous_hash": event.previous_hash,
        }
    )
