"""Sections of the Code of Federal Regulations, each built around one threshold that an amendment can change."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from importlib.resources import files
from random import Random

from infra.rehearsal.acts import BACKLOG_START
from infra.rehearsal.sentences import Pen, load_rules, polish, write_within

TITLE = 12
PARTS = ("9901", "9902")
_FIRST_EFFECTIVE = date(2026, 3, 16)
_WORDS = (58, 108)


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """What a section is about: its rule with a gap for the threshold, other wordings of it, and the question it answers."""

    subject: str
    heading: str
    rule: str
    restated: tuple[str, ...]
    question: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One version of one section; ``threshold`` is the answer to the topic's question while it is in force."""

    part: str
    number: str
    topic: Topic
    others: tuple[str, ...]
    threshold: str
    issued: date
    effective: date

    @property
    def identifier(self) -> str:
        """The section as the Code numbers it, part included."""
        return f"{self.part}.{self.number}"

    @property
    def paragraphs(self) -> tuple[str, ...]:
        """The text in force, paragraph by paragraph, with their letters."""
        words = (self.topic.rule.format(threshold=self.threshold), *self.others)
        return tuple(f"({letter}) {polish(paragraph)}" for letter, paragraph in zip("abcdef", words, strict=False))


@cache
def load_topics() -> tuple[Topic, ...]:
    """Return every topic of the vocabulary, in its order."""
    content = files("infra.rehearsal.vocabulary").joinpath("topics.json").read_text(encoding="utf-8")
    return tuple(Topic(**{**row, "restated": tuple(row["restated"])}) for row in json.loads(content)["topics"])


def write_sections(count: int, random: Random) -> list[Section]:
    """Return the first version of ``count`` sections, half of them in each part."""
    pen = Pen(load_rules("rules"), random)
    return [_write_section(place, topic, count, pen) for place, topic in enumerate(load_topics()[:count])]


def amend_sections(sections: Sequence[Section], count: int, random: Random) -> list[Section]:
    """Return the second version of ``count`` of the sections: nothing but the threshold differs."""
    chosen = random.sample(list(sections), count)
    amended: list[Section] = []
    for section in sorted(chosen, key=lambda section: section.identifier):
        effective = _FIRST_EFFECTIVE + timedelta(days=random.randrange(17))
        issued = effective + timedelta(days=random.randint(0, 1))
        amended.append(replace(section, threshold=section.topic.new, issued=issued, effective=effective))
    return amended


def _write_section(place: int, topic: Topic, count: int, pen: Pen) -> Section:
    others: list[str] = []

    def draft() -> str:
        rules = ["scope", *pen.random.sample(["record", "exception"], pen.random.randint(1, 2))]
        others[:] = [pen.write(rule) for rule in rules]
        return " ".join([topic.rule, *others])

    write_within(draft, *_WORDS)
    effective = BACKLOG_START + timedelta(days=pen.random.randrange(500))
    half = (count + 1) // 2
    return Section(
        part=PARTS[place // half],
        number=str(place % half + 1),
        topic=topic,
        others=tuple(others),
        threshold=topic.old,
        issued=effective + timedelta(days=pen.random.randint(0, 2)),
        effective=effective,
    )
