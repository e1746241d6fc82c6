"""From a verdict to the champion. The ledger decides; registry and branch are made to agree after.

A promotion is a list of small steps. Each does nothing when it was done before, so a promotion that was killed anywhere is
promoted again from the first step and ends the same.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flows.approving import Approval, answer_candidate, ask_approval, read_approval
from flows.candidates import Judged, find_judged, read_verdict
from flows.dropping import is_tainted, list_drops
from flows.places import Place
from flows.projecting import project, project_aliases, project_branch
from flows.reconciling import keep_model, laid_out
from flows.returning import refuse_erased, restore_version, roll_back_domain
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import DomainName, shorten
from pipelines.domain.models import Champion
from pipelines.domain.promotions import Promotion
from pipelines.domain.verdicts import Decision
from pipelines.ledger.champions import champion, promote
from pipelines.promote.approvals import Answer, ApprovalState, Standing

__all__ = [
    "PROMOTION_STEPS",
    "Approval",
    "PromotionOutcome",
    "list_overrides",
    "project",
    "promote_latest",
    "promote_version",
    "restore_version",
    "roll_back_domain",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionOutcome:
    """What came of asking for a promotion.

    ``asked`` is the event that asks for the approval it waits for, where a form would count as one, and ``until`` its end.
    """

    is_promoted: bool
    sentence: str
    version: int | None = None
    asked: int | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Promoting:
    """A candidate on its way to champion."""

    place: Place
    judged: Judged
    promotion: Promotion


def promote_latest(place: Place, domain: DomainName, approval: Approval | None) -> PromotionOutcome:
    """Promote the last judged candidate when its verdict says so and whoever must approve has; run again, it is the same."""
    return promote_version(place, domain, None, approval)


def promote_version(
    place: Place, domain: DomainName, version: int | None, approval: Approval | None, *, is_anew: bool = False
) -> PromotionOutcome:
    """Promote a judged version (``None``: the last one); ``is_anew`` asks for its approval again where the last asking ran out.

    Raises:
        ApprovalError: when ``approval`` does not count.
        ChampionMovedError: when another champion serves than the candidate was judged against.
        PromotionFrozenError: while a rollback freezes promotion.
    """
    place.of(domain)
    project(place, domain)
    judged = find_judged(place, domain, version)
    serving = champion(place.ledger, domain)
    if serving is not None and serving.version == judged.version:
        said = f"version {judged.version} is the champion already"
        return PromotionOutcome(is_promoted=True, sentence=said, version=judged.version)
    obstacle = _find_obstacle(place, judged, serving)
    if obstacle is not None:
        return PromotionOutcome(is_promoted=False, sentence=f"version {judged.version}{obstacle}", version=judged.version)
    needs_approval = _needs_approval(place, judged, serving)
    state = _settle(place, judged, approval, needs_asking=needs_approval, is_anew=is_anew)
    if needs_approval and state.standing is not Standing.GRANTED:
        return _wait(place, judged, state)
    take_steps(Promoting(place=place, judged=judged, promotion=_write_promotion(judged, state)))
    return PromotionOutcome(is_promoted=True, sentence=f"version {judged.version}: {judged.sentence}", version=judged.version)


def take_steps(promoting: Promoting) -> None:
    """Take all steps of a promotion in order."""
    for step in PROMOTION_STEPS:
        step(promoting)


def keep_weights(promoting: Promoting) -> None:
    """Keep the weights as evidence: before the event that names them, so that no promotion ever lacks them."""
    keep_model(promoting.place, promoting.judged)


def swap_champion(promoting: Promoting) -> None:
    """Swap the champion in the ledger: from here on the promotion stands."""
    promote(promoting.place.ledger, promoting.promotion)


def move_branch(promoting: Promoting) -> None:
    """Let the champion branch follow."""
    project_branch(promoting.place, promoting.judged.domain)


def move_aliases(promoting: Promoting) -> None:
    """Let the registry's aliases follow."""
    project_aliases(promoting.place, promoting.judged.domain)


PROMOTION_STEPS: tuple[Callable[[Promoting], None], ...] = (keep_weights, swap_champion, move_branch, move_aliases)


def list_overrides(place: Place, domain: DomainName) -> tuple[Event, ...]:
    """Return the promotions by which a named approver made champion what the gates could not decide on, oldest first."""
    return tuple(event for event in place.ledger.events(domain, [Kind.PROMOTED]) if event.payload.get("override"))


def _find_obstacle(place: Place, judged: Judged, serving: Champion | None) -> str | None:
    """Return why the candidate may not be promoted whoever approves it, as the rest of a sentence."""
    state = read_approval(place, judged)
    if state.standing is Standing.DENIED:
        return f" was denied by {state.by}: `addendum retrain {judged.domain}` makes another"
    is_overridden = state.is_override and read_verdict(place, judged).is_overridable
    if judged.decision is not Decision.PROMOTE and not is_overridden:
        return f": {judged.sentence}{_suspect(place, judged, serving)}"
    if is_tainted(place, judged.domain, judged.run, judged.ingest_seq):
        return f" was trained on a drop that has been withdrawn since: `addendum retrain {judged.domain}` makes another"
    if place.ledger.last(judged.domain, Kind.DOCUMENT_ERASED) is not None:
        with laid_out(place, judged.domain, judged.model) as folder:
            refuse_erased(place, judged.domain, folder, judged.version)
    return None


def _suspect(place: Place, judged: Judged, serving: Champion | None) -> str:
    """Name the drops that a refused candidate was the first to be trained on, and how to take one out."""
    if judged.decision is not Decision.REFUSE or serving is None:
        return ""
    drops = [drop for drop in list_drops(place, judged.domain) if drop.state == "admitted" and drop.ingest_seq is not None]
    new = [drop for drop in drops if serving.ingest_seq < (drop.ingest_seq or 0) <= judged.ingest_seq]
    named = ", ".join(f"{shorten(drop.drop_id)} ({drop.source})" for drop in new)
    return f"; if a drop is to blame ({named}): `addendum drop withdraw DROP --reason …`" if new else ""


def _needs_approval(place: Place, judged: Judged, serving: Champion | None) -> bool:
    return serving is None or judged.needs_approval or place.of(judged.domain).promote.approval == "always"


def _settle(place: Place, judged: Judged, approval: Approval | None, *, needs_asking: bool, is_anew: bool) -> ApprovalState:
    """Record the approval, or that one is asked for or ran out; return where it stands."""
    if approval is not None and judged.decision is Decision.PROMOTE:
        return answer_candidate(place, judged, Answer.GRANTED, approval)
    if needs_asking:
        return ask_approval(place, judged, anew=is_anew)
    return read_approval(place, judged)


def _wait(place: Place, judged: Judged, state: ApprovalState) -> PromotionOutcome:
    named, params = f"version {judged.version}", place.of(judged.domain).promote
    command = f"`addendum approve {judged.domain} {judged.version} --as YOUR-NAME --reason …`"
    if state.standing is Standing.EXPIRED or state.event is None or state.until is None:
        said = f"{named}: the approval was asked for and ran out: {command} asks anew"
        return PromotionOutcome(is_promoted=False, sentence=said, version=judged.version)
    said = f"{named} waits for a named approval until {state.until:%Y-%m-%d %H:%M}: {command}"
    is_form_enough = params.accept_self_declared or not params.approvers
    return PromotionOutcome(
        is_promoted=False,
        sentence=said if is_form_enough else said.replace(" --reason", " --key FILE --reason"),
        version=judged.version,
        asked=state.event.seq if is_form_enough else None,
        until=state.until,
    )


def _write_promotion(judged: Judged, state: ApprovalState) -> Promotion:
    """The swap expects the champion that the candidate was judged against, whoever serves by now."""
    return Promotion(
        domain=judged.domain,
        version=judged.version,
        digest=judged.digest,
        ingest_seq=judged.ingest_seq,
        run_id=judged.run,
        previous=judged.against,
        verdict=judged.verdict,
        reason=judged.sentence,
        approved_by=state.by if state.standing is Standing.GRANTED else None,
        is_override=state.is_override,
    )
