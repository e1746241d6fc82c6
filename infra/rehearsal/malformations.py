"""The ways in which a document can parse and still be unfit to learn from, planted one by one so that a check must find each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from random import Random

from infra.rehearsal.papers import NOTICE_TYPE, Paper
from infra.rehearsal.recalls import Recall
from infra.rehearsal.sentences import Pen, load_rules
from infra.rehearsal.trials import Trial

DAMAGE = "\N{REPLACEMENT CHARACTER}"
NOTHING_TO_READ = "\N{EM DASH}"
UNDECLARED_CLASS = "Class IX"
FUTURE = date(2031, 5, 1)
_DAMAGE_EVERY = 7


class Flaw(StrEnum):
    """What is wrong with a document."""

    EMPTY_TEXT = "empty_text"
    FUTURE_DATE = "future_date"
    UNDECLARED_LABEL = "undeclared_label"
    DAMAGED_ENCODING = "damaged_encoding"
    TOO_SHORT = "too_short"
    NOT_ENGLISH = "not_english"


@dataclass(frozen=True, slots=True, kw_only=True)
class Malformed:
    """A planted document: the source's key, the document's id there, and its flaw."""

    source: str
    document_id: str
    flaw: Flaw


def spoil_recalls(recalls: Sequence[Recall], random: Random) -> tuple[list[Recall], list[Malformed]]:
    """Return the recalls with one of an undeclared class and one whose text says next to nothing."""
    odd, curt = _choose(len(recalls), random)
    spoiled = list(recalls)
    spoiled[odd] = replace(recalls[odd], classification=UNDECLARED_CLASS)
    spoiled[curt] = replace(recalls[curt], reason="Bad lot.", product="Item")
    flaws = ((odd, Flaw.UNDECLARED_LABEL), (curt, Flaw.TOO_SHORT))
    return spoiled, [
        Malformed(source="openfda_enforcement", document_id=recalls[place].recall_number, flaw=flaw) for place, flaw in flaws
    ]


def spoil_trials(trials: Sequence[Trial], random: Random) -> tuple[list[Trial], list[Malformed]]:
    """Return the trials with one in another language and one whose text is damaged."""
    foreign, damaged = _choose(len(trials), random)
    spoiled = list(trials)
    passage = Pen(load_rules("foreign"), random).write("passage")
    spoiled[foreign] = replace(trials[foreign], title=passage.split(",")[0], summary=passage)
    spoiled[damaged] = replace(trials[damaged], summary=_damage(trials[damaged].summary))
    flaws = ((foreign, Flaw.NOT_ENGLISH), (damaged, Flaw.DAMAGED_ENCODING))
    return spoiled, [Malformed(source="clinicaltrials_gov", document_id=trials[place].nct_id, flaw=flaw) for place, flaw in flaws]


def spoil_papers(papers: Sequence[Paper], random: Random) -> tuple[list[Paper], list[Malformed]]:
    """Return the papers with one that has nothing to read and one dated years ahead; retraction notices are left alone."""
    places = [place for place, paper in enumerate(papers) if NOTICE_TYPE not in paper.types]
    empty, future = (places[choice] for choice in _choose(len(places), random))
    spoiled = list(papers)
    spoiled[empty] = replace(papers[empty], abstract=(("", NOTHING_TO_READ),))
    spoiled[future] = replace(papers[future], published=FUTURE, entered=FUTURE)
    flaws = ((empty, Flaw.EMPTY_TEXT), (future, Flaw.FUTURE_DATE))
    return spoiled, [Malformed(source="pubmed", document_id=papers[place].pmid, flaw=flaw) for place, flaw in flaws]


def _choose(count: int, random: Random) -> tuple[int, int]:
    first, second = random.sample(range(count), 2)
    return first, second


def _damage(text: str) -> str:
    """Return ``text`` with every seventh character lost, as a wrong decoding leaves it."""
    return "".join(DAMAGE if place % _DAMAGE_EVERY == 0 and letter != " " else letter for place, letter in enumerate(text))
