"""Approvals, statements and keys with defaults."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.domain.events import GENESIS, Event, Kind
from pipelines.domain.identities import Digest, DomainName, Json, RunId, digest_value
from pipelines.domain.verdicts import Decision
from pipelines.promote.approvals import Answer, Statement
from pipelines.promote.approvers import Approver
from pipelines.promote.keys import make_key
from tests.builders.ledgers import START

MODEL, VERDICT = Digest(digest_value("model")), Digest(digest_value("verdict"))


def build_statement(**fields: Any) -> Statement:
    defaults: dict[str, Any] = {
        "domain": DomainName("clinical"),
        "version": 1,
        "digest": MODEL,
        "run": RunId("run-1"),
        "verdict": VERDICT,
        "decision": Decision.PROMOTE,
        "answer": Answer.GRANTED,
        "by": "R. Okafor",
        "reason": "reviewed",
    }
    return Statement(**{**defaults, **fields})


def build_event(kind: Kind, at: datetime = START, **payload: Json) -> Event:
    """An event about the default model under the default verdict."""
    about: dict[str, Json] = {"digest": MODEL, "verdict": VERDICT, "by": "R. Okafor", "answer": "granted", **payload}
    return Event(
        domain=DomainName("clinical"),
        seq=1,
        kind=kind,
        actor="a test",
        recorded_at=at,
        payload=about,
        previous_hash=GENESIS,
        hash=GENESIS,
    )


def make_approver(folder: Path, name: str = "R. Okafor") -> tuple[Approver, Path]:
    """An approver with a key of his own, and the file that holds it."""
    file = folder / f"{name}.pem"
    return Approver(name=name, key=make_key(file)), file
