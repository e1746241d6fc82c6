"""Documents of regulations.gov: what is filed in a docket around a rule.

The list of that API shows titles and no text, so it is the title that states the threshold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from random import Random

from infra.rehearsal.acts import Act, spread_days
from infra.rehearsal.notices import restate
from infra.rehearsal.sections import Section
from infra.rehearsal.sentences import Pen, load_rules

_AGENCY = "OSO"
_TYPES = (*("Proposed Rule",) * 5, *("Rule",) * 4, "Supporting & Related Material")


@dataclass(frozen=True, slots=True, kw_only=True)
class DocketDocument:
    """One document of a docket."""

    document_id: str
    docket_id: str
    agency: str
    kind: str
    title: str
    abstract: str
    posted: date
    modified: datetime
    part: str
    is_withdrawn: bool = False


def write_dockets(sections: Sequence[Section], count: int, random: Random) -> list[DocketDocument]:
    """Return ``count`` documents of the backlog about ``sections`` as they stand."""
    days = spread_days(Act.BACKLOG, count, random)
    return [_write_document(1000 + place, random.choice(list(sections)), day, random) for place, day in enumerate(days)]


def write_amending_dockets(amended: Sequence[Section], count: int, random: Random) -> list[DocketDocument]:
    """Return ``count`` documents that repeat the new thresholds, section by section."""
    days = spread_days(Act.AMENDMENT, count, random)
    return [_write_document(6000 + place, amended[place % len(amended)], day, random) for place, day in enumerate(days)]


def _write_document(serial: int, section: Section, day: date, random: Random) -> DocketDocument:
    pen = Pen(load_rules("rules"), random)
    names = {"agency": pen.pick("agency"), "part": section.part, "subject": section.topic.subject}

    docket = f"{_AGENCY}-{day.year}-{serial:04d}"
    return DocketDocument(
        document_id=f"{docket}-{random.randint(1, 40):04d}",
        docket_id=docket,
        agency=_AGENCY,
        kind=random.choice(_TYPES),
        title=f"{section.topic.heading}: {restate(section, pen)} {pen.write('docket_title', **names)}",
        abstract=f"{pen.write('docket_open', **names)} {pen.write('docket_close', **names)}",
        posted=day,
        modified=datetime.combine(day, time(15, random.randrange(60), random.randrange(60)), UTC),
        part=section.part,
    )
