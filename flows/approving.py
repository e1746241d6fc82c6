"""Approvals as they are asked for, given and refused: checked for who gives them, and recorded once, in one transaction each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.candidates import Judged, read_verdict
from flows.places import Place
from pipelines.domain.errors import ApprovalError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import DomainName, Json
from pipelines.domain.verdicts import Decision
from pipelines.ledger.ledgers import Draft
from pipelines.ledger.reigns import CROWNING
from pipelines.ledger.retrainings import open_retraining
from pipelines.promote.approvals import (
    APPROVAL_KINDS,
    Answer,
    ApprovalState,
    Proof,
    Standing,
    Statement,
    end_after,
    fold_approvals,
)
from pipelines.promote.approvers import find_approver, identify_key, is_same_person
from pipelines.promote.keys import read_key, show_public, sign


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """An answer by name: signed with the key in ``key_file``, or self-declared, since nothing then proves who said it."""

    by: str
    reason: str
    key_file: Path | None = None


def read_approval(place: Place, judged: Judged) -> ApprovalState:
    """Return where the candidate's approval stands now."""
    return _fold(place, judged, place.ledger.events(judged.domain, APPROVAL_KINDS))


def ask_approval(place: Place, judged: Judged, *, anew: bool = False) -> ApprovalState:
    """Record once that an approval is asked for, or that it ran out; ``anew`` asks again after it did."""

    def ask(standing: Sequence[Event]) -> list[Draft]:
        state = _fold(place, judged, standing)
        lapsed = [_draft_expiry(judged, state)] if state.is_lapsed else []
        wanted = state.standing is Standing.NONE or (anew and state.standing is Standing.EXPIRED)
        return [*lapsed, _draft_asking(place, judged)] if wanted else lapsed

    place.ledger.decide(judged.domain, APPROVAL_KINDS, ask)
    return read_approval(place, judged)


def answer_candidate(place: Place, judged: Judged, answer: Answer, approval: Approval) -> ApprovalState:
    """Record an answer once and return where the approval then stands: asked for anew, where the asking had run out.

    Raises:
        ApprovalError: when the answer does not fit the verdict, comes too late, is a yes by whoever started the training, or is
            not proven as ``params.yaml`` demands.
    """
    _check_answer(place, judged, answer)
    check_approver(place, judged.domain, approval)
    if answer is not Answer.DENIED:
        check_judged_starter(place, judged, approval.by)
    payload = write_answer(place, judged, answer, approval)
    place.ledger.decide(judged.domain, (*APPROVAL_KINDS, *CROWNING), lambda standing: _decide(place, judged, payload, standing))
    return read_approval(place, judged)


def check_approver(place: Place, domain: DomainName, approval: Approval) -> None:
    """Raise :class:`ApprovalError` unless ``params.yaml`` lets this name answer with this proof."""
    params = place.of(domain).promote
    listed = find_approver(params.approvers, approval.by)
    if not approval.by.strip() or not approval.reason.strip():
        raise ApprovalError("an answer needs a name and a reason: they are the record")
    if approval.key_file is not None:
        public = show_public(read_key(approval.key_file))
        if listed is None or listed.key != public:
            line = f'{{name: "{approval.by}", key: "{public}"}}'
            raise ApprovalError(f"this key is not listed for {approval.by}: {domain}.promote.approvers would need {line}")
        return
    if params.approvers and listed is None:
        raise ApprovalError(f"{approval.by} is not an approver of {domain}: promote.approvers in params.yaml lists who is")
    if params.approvers and not params.accept_self_declared:
        raise ApprovalError(f"a name alone is not enough for {domain}: sign with `addendum approve … --key FILE`")


def check_starter(actor: str, by: str) -> None:
    """Raise :class:`ApprovalError` when ``by`` is the ``actor`` who started the training."""
    if is_same_person(actor, by):
        raise ApprovalError(f"{by} started this training: whoever approves a candidate must be somebody else")


def write_answer(place: Place, judged: Judged, answer: Answer, approval: Approval) -> dict[str, Json]:
    """Return an answer as an event carries it: what is said, and what shows who said it."""
    listed = find_approver(place.of(judged.domain).promote.approvers, approval.by)
    statement = Statement(
        domain=judged.domain,
        version=judged.version,
        digest=judged.digest,
        run=judged.run,
        verdict=judged.verdict,
        decision=judged.decision,
        answer=answer,
        by=listed.name if listed is not None else approval.by.strip(),
        reason=approval.reason.strip(),
    )
    if approval.key_file is None:
        return {**statement.as_payload(), "proof": Proof.SELF_DECLARED}
    private = read_key(approval.key_file)
    public = show_public(private)
    signed: dict[str, Json] = {"key": identify_key(public), "public_key": public, "signature": sign(private, statement.encode())}
    return {**statement.as_payload(), "proof": Proof.SIGNED, **signed}


def check_early(place: Place, domain: DomainName, approval: Approval) -> None:
    """Raise :class:`ApprovalError` before a training when an approval that is given in advance would not count after it."""
    unfinished = open_retraining(place.ledger, domain)
    check_approver(place, domain, approval)
    check_starter(unfinished.actor if unfinished is not None else place.ledger.actor, approval.by)


def check_judged_starter(place: Place, judged: Judged, by: str) -> None:
    """Raise :class:`ApprovalError` when ``by`` is who started the training of this candidate."""
    for start in place.ledger.events(judged.domain, [Kind.RETRAIN_STARTED]):
        if start.payload["run"] == judged.run:
            check_starter(start.actor, by)


def _check_answer(place: Place, judged: Judged, answer: Answer) -> None:
    named = f"{judged.domain} version {judged.version}"
    if answer is Answer.GRANTED and judged.decision is not Decision.PROMOTE:
        hint = f"; `addendum override {judged.domain} {judged.version}`" if _is_overridable(place, judged) else ""
        raise ApprovalError(f"{named} cannot be approved: {judged.sentence}{hint}")
    if answer is Answer.OVERRIDE and not _is_overridable(place, judged):
        rule = "only a candidate that was held for want of evidence, with no safety gate failed, can be overridden"
        raise ApprovalError(f"{named}: {rule}: {judged.sentence}")
    if answer is Answer.DENIED and judged.decision is Decision.REFUSE:
        raise ApprovalError(f"{named} needs no denial: {judged.sentence}")


def _is_overridable(place: Place, judged: Judged) -> bool:
    return judged.decision is Decision.HOLD and read_verdict(place, judged).is_overridable


def _decide(place: Place, judged: Judged, payload: dict[str, Json], standing: Sequence[Event]) -> list[Draft]:
    """Return what an answer adds to what stands: nothing when it stands already, and a new asking when it comes too late."""
    state = _fold(place, judged, [event for event in standing if event.kind in APPROVAL_KINDS])
    is_denial = payload["answer"] == Answer.DENIED
    if state.standing is Standing.DENIED and not is_denial:
        raise ApprovalError(f"version {judged.version} was denied by {state.by}, which is final: retrain for another candidate")
    has_served = any(event.payload["digest"] == judged.digest for event in standing if event.kind in CROWNING)
    if is_denial and has_served:
        raise ApprovalError(
            f"version {judged.version} was promoted: `addendum rollback {judged.domain} --reason …` takes it back"
        )
    if state.standing in {Standing.DENIED, Standing.GRANTED} and not (is_denial and state.standing is Standing.GRANTED):
        return []
    if has_served:
        return []
    lapsed = [_draft_expiry(judged, state)] if state.is_lapsed else []
    if is_denial:
        return [*lapsed, Draft(Kind.APPROVAL_DENIED, payload)]
    if state.standing is Standing.EXPIRED:
        return [*lapsed, _draft_asking(place, judged)]
    return [Draft(Kind.APPROVAL_GRANTED, {**payload, "until": _end(place, judged)})]


def _fold(place: Place, judged: Judged, standing: Sequence[Event]) -> ApprovalState:
    return fold_approvals(standing, judged.digest, judged.verdict, place.clock.now())


def _draft_asking(place: Place, judged: Judged) -> Draft:
    return Draft(Kind.APPROVAL_ASKED, {**_name(judged), "until": _end(place, judged)})


def _draft_expiry(judged: Judged, state: ApprovalState) -> Draft:
    return Draft(Kind.APPROVAL_EXPIRED, {**_name(judged), "event": state.event.seq if state.event else None})


def _name(judged: Judged) -> dict[str, Json]:
    return {"run": judged.run, "version": judged.version, "digest": judged.digest, "verdict": judged.verdict}


def _end(place: Place, judged: Judged) -> str:
    return end_after(place.clock.now(), place.of(judged.domain).promote.expires_hours)
