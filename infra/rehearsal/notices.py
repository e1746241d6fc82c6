"""Documents of the Federal Register that state a section's threshold in other words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from infra.rehearsal.acts import Act, spread_days
from infra.rehearsal.sections import Section
from infra.rehearsal.sentences import Pen, load_rules, write_within

_AGENCIES = ("Office of Settlement Oversight", "Bureau of Platform Conduct")
_TYPES = ("Notice", *("Proposed Rule",) * 5, *("Rule",) * 4)
_ACTIONS = {"Notice": "Notice.", "Proposed Rule": "Proposed rule.", "Rule": "Interpretive rule."}


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One Federal Register document."""

    number: str
    kind: str
    action: str
    title: str
    abstract: str
    agency: str
    published: date
    effective: date | None
    part: str
    docket: str


def write_notices(sections: Sequence[Section], count: int, random: Random) -> list[Notice]:
    """Return ``count`` documents of the backlog about ``sections`` as they stand."""
    days = spread_days(Act.BACKLOG, count, random)
    return [_write_notice(10000 + place, random.choice(list(sections)), day, random) for place, day in enumerate(days)]


def write_amending_rules(amended: Sequence[Section], count: int, random: Random) -> list[Notice]:
    """Return ``count`` final rules which say the new thresholds; every amended section has at least one when they suffice."""
    rules: list[Notice] = []
    for place in range(count):
        section = amended[place % len(amended)]
        published = section.effective - timedelta(days=3 + 2 * (place // len(amended)))
        rules.append(_write_rule(20000 + place, section, published, random))
    return rules


def restate(section: Section, pen: Pen) -> str:
    """Return the threshold of ``section`` in other words than its own."""
    return pen.random.choice(section.topic.restated).format(threshold=section.threshold)


def _write_notice(serial: int, section: Section, day: date, random: Random) -> Notice:
    pen = Pen(load_rules("rules"), random)
    agency = random.choice(_AGENCIES)
    names = {"agency": agency, "part": section.part, "subject": section.topic.subject}

    def draft() -> str:
        extra = [pen.write("scope", **names)] if random.random() < 0.3 else []
        return " ".join([pen.write("notice_open", **names), restate(section, pen), *extra, pen.write("notice_close", **names)])

    kind = random.choice(_TYPES)
    return Notice(
        number=f"{day.year}-{serial}",
        kind=kind,
        action=_ACTIONS[kind],
        title=f"{section.topic.heading}: {pen.pick('town')} {random.choice(('Guidance', 'Consultation', 'Review', 'Statement'))}",
        abstract=write_within(draft, 50, 110),
        agency=agency,
        published=day,
        effective=day + timedelta(days=30) if kind == "Rule" else None,
        part=section.part,
        docket=f"OSO-{day.year}-{serial % 10000:04d}",
    )


def _write_rule(serial: int, section: Section, published: date, random: Random) -> Notice:
    pen = Pen(load_rules("rules"), random)
    agency = random.choice(_AGENCIES)
    names = {"agency": agency, "part": section.part, "subject": section.topic.subject}

    def draft() -> str:
        said = [wording.format(threshold=section.threshold) for wording in section.topic.restated]
        return " ".join([pen.write("amend_open", **names), *said, pen.write("notice_close", **names)])

    return Notice(
        number=f"{published.year}-{serial}",
        kind="Rule",
        action="Final rule.",
        title=f"Amendment of {section.topic.subject.capitalize()} under Part {section.part}",
        abstract=write_within(draft, 50, 110),
        agency=agency,
        published=published,
        effective=section.effective,
        part=section.part,
        docket=f"OSO-{published.year}-{serial % 10000 + 5000:04d}",
    )
