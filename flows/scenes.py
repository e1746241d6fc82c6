"""The five acts, each told as it happens. Every scene goes through the same flows and commands that a user would call."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from dataclasses import dataclass

from rich.console import Console

from flows.dropping import find_drop, withdraw_drop
from flows.impacts import trace_document
from flows.landing import Landing
from flows.places import Place, open_place
from flows.progress import Waiting
from flows.promoting import Approval, restore_version
from flows.retrain import Retraining, retrain
from flows.rollback import rollback
from flows.watch import watch
from infra.rehearsal.worlds import Act, World
from pipelines.domain.identities import DomainName, shorten
from pipelines.domain.revisions import Status
from pipelines.domain.verdicts import Decision
from pipelines.ledger.champions import champion, unfreeze

CLINICAL, REGULATORY = DomainName("clinical"), DomainName("regulatory")
DIRECTOR = "the rehearsal's director"


@dataclass(frozen=True, slots=True, kw_only=True)
class SceneRow:
    """One domain in one act, for the closing table."""

    act: str
    domain: str
    drops: str = ""
    admitted: int = 0
    quarantined: int = 0
    verdict: str = ""
    champion: str = ""
    seconds: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One act as told: its title, its sentences, its lines of the closing table, and the runs that it made."""

    title: str
    sentences: tuple[str, ...]
    rows: tuple[SceneRow, ...]
    runs: tuple[tuple[DomainName, str], ...] = ()
    seconds: float = 0.0


class Narrator:
    """Tells an act while it is played, and keeps what was told."""

    def __init__(self, out: Console, title: str) -> None:
        self.out, self.title = out, title
        self.sentences: list[str] = []
        self.rows: list[SceneRow] = []
        self.runs: list[tuple[DomainName, str]] = []
        self.started = time.monotonic()
        out.print(f"\n[bold]{title}[/]")

    def tell(self, sentence: str) -> None:
        """Say a sentence."""
        self.sentences.append(sentence)
        self.out.print(f"  {sentence}", markup=False)

    def end(self) -> Scene:
        """Return the act as told."""
        return Scene(
            title=self.title,
            sentences=tuple(self.sentences),
            rows=tuple(self.rows),
            runs=tuple(self.runs),
            seconds=time.monotonic() - self.started,
        )


def play(world: World, out: Console, progress: Waiting) -> list[Scene]:
    """Play all acts in order."""
    return [
        play_backlog(world, out, progress),
        play_amendment(world, out, progress),
        play_nothing(world, out, progress),
        play_crude_poison(world, out, progress),
        play_subtle_poison(world, out, progress),
        play_rollback(out, progress),
    ]


def play_backlog(world: World, out: Console, progress: Waiting) -> Scene:
    """Act 1: both domains get their first model, which becomes champion and anchor."""
    narrator = Narrator(out, "Act 1. A backlog arrives; both domains train their first model")
    _enter(world, Act.BACKLOG)
    for domain in (CLINICAL, REGULATORY):
        _go_round(narrator, progress, domain, "1", approved_by=DIRECTOR)
    return narrator.end()


def play_amendment(world: World, out: Console, progress: Waiting) -> Scene:
    """Act 2: rules are amended, trials revised, a paper retracted, some rows are malformed; the models retrain."""
    narrator = Narrator(out, "Act 2. A rule is amended, a trial revised, a paper retracted, 3% of the rows are malformed")
    _enter(world, Act.AMENDMENT)
    for domain in (CLINICAL, REGULATORY):
        _go_round(narrator, progress, domain, "2")
    _tell_impact(narrator, open_place(), CLINICAL)
    return narrator.end()


def play_nothing(world: World, out: Console, progress: Waiting) -> Scene:
    """Act 3: nothing new; a recorded HOLD, and no stage runs."""
    narrator = Narrator(out, "Act 3. Nothing new")
    _enter(world, Act.NOTHING)
    for domain in (CLINICAL, REGULATORY):
        _go_round(narrator, progress, domain, "3")
    return narrator.end()


def play_crude_poison(world: World, out: Console, progress: Waiting) -> Scene:
    """Act 4, first: a crude flip of labels is refused at admission."""
    narrator = Narrator(out, "Act 4a. Poison, crude: a drop whose labels were flipped")
    _enter(world, Act.CRUDE_POISON)
    _go_round(narrator, progress, CLINICAL, "4a")
    return narrator.end()


def play_subtle_poison(world: World, out: Console, progress: Waiting) -> Scene:
    """Act 4, second: a subtler one passes admission; the gate refuses the candidate; the drop is withdrawn."""
    narrator = Narrator(out, "Act 4b. Poison, subtle: labels swapped so that their shares look as always")
    _enter(world, Act.SUBTLE_POISON)
    landings = _go_round(narrator, progress, CLINICAL, "4b")
    place = open_place()
    for landing in landings:
        if landing.drop_id is not None and not landing.is_refused:
            withdraw_drop(place, find_drop(place, landing.drop_id), "labels swapped: its candidate was refused by the gate")
            narrator.tell(f"$ addendum drop withdraw {shorten(landing.drop_id)} --reason …   → out of the corpus's present")
    _tell_retraining(narrator, CLINICAL, retrain(CLINICAL))
    return narrator.end()


def play_rollback(out: Console, progress: Waiting) -> Scene:
    """Act 5: back to the previous champion with one command, and forward again."""
    narrator = Narrator(out, "Act 5. Rollback with one command, and forward again")
    place = open_place()
    before = champion(place.ledger, CLINICAL)
    started = time.monotonic()
    with progress.waiting("rolling back"):
        back = rollback(CLINICAL, "rehearsing a rollback")
    narrator.tell(
        f"$ addendum rollback clinical   → version {back.version} serves again, after {time.monotonic() - started:.1f} s"
    )
    unfreeze(place.ledger, CLINICAL, "the rehearsal goes on")
    narrator.tell("$ addendum unfreeze clinical   → promotion is open again")
    if before is not None:
        again = restore_version(place, CLINICAL, before.version, Approval(by=DIRECTOR, reason="the rollback was a rehearsal"))
        narrator.tell(f"$ addendum restore clinical {again.version}   → version {again.version} is champion again")
    narrator.rows.append(
        SceneRow(act="5", domain=CLINICAL, verdict="rolled back, restored", champion=_name_champion(place, CLINICAL))
    )
    return narrator.end()


def _enter(world: World, act: Act) -> None:
    world.play(act)
    os.environ["ADDENDUM_NOW"] = world.today(act).isoformat()


def _go_round(
    narrator: Narrator, progress: Waiting, domain: DomainName, act: str, approved_by: str | None = None
) -> list[Landing]:
    """Watch and retrain once, tell what came of it, and note it for the table."""
    with progress.waiting(f"watching {domain}"):
        landings = watch(domain)
    for landing in landings:
        if landing.drop_id is not None:
            narrator.tell(f"{domain}: {landing.source}: {landing.sentence}")
    done = retrain(domain, approved_by=approved_by)
    _tell_retraining(narrator, domain, done)
    narrator.rows.append(_sum_up(act, domain, landings, done))
    if done.run_id is not None:
        narrator.runs.append((domain, done.run_id))
    return landings


def _tell_retraining(narrator: Narrator, domain: DomainName, done: Retraining) -> None:
    if done.conclusion is None:
        narrator.tell(f"{domain}: HOLD: {done.reason}")
        return
    narrator.tell(f"{domain}: retrained, because: {done.reason}")
    conclusion = done.conclusion
    narrator.tell(f"{domain}: version {conclusion.version}: {conclusion.sentence}")
    if done.promotion is not None and conclusion.decision is Decision.REFUSE:
        narrator.tell(f"{domain}: {done.promotion.sentence.rpartition('; ')[2]}")
    if done.promotion is not None and conclusion.decision is Decision.PROMOTE:
        said = "is now champion" if done.promotion.is_promoted else f"is not promoted: {done.promotion.sentence}"
        narrator.tell(f"{domain}: version {conclusion.version} {said}")


def _tell_impact(narrator: Narrator, place: Place, domain: DomainName) -> None:
    """Tell which models saw each paper that was retracted."""
    entries = place.corpus(domain).read()
    for document in sorted({one.revision.document_id for one in entries if one.revision.status is Status.RETRACTED}):
        for found in trace_document(place, document):
            said = [f"version {one.version} {' and '.join(one.sights)} ({one.reign})" for one in found.witnesses]
            narrator.tell(f"$ addendum impact {document}   → {'; '.join(said) or 'no model saw it'}")


def _sum_up(act: str, domain: DomainName, landings: Iterable[Landing], done: Retraining) -> SceneRow:
    came = [landing for landing in landings if landing.drop_id is not None]
    ids = [f"{shorten(landing.drop_id or '')[:6]}{' refused' if landing.is_refused else ''}" for landing in came]
    return SceneRow(
        act=act,
        domain=domain,
        drops=", ".join(ids) or "none",
        admitted=sum(landing.admitted for landing in came),
        quarantined=sum(landing.quarantined for landing in came),
        verdict=done.conclusion.decision if done.conclusion else "hold",
        champion=_name_champion(open_place(), domain),
        seconds=tuple((run.stage.value, run.seconds) for run in done.stages),
    )


def _name_champion(place: Place, domain: DomainName) -> str:
    serving = champion(place.ledger, domain)
    return f"version {serving.version}" if serving else "none"
