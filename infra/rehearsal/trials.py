"""Trials: a condition that belongs to one desk, a summary in that desk's words, and the subject headings it follows from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from random import Random

from infra.rehearsal.acts import BACKLOG_START, Act, pick_day, spread_days
from infra.rehearsal.sentences import Pen, deal, load_rules, write_within

DESKS = ("Cardiology", "Oncology", "Infection")
TOP_HEADINGS = {"Cardiology": "Cardiovascular Diseases", "Oncology": "Neoplasms", "Infection": "Infections"}
_AMBIGUOUS = 0.03
_NAMED_EVERY = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One study as it stands now; ``desk`` follows from ``condition`` and decides the top subject heading."""

    nct_id: str
    title: str
    summary: str
    desk: str
    condition: str
    drug: str
    sponsor: str
    phase: str
    enrolment: int
    first_posted: date
    last_updated: date
    status: str = "RECRUITING"

    @property
    def top_heading(self) -> str:
        """The MeSH term at the root of the condition's branch."""
        return TOP_HEADINGS[self.desk]


def write_trials(act: Act, count: int, first_number: int, random: Random) -> list[Trial]:
    """Return ``count`` trials first posted during ``act``, the desks in equal parts."""
    desks = deal(DESKS, (1, 1, 1), count, random)
    days = spread_days(act, count, random)
    return [
        _write_trial(first_number + place, desk, day, random) for place, (desk, day) in enumerate(zip(desks, days, strict=True))
    ]


def revise_trials(trials: Sequence[Trial], count: int, random: Random) -> list[Trial]:
    """Return ``count`` of the trials with a new summary; two in five also study another condition, so their desk changes."""
    revised: list[Trial] = []
    for place, trial in enumerate(random.sample(list(trials), count)):
        desk = random.choice([name for name in DESKS if name != trial.desk]) if place % 5 in {0, 2} else trial.desk
        day = pick_day(Act.AMENDMENT, random)
        fresh = _write_trial(0, desk, day, random)
        revised.append(replace(fresh, nct_id=trial.nct_id, first_posted=trial.first_posted, status="ACTIVE_NOT_RECRUITING"))
    return revised


def draw_desk_words(pen: Pen, desk: str, bound: dict[str, str]) -> str:
    """Return a sentence in the words of ``desk``, or now and then of another desk that the case touches too."""
    told = pen.random.choice(DESKS) if pen.random.random() < _AMBIGUOUS else desk
    return pen.write(f"signal_{told}", **bound)


def _write_trial(number: int, desk: str, day: date, random: Random) -> Trial:
    pen = Pen(load_rules("trials"), random)
    condition = pen.pick(f"condition_{desk}")
    names = {name: pen.pick(name) for name in ("drug", "hospital")} | {"condition": condition}
    named = number % _NAMED_EVERY == 0
    return Trial(
        nct_id=f"NCT9{number:07d}",
        title=pen.write("title", **names),
        summary=write_within(lambda: _write_summary(pen, desk, names, named=named)),
        desk=desk,
        condition=condition,
        drug=names["drug"],
        sponsor=pen.pick("firm"),
        phase=random.choice(("PHASE1", "PHASE2", "PHASE3", "PHASE4")),
        enrolment=random.randint(30, 1500),
        first_posted=max(BACKLOG_START, day - timedelta(days=random.randint(0, 200))) if number == 0 else day,
        last_updated=day,
    )


def _write_summary(pen: Pen, desk: str, names: dict[str, str], *, named: bool) -> str:
    parts = [draw_desk_words(pen, desk, names), pen.write("method", **names)]
    if pen.random.random() < 0.5:
        parts.append(pen.write("safety", **names))
    pen.random.shuffle(parts)
    parts.insert(0, pen.write("purpose", **names))
    if named:
        parts.append(pen.write("contact", **names))
    return " ".join(parts)
