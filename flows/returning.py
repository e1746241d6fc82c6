"""The ways back: to the champion before, to one that served once, and the drill of the former, each checked before it is taken.

What would serve again is laid out first: its weights must be what the ledger says, and must not have seen what was erased.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.approving import Approval, check_approver, check_judged_starter, write_answer
from flows.candidates import Judged, find_judged
from flows.dropping import is_tainted
from flows.places import Place
from flows.projecting import DRILL, name_champion, project, register_again
from flows.reconciling import laid_out
from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DomainName, digest_bytes, shorten
from pipelines.domain.models import Champion
from pipelines.domain.pins import ModelPin
from pipelines.learners.predictors import load_predictor
from pipelines.learners.protocols import Document
from pipelines.ledger.champions import champion, find_rollback, history, restore, roll_back
from pipelines.ledger.ledgers import Draft
from pipelines.ledger.reigns import CROWNING, fold_champions
from pipelines.lessons.planning import read_seen
from pipelines.promote.approvals import Answer

QUESTION = "A drill: the model that would serve again is asked about this sentence, and its answer is thrown away."


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """A rehearsed rollback: to which version, and in how many seconds; ``None`` where there is nobody to go back to."""

    version: int | None
    seconds: float

    @property
    def sentence(self) -> str:
        """What it came to."""
        if self.version is None:
            return "there is no champion before the present one: nothing to drill"
        return f"a rollback to version {self.version} works, in {self.seconds:.1f} s; what serves was not touched"


def roll_back_domain(place: Place, domain: DomainName, reason: str) -> Champion:
    """Give the domain its previous champion back and freeze promotion.

    Raises:
        LedgerError: when there is none to go back to, or when it saw a document that was erased since.
        WorkspaceError: when its weights are nowhere what the ledger says.
    """
    place.of(domain)
    target = find_rollback(place.ledger, domain, reason)
    with laid_out(place, domain, _name(target)) as folder:
        refuse_erased(place, domain, folder, target.version)
    roll_back(place.ledger, domain, reason, expected=target.version)
    project(place, domain)
    return _expect_champion(place, domain)


def restore_version(place: Place, domain: DomainName, version: int, approval: Approval) -> Champion:
    """Make a version that was champion before champion again; raises as :func:`roll_back_domain` does."""
    place.of(domain)
    check_approver(place, domain, approval)
    known = [past for past in history(place.ledger, domain) if past.version == version]
    if known:
        with laid_out(place, domain, _name(known[-1])) as folder:
            refuse_erased(place, domain, folder, version)
        judged = find_judged(place, domain, version)
        check_judged_starter(place, judged, approval.by)
        if is_tainted(place, domain, judged.run, judged.ingest_seq):
            raise LedgerError(
                f"version {version} was trained on a drop that has been withdrawn since: `addendum retrain {domain}`"
            )
    if approval.key_file is not None and known:
        _record_signature(place, find_judged(place, domain, version), approval)
    restore(place.ledger, domain, version, approval.reason, approval.by)
    project(place, domain)
    return _expect_champion(place, domain)


def drill_rollback(place: Place, domain: DomainName) -> Drill:
    """Rehearse a rollback on a scratch alias and record how long it took; what serves is not touched.

    Raises:
        LedgerError: when the champion before saw a document that was erased since.
        WorkspaceError: when its weights are nowhere what the ledger says, or cannot be loaded.
    """
    place.of(domain)
    project(place, domain)
    stack = fold_champions(place.ledger.events(domain, CROWNING))
    if len(stack) < 2:
        return Drill(version=None, seconds=0.0)
    target, started = stack[-2], time.monotonic()
    with laid_out(place, domain, _name(target)) as folder:
        refuse_erased(place, domain, folder, target.version)
        _point_there_and_back(place, domain, target)
        _ask(folder)
    seconds = round(time.monotonic() - started, 3)
    place.ledger.append(domain, Kind.ROLLBACK_DRILLED, {"version": target.version, "digest": target.digest, "seconds": seconds})
    return Drill(version=target.version, seconds=seconds)


def refuse_erased(place: Place, domain: DomainName, model: Path, version: int) -> None:
    """Raise :class:`LedgerError` when the model in the folder was trained on a document that was erased."""
    erased = {Digest(str(event.payload["digest"])): event for event in place.ledger.events(domain, [Kind.DOCUMENT_ERASED])}
    if not erased:
        return
    for digest in read_seen(model):
        if digest in erased:
            told = f"version {version} was trained on document {shorten(digest)}, erased by event {erased[digest].seq}"
            raise LedgerError(f"{domain}: {told}: it must not serve; `addendum retrain {domain}` makes one that did not see it")


def _record_signature(place: Place, judged: Judged, approval: Approval) -> None:
    """Record once what was signed, just before the restoration that it is for."""
    payload = write_answer(place, judged, Answer.RESTORED, approval)

    def sign_once(standing: Sequence[Event]) -> list[Draft]:
        serving = fold_champions(standing)[-1]
        is_said = standing[-1].payload.get("signature") == payload["signature"]
        return [] if is_said or serving.version == judged.version else [Draft(Kind.APPROVAL_GRANTED, payload)]

    place.ledger.decide(judged.domain, (Kind.APPROVAL_GRANTED, *CROWNING), sign_once)


def _point_there_and_back(place: Place, domain: DomainName, target: Champion) -> None:
    number = place.registry.list_versions(domain).get(target.digest) or register_again(place, domain, name_champion(target))
    if number is None:
        problem = f"version {target.version} is gone from the registry, and no copy of it is left"
        raise LedgerError(f"{domain}: {problem}: `addendum reconcile {domain}` tells what else is lost")
    place.registry.point_alias(domain, DRILL, number)
    try:
        if place.registry.aliases(domain).get(DRILL) != number:
            raise LedgerError(f"{domain}: the registry did not take the alias {DRILL}: a rollback would not reach what serves")
    finally:
        place.registry.point_alias(domain, DRILL, None)


def _ask(folder: Path) -> None:
    predictor = load_predictor(folder, threads=1)
    if predictor.complete([QUESTION], 1) is None:
        predictor.predict([Document(row_id=digest_bytes(QUESTION.encode()), text=QUESTION)])


def _name(model: Champion) -> ModelPin:
    return ModelPin(version=model.version, digest=model.digest)


def _expect_champion(place: Place, domain: DomainName) -> Champion:
    serving = champion(place.ledger, domain)
    if serving is None:
        raise LedgerError(f"{domain} has no champion: run `addendum retrain {domain}`")
    return serving
