"""What an approval says, over what it is signed, and where a candidate's approval stands: a fold over the ledger's events.

An approval is bound to one candidate under one verdict, by their digests. It says nothing about any other model of the domain,
nor about the same model judged again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DomainName, Json, RunId, encode_canonically
from pipelines.domain.verdicts import Decision
from pipelines.promote.keys import is_signed

APPROVAL_KINDS = (Kind.APPROVAL_ASKED, Kind.APPROVAL_GRANTED, Kind.APPROVAL_DENIED, Kind.APPROVAL_EXPIRED)
FORM = "addendum approval 1"
"""Signed with the rest, so that a signature given for something else never counts as an approval."""

UNPROVEN = "claims a signature that does not verify"


class Answer(StrEnum):
    """What an approver says: yes, no, yes to what the gates could not decide, or that one who served serves again."""

    GRANTED = "granted"
    DENIED = "denied"
    OVERRIDE = "override"
    RESTORED = "restored"


class Proof(StrEnum):
    """What shows that it was the approver who said it."""

    SIGNED = "signed"
    SELF_DECLARED = "self-declared"


class Standing(StrEnum):
    """Where a candidate's approval stands."""

    NONE = "not asked for"
    ASKED = "asked for"
    GRANTED = "granted"
    DENIED = "denied"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """What is answered, by whom and why; its canonical JSON is what is signed."""

    domain: DomainName
    version: int
    digest: Digest
    run: RunId
    verdict: Digest
    decision: Decision
    answer: Answer
    by: str
    reason: str

    def encode(self) -> bytes:
        """Return the bytes that are signed."""
        return encode_canonically({"form": FORM, **self.as_payload(), "domain": self.domain})

    def as_payload(self) -> dict[str, Json]:
        """Return the statement as an event carries it; the domain is the chain's."""
        return {key: value for key, value in asdict(self).items() if key != "domain"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalState:
    """Where a candidate's approval stands, by which event, and until when that event counts.

    ``is_lapsed`` where it has just run out and the ledger does not say so yet.
    """

    standing: Standing
    event: Event | None = None
    until: datetime | None = None
    is_lapsed: bool = False

    @property
    def by(self) -> str | None:
        """Who answered."""
        return str(self.event.payload["by"]) if self.event is not None and "by" in self.event.payload else None

    @property
    def is_override(self) -> bool:
        """Whether the answer is yes to a candidate that the gates could not decide on."""
        return self.standing is Standing.GRANTED and self.event is not None and self.event.payload["answer"] == Answer.OVERRIDE


def fold_approvals(events: Sequence[Event], digest: Digest, verdict: Digest, now: datetime) -> ApprovalState:
    """Return where the approval of the model ``digest`` under ``verdict`` stands at ``now``.

    A denial is final: of the model, under whichever verdict it comes again. A grant counts under its own verdict alone. An
    asking that nobody answered and a grant that nobody used run out at the time that they carry.
    """
    state = ApprovalState(standing=Standing.NONE)
    for event in events:
        if event.payload.get("digest") != digest:
            continue
        if event.kind is Kind.APPROVAL_DENIED:
            return ApprovalState(standing=Standing.DENIED, event=event)
        if event.payload.get("verdict") != verdict:
            continue
        if event.kind in _STANDINGS:
            state = ApprovalState(standing=_STANDINGS[event.kind], event=event, until=_read_end(event))
    if state.until is not None and now >= state.until:
        return ApprovalState(standing=Standing.EXPIRED, event=state.event, until=state.until, is_lapsed=True)
    return state


def end_after(now: datetime, hours: float) -> str:
    """Return the time until which something counts, as an event carries it."""
    return (now + timedelta(hours=hours)).isoformat()


def read_statement(event: Event) -> Statement:
    """Return what a grant or a denial in the ledger says."""
    payload = event.payload
    return Statement(
        domain=event.domain,
        version=int(str(payload["version"])),
        digest=Digest(str(payload["digest"])),
        run=RunId(str(payload["run"])),
        verdict=Digest(str(payload["verdict"])),
        decision=Decision(str(payload["decision"])),
        answer=Answer(str(payload["answer"])),
        by=str(payload["by"]),
        reason=str(payload["reason"]),
    )


def is_proven(event: Event) -> bool:
    """Tell whether a grant or a denial in the ledger bears a signature of what it says, by the key that it names."""
    payload = event.payload
    if payload.get("proof") != Proof.SIGNED or not {"public_key", "signature"} <= set(payload):
        return False
    return is_signed(str(payload["public_key"]), str(payload["signature"]), read_statement(event).encode())


def tell_proof(event: Event) -> str:
    """Say what an answer in the ledger is worth as proof, its signature verified anew; empty where nothing was answered."""
    claimed = str(event.payload.get("proof", ""))
    return claimed if claimed != Proof.SIGNED or is_proven(event) else UNPROVEN


_STANDINGS = {
    Kind.APPROVAL_ASKED: Standing.ASKED,
    Kind.APPROVAL_GRANTED: Standing.GRANTED,
    Kind.APPROVAL_EXPIRED: Standing.EXPIRED,
}


def _read_end(event: Event) -> datetime | None:
    end = event.payload.get("until")
    return None if end is None else datetime.fromisoformat(str(end))
