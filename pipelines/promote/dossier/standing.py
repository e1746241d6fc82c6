"""What became of a candidate, folded from the domain's events: whether it serves, by whose word, and what it inherits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import DomainName
from pipelines.domain.models import Champion
from pipelines.domain.verdicts import Decision
from pipelines.ledger.custody import list_erased
from pipelines.ledger.reigns import CROWNING, fold_champions
from pipelines.promote.approvals import tell_proof
from pipelines.promote.dossier.exhibits import list_named
from pipelines.promote.dossier.facts import Moment, Outcome, Override, Reign, Standing
from pipelines.promote.dossier.words import tell_day

HOW = {Kind.PROMOTED: "promoted", Kind.ROLLED_BACK: "given back by a rollback", Kind.RESTORED: "restored"}


def find_judged(events: Sequence[Event], domain: DomainName, version: int) -> Event:
    """Return the last verdict on ``version``; raises :class:`LedgerError` for one that was never judged."""
    judged = [event for event in events if event.kind is Kind.CANDIDATE_JUDGED and event.payload.get("version") == version]
    if not judged:
        raise LedgerError(f"{domain} has no judged version {version}: `addendum status` shows the latest")
    return judged[-1]


def find_known(events: Sequence[Event], judged: Event) -> int:
    """Return the number of the last event that this verdict's dossier depends on: what came after it changes nothing here.

    That is an answer to this candidate, a change of champion that this version gained or lost by, or an erasure of evidence of
    it. So the page of a version that never served stays as it is, whoever is promoted later.
    """
    run, version = judged.payload.get("run"), judged.payload["version"]
    evidence = set(list_named(judged).values())
    known, serving = judged.seq, None
    for event in events:
        is_crowning = event.kind in CROWNING
        is_about = version in (serving, event.payload["version"]) if is_crowning else event.payload.get("run") == run
        is_about = is_about or not evidence.isdisjoint(list_erased([event]))
        serving = event.payload["version"] if is_crowning else serving
        known = max(known, event.seq) if is_about else known
    return known


def fold_standing(events: Sequence[Event], judged: Event) -> Standing:
    """Return where the candidate of ``judged`` stands after ``events``."""
    version = int(str(judged.payload["version"]))
    stack = fold_champions(events)
    reigns = list_reigns(events, version)
    overrides = list_overrides(events)
    before = {past.version for past in _line_before(events, version, judged)}
    standing = Standing(
        outcome=_find_outcome(events, judged, reigns),
        sentence="",
        champion=stack[-1].version if stack else None,
        reigns=reigns,
        override=next((one for one in overrides if one.version == version), None),
        inherited=tuple(one for one in overrides if one.version in before and one.version != version),
    )
    return replace(standing, sentence=_tell(standing, judged))


def list_reigns(events: Sequence[Event], version: int) -> tuple[Reign, ...]:
    """Return the times in which ``version`` served, in order."""
    reigns: list[Reign] = []
    for event in (event for event in events if event.kind in CROWNING):
        moment, crowned = mark(event), event.payload["version"] == version
        if reigns and reigns[-1].ended is None and not crowned:
            last = reigns[-1]
            how = "rolled back" if event.kind is Kind.ROLLED_BACK else f"replaced by version {event.payload['version']}"
            reigns[-1] = Reign(began=last.began, how=last.how, reason=last.reason, ended=moment, how_ended=how)
        elif crowned and (not reigns or reigns[-1].ended is not None):
            reigns.append(Reign(began=moment, how=HOW[event.kind], reason=str(event.payload.get("reason", ""))))
    return tuple(reigns)


def list_overrides(events: Sequence[Event]) -> list[Override]:
    """Return the promotions that no verdict asked for.

    A promotion is an override where it says so itself, and also where the verdict that it names was another than to promote.
    """
    found = []
    for event in (event for event in events if event.kind is Kind.PROMOTED):
        run = event.payload.get("run_id")
        decided = [e.payload["decision"] for e in events if e.kind is Kind.CANDIDATE_JUDGED and e.payload.get("run") == run]
        if event.payload.get("override") or (decided and decided[-1] != Decision.PROMOTE):
            found.append(_describe_override(events, event, run))
    return found


def mark(event: Event) -> Moment:
    """Return an event's number and time."""
    return Moment(seq=event.seq, at=event.recorded_at)


def _describe_override(events: Sequence[Event], promoted: Event, run: object) -> Override:
    granted = [e for e in events if e.kind is Kind.APPROVAL_GRANTED and e.payload.get("run") == run and e.seq < promoted.seq]
    answer = granted[-1] if granted else promoted
    payload = answer.payload
    return Override(
        version=int(str(promoted.payload["version"])),
        moment=mark(promoted),
        by=str(payload.get("by", promoted.payload.get("approved_by") or "not recorded")),
        reason=str(payload.get("reason", "not recorded")),
        proof=tell_proof(answer) or "not recorded",
    )


def _line_before(events: Sequence[Event], version: int, judged: Event) -> list[Champion]:
    """Return the champions on whose shoulders ``version`` stands: the stack below it, or the whole stack when it was judged."""
    first = next((e.seq for e in events if e.kind in CROWNING and e.payload["version"] == version), None)
    until = judged.seq if first is None else first - 1
    return fold_champions([event for event in events if event.seq <= until])


def _find_outcome(events: Sequence[Event], judged: Event, reigns: Sequence[Reign]) -> Outcome:
    if reigns:
        return Outcome.SERVES if reigns[-1].ended is None else Outcome.SERVED
    run, decision = judged.payload.get("run"), judged.payload["decision"]
    if any(event.kind is Kind.APPROVAL_DENIED and event.payload.get("run") == run for event in events):
        return Outcome.DENIED
    return {Decision.PROMOTE.value: Outcome.WAITS, Decision.HOLD.value: Outcome.HELD}.get(str(decision), Outcome.REFUSED)


def _tell(standing: Standing, judged: Event) -> str:
    """Say in one sentence, to somebody who knows none of the words, what happened."""
    version, against = judged.payload["version"], judged.payload.get("against")
    serving = f"version {standing.champion} goes on serving" if standing.champion is not None else "no version serves yet"
    if standing.reigns:
        return _tell_reign(standing, f"Version {version}", against)
    return {
        Outcome.DENIED: f"Version {version} was denied by a person; {serving}.",
        Outcome.WAITS: f"Version {version} passed its gates and waits to be promoted; {serving}.",
        Outcome.HELD: f"Version {version} was held, because the evidence does not decide the matter; {serving}.",
    }.get(standing.outcome, f"Version {version} was refused, because it failed a gate; {serving}.")


def _tell_reign(standing: Standing, version: str, against: object) -> str:
    last, first = standing.reigns[-1], standing.reigns[0]
    instead = f"in the place of version {against}" if against is not None else "as the first champion"
    by = ", by an override" if standing.override else ""
    if last.ended is None:
        since = f"since {tell_day(last.began.at)}" + (f" ({last.how})" if len(standing.reigns) > 1 else "")
        return f"{version} serves {since}, {instead}{by}."
    return f"{version} served from {tell_day(first.began.at)} to {tell_day(last.ended.at)}, {instead}{by}; {last.how_ended}."
