"""From a domain's events and the evidence that they name to the facts of one verdict.

Nothing else is read: no clock, no run's folder, no registry. So whoever has the ledger and the evidence can rebuild any dossier,
and gets the same bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pipelines.domain.audits import AuditReport
from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DomainName, RunId
from pipelines.domain.pins import Pin
from pipelines.domain.scorecards import CurrencyExample, Scorecard
from pipelines.domain.verdicts import Decision, Verdict
from pipelines.ledger.heads import SignedHead
from pipelines.ledger.reigns import CROWNING
from pipelines.promote.approvals import tell_proof
from pipelines.promote.dossier.accounts import Changes, Cost, Licences, QuarantineAccount
from pipelines.promote.dossier.crosswalk import read_regimes
from pipelines.promote.dossier.exhibits import Exhibits, Missing, Shelf
from pipelines.promote.dossier.facts import (
    Approvals,
    ApprovalStep,
    ChainPlace,
    ChangeFacts,
    CostFacts,
    DataCard,
    Facts,
    Learning,
)
from pipelines.promote.dossier.reports import Curation, Manifest, Splits, Training, read_bin, read_point, read_slice
from pipelines.promote.dossier.standing import find_judged, find_known, fold_standing, mark

APPROVAL_STEPS = {
    Kind.APPROVAL_ASKED: "asked for",
    Kind.APPROVAL_GRANTED: "granted",
    Kind.APPROVAL_DENIED: "denied",
    Kind.APPROVAL_EXPIRED: "expired",
}


@dataclass(frozen=True, slots=True)
class _Case:
    """The events that a dossier knows of, the verdict among them, and its evidence."""

    events: Sequence[Event]
    judged: Event
    exhibits: Exhibits

    @property
    def started(self) -> Event | None:
        """The start of the run that was judged."""
        run = self.judged.payload.get("run")
        starts = [event for event in self.events if event.kind is Kind.RETRAIN_STARTED and event.payload.get("run") == run]
        return starts[-1] if starts else None


Sign = Callable[[Event], SignedHead]
"""What signs the head of a chain as it was at an event; the same event and key give the same bytes."""


def build_facts(events: Sequence[Event], shelf: Shelf, version: int, as_of: int | None = None, sign: Sign | None = None) -> Facts:
    """Return the facts of the last verdict on ``version``, from all events of its domain.

    ``as_of`` is the number of the last event that may be known; without it, all that matter to this verdict. ``sign`` puts a
    signed head of the chain into the dossier.

    Raises:
        LedgerError: when the version was never judged, or a piece of evidence is not what its digest says.
    """
    if not events:
        raise LedgerError("this domain has no events yet: `addendum watch` brings the first")
    domain = events[0].domain
    known = [event for event in events if as_of is None or event.seq <= as_of]
    judged = find_judged(known, domain, version)
    last = find_known(known, judged)
    case = _Case([event for event in known if event.seq <= last], judged, Exhibits.of(judged, shelf, known))
    return _build(case, domain, sign)


def _build(case: _Case, domain: DomainName, sign: Sign | None) -> Facts:
    payload, shown = case.judged.payload, case.exhibits
    verdict = shown.read("verdict.json", Verdict)
    pin = shown.read("pin.json", Pin)
    return Facts(
        domain=domain,
        version=int(str(payload["version"])),
        digest=Digest(str(payload["digest"])),
        run=RunId(str(payload["run"])),
        commit=_find_commit(case),
        decision=Decision(str(payload["decision"])),
        sentence=str(payload["sentence"]),
        look=None if isinstance(verdict, Missing) else verdict.look,
        standing=fold_standing(case.events, case.judged),
        changes=_build_changes(case),
        verdict=verdict,
        scorecard=shown.read("scorecard.json", Scorecard),
        slices=shown.tabulate("slices.csv", read_slice),
        reliability=shown.tabulate("reliability.csv", read_bin),
        learning=_build_learning(case),
        currency=shown.read("examples.json", tuple[CurrencyExample, ...]),
        data=_build_data(shown, pin),
        quarantine=shown.read("quarantine.json", QuarantineAccount),
        audit=shown.read("audit.json", AuditReport),
        approvals=_build_approvals(case),
        cost=_build_cost(case),
        chain=_build_chain(case, sign),
        regimes=read_regimes(),
    )


def _build_changes(case: _Case) -> ChangeFacts:
    against = case.judged.payload.get("against")
    crowned = [e for e in case.events if e.kind in CROWNING and e.payload["version"] == against and e.seq < case.judged.seq]
    since = crowned[-1] if crowned else None
    taken = [e for e in case.events if e.kind is Kind.DROP_WITHDRAWN and (since.seq if since else 0) < e.seq < case.judged.seq]
    started = case.started
    return ChangeFacts(
        since_version=None if against is None else int(str(against)),
        since=mark(since) if since else None,
        changes=case.exhibits.read("changes.json", Changes),
        withdrawn_drops=tuple(str(event.payload.get("reason", "no reason recorded")) for event in taken),
        retrain_reason=str(started.payload.get("reason", "")) if started else "",
    )


def _build_learning(case: _Case) -> Learning:
    against = case.judged.payload.get("against")
    earlier = [e for e in case.events if e.kind is Kind.CANDIDATE_JUDGED and e.payload.get("version") == against]
    before = Exhibits.of(earlier[-1], case.exhibits.shelf, case.events) if earlier else None
    return Learning(
        training=case.exhibits.read("training.json", Training),
        curve=case.exhibits.tabulate("curve.csv", read_point),
        champion_curve=before.tabulate("curve.csv", read_point) if before else Missing(why="there was no champion before it"),
    )


def _build_data(shown: Exhibits, pin: Pin | Missing) -> DataCard:
    return DataCard(
        corpus=pin if isinstance(pin, Missing) else pin.corpus,
        manifest=shown.read("manifest.json", Manifest),
        curation=shown.read("curation.json", Curation),
        splits=shown.read("splits.json", Splits),
        licences=shown.read("licences.json", Licences),
    )


def _build_approvals(case: _Case) -> Approvals:
    run = case.judged.payload.get("run")
    about = [event for event in case.events if event.kind in APPROVAL_STEPS and event.payload.get("run") == run]
    started = case.started
    return Approvals(
        steps=tuple(_read_approval(event) for event in about),
        started_by=started.actor if started else "not recorded",
        judged_by=case.judged.actor,
    )


def _read_approval(event: Event) -> ApprovalStep:
    payload = event.payload
    is_override = payload.get("answer") == "override"
    return ApprovalStep(
        moment=mark(event),
        step="granted as an override" if is_override else APPROVAL_STEPS[event.kind],
        by=str(payload.get("by", "")),
        reason=str(payload.get("reason", "")),
        proof=tell_proof(event),
        key=str(payload.get("key", "")),
    )


def _build_cost(case: _Case) -> CostFacts:
    started = case.started
    elapsed = (case.judged.recorded_at - started.recorded_at).total_seconds() if started else None
    return CostFacts(cost=case.exhibits.read("cost.json", Cost), elapsed_seconds=elapsed or None)


def _build_chain(case: _Case, sign: Sign | None) -> ChainPlace:
    last = case.events[-1]
    return ChainPlace(
        judged=mark(case.judged),
        judged_hash=case.judged.hash,
        known=mark(last),
        known_hash=last.hash,
        head=sign(last) if sign else Missing(why="this installation signs no heads"),
        evidence=case.exhibits.named,
    )


def _find_commit(case: _Case) -> str | Missing:
    for event in (case.judged, case.started):
        if event is not None and event.payload.get("commit"):
            return str(event.payload["commit"])
    return Missing(why="the record of this verdict names no commit")
