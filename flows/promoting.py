"""From a verdict to the champion, back, and forward again. The ledger decides; registry and branch are made to agree after."""

from __future__ import annotations

from dataclasses import dataclass

from flows.dropping import is_tainted, list_drops
from flows.places import Place
from flows.worktrees import move_champion_branch
from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DomainName, RunId, shorten
from pipelines.domain.models import Champion
from pipelines.domain.promotions import Promotion
from pipelines.domain.verdicts import Decision
from pipelines.ledger.champions import CROWNING, champion, history, promote, restore, roll_back
from pipelines.promote.registry import MovedAlias


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A yes given by name; recorded as self-declared, since nothing here proves who said it."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PromotionOutcome:
    """What came of asking for a promotion."""

    is_promoted: bool
    sentence: str
    version: int | None = None


def promote_latest(place: Place, domain: DomainName, approval: Approval | None) -> PromotionOutcome:
    """Promote the last judged candidate when its verdict says so and whoever must approve has; run again, it is the same."""
    place.of(domain)
    project(place, domain)
    judged = place.ledger.last(domain, Kind.CANDIDATE_JUDGED)
    if judged is None:
        raise LedgerError(f"{domain} has no judged candidate: run `addendum retrain {domain}` first")
    version = int(str(judged.payload["version"]))
    serving = champion(place.ledger, domain)
    if serving is not None and serving.version == version:
        return PromotionOutcome(is_promoted=True, sentence=f"version {version} is the champion already", version=version)
    if judged.payload["decision"] != Decision.PROMOTE:
        said = f"version {version}: {judged.payload['sentence']}{_suspect(place, domain, judged, serving)}"
        return PromotionOutcome(is_promoted=False, sentence=said, version=version)
    if is_tainted(place, domain, str(judged.payload["run"]), int(str(judged.payload["ingest_seq"]))):
        said = f"version {version} was trained on a drop that has been withdrawn since: `addendum retrain {domain}` makes another"
        return PromotionOutcome(is_promoted=False, sentence=said, version=version)
    approved_by = _approve(place, domain, judged, approval, is_first=serving is None)
    if approved_by is None and _needs_approval(place, domain, is_first=serving is None):
        ask = f"addendum promote {domain} --approve YOUR-NAME --reason …"
        return PromotionOutcome(
            is_promoted=False, sentence=f"version {version} waits for a named approval: `{ask}`", version=version
        )
    promote(place.ledger, _promotion(domain, judged, approved_by))
    project(place, domain)
    return PromotionOutcome(is_promoted=True, sentence=f"version {version}: {judged.payload['sentence']}", version=version)


def roll_back_domain(place: Place, domain: DomainName, reason: str) -> Champion:
    """Give the domain its previous champion back and freeze promotion; raises when there is none to go back to."""
    place.of(domain)
    roll_back(place.ledger, domain, reason)
    project(place, domain)
    return _expect_champion(place, domain)


def restore_version(place: Place, domain: DomainName, version: int, approval: Approval) -> Champion:
    """Make a version that was champion before champion again."""
    place.of(domain)
    restore(place.ledger, domain, version, approval.reason, approval.by)
    project(place, domain)
    return _expect_champion(place, domain)


def project(place: Place, domain: DomainName) -> tuple[MovedAlias, ...]:
    """Make the registry's aliases and the champion branch what the ledger says; record what somebody else had moved.

    A crash between the ledger's word and the alias is mended here too, silently when the alias merely lagged behind.
    """
    serving = champion(place.ledger, domain)
    judged = place.ledger.last(domain, Kind.CANDIDATE_JUDGED)
    if serving is None and judged is None:
        return ()
    earlier = [known.version for known in history(place.ledger, domain)]
    expected = {
        "champion": serving.version if serving else None,
        "previous": _previous(earlier, serving),
        "challenger": _challenger(judged, earlier),
    }
    last = place.ledger.last(domain, Kind.CANDIDATE_JUDGED, *CROWNING)
    moved = place.registry.project(domain, expected, last.seq if last else 0)
    for alias in (alias for alias in moved if alias.is_foreign):
        payload = {"alias": alias.alias, "found": alias.found, "expected": alias.expected}
        place.ledger.append(domain, Kind.ALIAS_REPAIRED, payload)
    if serving is not None:
        move_champion_branch(place.workspace, domain, serving.run_id)
    return moved


def _suspect(place: Place, domain: DomainName, judged: Event, serving: Champion | None) -> str:
    """Name the drops that a refused candidate was the first to be trained on, and how to take one out."""
    if judged.payload["decision"] != Decision.REFUSE or serving is None:
        return ""
    since, until = serving.ingest_seq, int(str(judged.payload["ingest_seq"]))
    drops = [drop for drop in list_drops(place, domain) if drop.state == "admitted" and drop.ingest_seq is not None]
    new = [drop for drop in drops if since < (drop.ingest_seq or 0) <= until]
    named = ", ".join(f"{shorten(drop.drop_id)} ({drop.source})" for drop in new)
    return f"; if a drop is to blame ({named}): `addendum drop withdraw DROP --reason …`" if new else ""


def _previous(earlier: list[int], serving: Champion | None) -> int | None:
    others = [version for version in earlier if serving is None or version != serving.version]
    return others[-1] if others else None


def _challenger(judged: Event | None, earlier: list[int]) -> int | None:
    if judged is None:
        return None
    version = int(str(judged.payload["version"]))
    return None if version in earlier else version


def _needs_approval(place: Place, domain: DomainName, *, is_first: bool) -> bool:
    return is_first or place.of(domain).promote.approval == "always"


def _approve(place: Place, domain: DomainName, judged: Event, approval: Approval | None, *, is_first: bool) -> str | None:
    """Record the approval, or that one is asked for; return who approved."""
    run = judged.payload["run"]
    granted = [e for e in place.ledger.events(domain, [Kind.APPROVAL_GRANTED]) if e.payload["run"] == run]
    if granted:
        return str(granted[-1].payload["by"])
    if approval is not None:
        payload = {"run": run, "by": approval.by, "reason": approval.reason, "proof": "self-declared"}
        place.ledger.append(domain, Kind.APPROVAL_GRANTED, payload)
        return approval.by
    if _needs_approval(place, domain, is_first=is_first):
        asked = [e for e in place.ledger.events(domain, [Kind.APPROVAL_ASKED]) if e.payload["run"] == run]
        if not asked:
            place.ledger.append(domain, Kind.APPROVAL_ASKED, {"run": run, "version": judged.payload["version"]})
    return None


def _promotion(domain: DomainName, judged: Event, approved_by: str | None) -> Promotion:
    """The swap expects the champion that the candidate was judged against, whoever serves by now."""
    payload = judged.payload
    against = payload["against"]
    return Promotion(
        domain=domain,
        version=int(str(payload["version"])),
        digest=Digest(str(payload["digest"])),
        ingest_seq=int(str(payload["ingest_seq"])),
        run_id=RunId(str(payload["run"])),
        previous=None if against is None else int(str(against)),
        verdict=Digest(str(payload["verdict"])),
        reason=str(payload["sentence"]),
        approved_by=approved_by,
    )


def _expect_champion(place: Place, domain: DomainName) -> Champion:
    serving = champion(place.ledger, domain)
    if serving is None:
        raise LedgerError(f"{domain} has no champion: run `addendum retrain {domain}`")
    return serving
