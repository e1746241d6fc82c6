"""Where a domain stands, read from the ledger: for the status screen, for ``explain``, and for whoever asks why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flows.approving import read_approval
from flows.candidates import find_judged, read_judged, read_verdict
from flows.costs import read_cost
from flows.places import Place
from flows.promoting import list_overrides
from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import DomainName, shorten
from pipelines.domain.verdicts import Verdict
from pipelines.ledger.champions import champion, is_frozen
from pipelines.ledger.retrainings import open_retraining
from pipelines.promote.approvals import APPROVAL_KINDS, Answer, ApprovalState, Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class StandingRow:
    """One domain on the status screen."""

    champion: str
    since: str
    last_drop: str
    candidate: str
    open: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A version's verdict, and what the ledger says happened to it."""

    verdict: Verdict
    history: tuple[str, ...]


def describe_domain(place: Place, domain: DomainName) -> StandingRow:
    """Return a domain's line of the status screen."""
    ledger = place.ledger
    serving = champion(ledger, domain)
    since = ledger.events(domain, since=serving.since_seq - 1)[0].recorded_at if serving else None
    drop = ledger.last(domain, Kind.DROP_LANDED, Kind.DROP_REFUSED)
    judged = ledger.last(domain, Kind.CANDIDATE_JUDGED)
    return StandingRow(
        champion=_name_champion(place, domain),
        since=f"{since:%Y-%m-%d %H:%M}" if since else "",
        last_drop=f"{drop.payload['source']} {drop.recorded_at:%Y-%m-%d} ({drop.kind})" if drop else "none",
        candidate=f"version {judged.payload['version']}: {judged.payload['decision']}" if judged else "none",
        open=", ".join(_open_matters(place, domain)) or "nothing",
    )


def explain_version(place: Place, domain: DomainName, version: int) -> Explanation:
    """Return the verdict on a version and what followed; raises :class:`LedgerError` for one that was never judged."""
    place.of(domain)
    events = place.ledger.events(domain)
    runs = {
        event.payload["run"] for event in events if event.kind is Kind.CANDIDATE_JUDGED and event.payload["version"] == version
    }
    about = [event for event in events if event.payload.get("version") == version or event.payload.get("run") in runs]
    judged = [event for event in about if event.kind is Kind.CANDIDATE_JUDGED]
    if not judged:
        raise LedgerError(f"{domain} has no judged version {version}: `addendum status` shows the latest")
    verdict = read_verdict(place, read_judged(judged[-1]))
    return Explanation(verdict=verdict, history=tuple(_tell(event) for event in about))


def _open_matters(place: Place, domain: DomainName) -> Sequence[str]:
    ledger = place.ledger
    matters = ["frozen by a rollback"] if is_frozen(ledger, domain) else []
    unfinished = open_retraining(ledger, domain)
    if unfinished is not None:
        matters.append(f"retraining {unfinished.payload['run']} unfinished")
    last = ledger.last(domain, Kind.RETRAIN_HELD, Kind.RETRAIN_STARTED, *APPROVAL_KINDS, Kind.PROMOTED)
    if last is not None and last.kind is Kind.RETRAIN_HELD:
        matters.append(f"held: {last.payload['reason']}")
    if last is not None and last.kind in APPROVAL_KINDS:
        state = read_approval(place, find_judged(place, domain, int(str(last.payload["version"]))))
        matters.append(_tell_approval(int(str(last.payload["version"])), state))
    return matters


def _name_champion(place: Place, domain: DomainName) -> str:
    serving = champion(place.ledger, domain)
    if serving is None:
        return "none"
    is_override = any(event.payload["version"] == serving.version for event in list_overrides(place, domain))
    return f"version {serving.version}{' (by override)' if is_override else ''}"


def _tell_approval(version: int, state: ApprovalState) -> str:
    if state.standing is Standing.ASKED and state.until is not None:
        return f"version {version} waits for approval until {state.until:%Y-%m-%d %H:%M}"
    by = f" by {state.by}" if state.by else ""
    return f"version {version}: approval {state.standing}{by}"


def _tell(event: Event) -> str:
    said = event.payload.get("reason") or event.payload.get("sentence") or ""
    cost = read_cost(event)
    if cost is not None:
        said = f"{event.payload['decision']}: {cost.describe()}"
    if "by" in event.payload:
        answer = "override, " if event.payload.get("answer") == Answer.OVERRIDE else ""
        said = f"{event.payload['by']} ({answer}{event.payload.get('proof', 'self-declared')}): {said}"
    if event.payload.get("override"):
        said = f"by override of {event.payload['approved_by']}: {said}"
    return (
        f"  {event.seq:>4}  {event.recorded_at:%Y-%m-%d %H:%M}  {event.kind}  by {event.actor}  {said}  [{shorten(event.hash)}]"
    )
