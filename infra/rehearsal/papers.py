"""Papers: an abstract in one desk's words with its subject headings, and retraction notices that name another paper."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from random import Random

from infra.rehearsal.acts import Act, pick_day, spread_days
from infra.rehearsal.sentences import Pen, deal, load_rules, write_within
from infra.rehearsal.trials import DESKS, TOP_HEADINGS, draw_desk_words

_NAMED_EVERY = 25
_VOCABULARY = ("trials", "papers")
RETRACTED_TYPE = "Retracted Publication"
NOTICE_TYPE = "Retraction of Publication"


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """One citation: ``abstract`` is its labelled parts, ``corrections`` pairs of reference type and PMID."""

    pmid: str
    title: str
    abstract: tuple[tuple[str, str], ...]
    desk: str
    condition: str
    authors: tuple[tuple[str, str], ...]
    published: date
    entered: date
    revised: date
    types: tuple[str, ...] = ("Journal Article",)
    corrections: tuple[tuple[str, str], ...] = ()
    language: str = "eng"

    @property
    def top_heading(self) -> str:
        """The MeSH term at the root of the condition's branch."""
        return TOP_HEADINGS[self.desk]

    @property
    def text(self) -> str:
        """The abstract in one piece."""
        return " ".join(words for _, words in self.abstract)


def write_papers(act: Act, count: int, first_number: int, random: Random) -> list[Paper]:
    """Return ``count`` papers entered during ``act``, the desks in equal parts."""
    desks = deal(DESKS, (1, 1, 1), count, random)
    days = spread_days(act, count, random)
    return [
        _write_paper(first_number + place, desk, day, random) for place, (desk, day) in enumerate(zip(desks, days, strict=True))
    ]


def retract(papers: Sequence[Paper], number: int, random: Random) -> tuple[Paper, Paper]:
    """Return the notice (with PMID ``number``) and the paper of the backlog that it retracts, as it stands from then on."""
    paper = random.choice(list(papers))
    day = pick_day(Act.AMENDMENT, random)
    pen = Pen(load_rules(*_VOCABULARY), random)
    fresh = _write_paper(number, paper.desk, day, random)
    notice = replace(
        fresh,
        title=f"Retraction: {paper.title}",
        abstract=(("", pen.write("retraction", condition=paper.condition)),),
        condition=paper.condition,
        types=(NOTICE_TYPE,),
        corrections=(("RetractionOf", paper.pmid),),
    )
    types = (*paper.types, RETRACTED_TYPE)
    return notice, replace(paper, types=types, corrections=(("RetractionIn", notice.pmid),), revised=day)


def _write_paper(number: int, desk: str, day: date, random: Random) -> Paper:
    pen = Pen(load_rules(*_VOCABULARY), random)
    condition = pen.pick(f"condition_{desk}")
    names = {name: pen.pick(name) for name in ("drug", "hospital", "town", "population")}
    names |= {"condition": condition, "condition_cap": condition}
    abstract = _write_abstract(pen, desk, names, named=number % _NAMED_EVERY == 0)
    return Paper(
        pmid=str(number),
        title=pen.write("title", **names),
        abstract=abstract,
        desk=desk,
        condition=condition,
        authors=tuple((pen.pick("surname"), pen.pick("forename")) for _ in range(random.randint(1, 4))),
        published=day,
        entered=day,
        revised=day,
    )


def _write_abstract(pen: Pen, desk: str, names: dict[str, str], *, named: bool) -> tuple[tuple[str, str], ...]:
    parts: list[tuple[str, str]] = []

    def draft() -> str:
        methods = f"{pen.write('methods', **names)} {draw_desk_words(pen, desk, names)}"
        note = f" {pen.write('author_note', **names)}" if named else ""
        parts[:] = [("BACKGROUND", pen.write("background", **names))] if pen.random.random() < 0.6 else []
        parts.extend([("METHODS", methods), ("RESULTS", pen.write("results", **names))])
        parts.append(("CONCLUSIONS", pen.write("conclusion", **names) + note))
        return " ".join(words for _, words in parts)

    write_within(draft)
    return tuple(parts)
