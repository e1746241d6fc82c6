"""An approver's answer from first to last: recorded, and followed by the promotion that it allows."""

from __future__ import annotations

from dataclasses import replace

from flows.approving import Approval, answer_candidate
from flows.candidates import find_judged
from flows.dossiers import publish_after_promotion
from flows.places import Place
from flows.promoting import PromotionOutcome, promote_version
from pipelines.domain.errors import ApprovalError
from pipelines.domain.identities import DomainName
from pipelines.promote.approvals import Answer, ApprovalState, Standing


def answer_version(place: Place, domain: DomainName, version: int, answer: Answer, approval: Approval) -> PromotionOutcome:
    """Record the answer about a judged version, and promote it when the answer is yes; the same answer again is the same.

    Raises :class:`~pipelines.domain.errors.ApprovalError` for an answer that does not count, and what
    :func:`flows.promoting.promote_version` raises.
    """
    place.of(domain)
    state = answer_candidate(place, find_judged(place, domain, version), answer, approval)
    outcome = _follow(place, domain, version, answer, state)
    publish_after_promotion(place, domain, version)
    return outcome


def answer_or_ask_again(place: Place, domain: DomainName, version: int, answer: Answer, approval: Approval) -> PromotionOutcome:
    """Do as :func:`answer_version` does; an answer that does not count is told, and the question stays open."""
    try:
        return answer_version(place, domain, version, answer, approval)
    except ApprovalError as error:
        outcome = promote_version(place, domain, version, None, is_anew=True)
        return replace(outcome, sentence=f"{error}. {outcome.sentence}")


def _follow(place: Place, domain: DomainName, version: int, answer: Answer, state: ApprovalState) -> PromotionOutcome:
    if answer is Answer.DENIED:
        said = f"version {version} was denied by {state.by}, and the champion stays"
        return PromotionOutcome(is_promoted=False, sentence=said, version=version)
    outcome = promote_version(place, domain, version, None)
    if state.standing is Standing.ASKED:
        return replace(outcome, sentence=f"the asking had run out, so it was asked anew; {outcome.sentence}")
    return outcome
