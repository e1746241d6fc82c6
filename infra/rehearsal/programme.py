"""What each act brings, written once from the seed: every kind of document draws from its own stream of chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from random import Random

from infra.rehearsal.acts import Act, WorldSize
from infra.rehearsal.dockets import DocketDocument, write_amending_dockets, write_dockets
from infra.rehearsal.malformations import Malformed, spoil_papers, spoil_recalls, spoil_trials
from infra.rehearsal.notices import Notice, write_amending_rules, write_notices
from infra.rehearsal.papers import Paper, retract, write_papers
from infra.rehearsal.recalls import Recall, label_crudely, label_honestly, label_subtly, reclassify, write_recalls
from infra.rehearsal.sections import Section, amend_sections, write_sections
from infra.rehearsal.trials import Trial, revise_trials, write_trials

_FIRST_EVENT = {Act.BACKLOG: 1000, Act.AMENDMENT: 4000, Act.CRUDE_POISON: 6000, Act.SUBTLE_POISON: 8000}
_FIRST_TRIAL, _NEW_TRIAL = 1000, 5000
_FIRST_PAPER, _NEW_PAPER = 99_000_000, 99_500_000
_AMENDED_SHARE = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What one act publishes: new documents, and new states of old ones under their old ids."""

    recalls: tuple[Recall, ...] = ()
    trials: tuple[Trial, ...] = ()
    papers: tuple[Paper, ...] = ()
    sections: tuple[Section, ...] = ()
    notices: tuple[Notice, ...] = ()
    dockets: tuple[DocketDocument, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Retraction:
    """Which paper is retracted, and the notice that says so, by PMID."""

    paper: str
    notice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """All that will be published, and what a rehearsal needs to know about it beforehand."""

    news: Mapping[Act, News]
    malformed: tuple[Malformed, ...]
    retraction: Retraction


def write_programme(seed: int, size: WorldSize) -> Programme:
    """Return the same programme for the same seed and size."""
    backlog = _write_backlog(seed, size)
    amended = amend_sections(backlog.sections, size.amended_sections, _chance(seed, "amended"))
    backlog = _with_commentary(backlog, amended, seed, size)
    amendment, malformed, retraction = _write_amendment(backlog, amended, seed, size)
    crude = label_crudely(size.crude_recalls, _chance(seed, "crude labels"))
    subtle = label_subtly(size.subtle_recalls, _chance(seed, "subtle labels"))
    news = {
        Act.BACKLOG: backlog,
        Act.AMENDMENT: amendment,
        Act.NOTHING: News(),
        Act.CRUDE_POISON: News(recalls=_recalls(Act.CRUDE_POISON, crude, seed)),
        Act.SUBTLE_POISON: News(recalls=_recalls(Act.SUBTLE_POISON, subtle, seed)),
    }
    return Programme(news=news, malformed=tuple(malformed), retraction=retraction)


def _chance(seed: int, purpose: str) -> Random:
    """Return a generator of its own for each purpose, so that one more document of one kind changes no other kind."""
    return Random(f"{seed}/{purpose}")  # noqa: S311 - invented documents, no secrets


def _recalls(act: Act, labelled: Sequence[tuple[str, str]], seed: int) -> tuple[Recall, ...]:
    return tuple(write_recalls(act, labelled, _FIRST_EVENT[act], _chance(seed, f"{act} recalls")))


def _write_backlog(seed: int, size: WorldSize) -> News:
    labelled = label_honestly(size.recalls, _chance(seed, "backlog labels"))
    return News(
        recalls=_recalls(Act.BACKLOG, labelled, seed),
        trials=tuple(write_trials(Act.BACKLOG, size.trials, _FIRST_TRIAL, _chance(seed, "trials"))),
        papers=tuple(write_papers(Act.BACKLOG, size.papers, _FIRST_PAPER, _chance(seed, "papers"))),
        sections=tuple(write_sections(size.sections, _chance(seed, "sections"))),
    )


def _with_commentary(backlog: News, amended: Sequence[Section], seed: int, size: WorldSize) -> News:
    """Add the documents about the rules, few of them about the rules that will change: old figures should not drown new ones."""
    changing = {section.identifier for section in amended}
    steady = [section for section in backlog.sections if section.identifier not in changing]
    moving = [section for section in backlog.sections if section.identifier in changing]
    copies = max(1, round((1 - _AMENDED_SHARE) / _AMENDED_SHARE * len(moving) / len(steady)))
    subjects = [*steady * copies, *moving]
    return News(
        recalls=backlog.recalls,
        trials=backlog.trials,
        papers=backlog.papers,
        sections=backlog.sections,
        notices=tuple(write_notices(subjects, size.notices, _chance(seed, "notices"))),
        dockets=tuple(write_dockets(subjects, size.dockets, _chance(seed, "dockets"))),
    )


def _write_amendment(
    backlog: News, amended: Sequence[Section], seed: int, size: WorldSize
) -> tuple[News, list[Malformed], Retraction]:
    labelled = label_honestly(size.new_recalls, _chance(seed, "new labels"))
    recalls, odd_recalls = spoil_recalls(_recalls(Act.AMENDMENT, labelled, seed), _chance(seed, "odd recalls"))
    trials = write_trials(Act.AMENDMENT, size.new_trials, _NEW_TRIAL, _chance(seed, "new trials"))
    trials, odd_trials = spoil_trials(trials, _chance(seed, "odd trials"))
    notice, retracted = retract(backlog.papers, _NEW_PAPER, _chance(seed, "retraction"))
    fresh = write_papers(Act.AMENDMENT, size.new_papers - 1, _NEW_PAPER + 1, _chance(seed, "new papers"))
    papers, odd_papers = spoil_papers([notice, *fresh], _chance(seed, "odd papers"))
    raised = reclassify(backlog.recalls, size.reclassified_recalls, _chance(seed, "reclassified"))
    revised = revise_trials(backlog.trials, size.revised_trials, _chance(seed, "revised"))
    news = News(
        recalls=(*recalls, *raised),
        trials=(*trials, *revised),
        papers=(*papers, retracted),
        sections=tuple(amended),
        notices=tuple(write_amending_rules(amended, size.amending_rules, _chance(seed, "amending rules"))),
        dockets=tuple(write_amending_dockets(amended, size.amending_dockets, _chance(seed, "amending dockets"))),
    )
    return news, [*odd_recalls, *odd_trials, *odd_papers], Retraction(paper=retracted.pmid, notice=notice.pmid)
