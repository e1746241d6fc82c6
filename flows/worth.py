"""Is a retraining worth its cost? Asked before anything is spent, and the answer is recorded with its reason either way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from pipelines.domain.models import Champion
from pipelines.domain.revisions import RETIRING, Entry, Status, resolve_statuses
from pipelines.params import RetrainParams

DUTY = "duty: "
"""How the reason of a retraining begins that must happen whatever it gains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """What the corpus holds that the champion was not made from."""

    new: int
    amended: int
    retired: int

    @property
    def total(self) -> int:
        """All of it."""
        return self.new + self.amended + self.retired

    def describe(self) -> str:
        """Say it in a few words."""
        return f"{self.new} new, {self.amended} amended, {self.retired} withdrawn or retracted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """Whether to retrain, and why or why not."""

    is_worth_it: bool
    reason: str


def count_news(entries: Sequence[Entry], since: int) -> News:
    """Count the revisions that arrived after ``since``: of documents unknown until then, of known ones, and retirements."""
    known = {(entry.revision.source, entry.revision.document_id) for entry in entries if entry.ingest_seq <= since}
    counted: Counter[str] = Counter()
    for entry in entries:
        if entry.ingest_seq <= since:
            continue
        if entry.revision.status in RETIRING:
            counted["retired"] += (entry.revision.source, entry.revision.document_id) in known
        elif (entry.revision.source, entry.revision.document_id) in known:
            counted["amended"] += 1
        else:
            counted["new"] += 1
    return News(new=counted["new"], amended=counted["amended"], retired=counted["retired"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a domain stands when the question is asked."""

    entries: Sequence[Entry]
    champion: Champion | None
    champion_since: datetime | None
    has_lost_a_drop: bool
    now: datetime


def weigh(standing: Standing, params: RetrainParams) -> Worth:
    """Decide. Duties come first, then the amount of news, then age."""
    champion = standing.champion
    if champion is None:
        return _weigh_first(standing.entries, params)
    news = count_news(standing.entries, champion.ingest_seq)
    if standing.has_lost_a_drop:
        return Worth(is_worth_it=True, reason=f"{DUTY}a drop that the champion was trained on has been withdrawn")
    if news.retired:
        return Worth(is_worth_it=True, reason=f"{DUTY}{news.describe()} since version {champion.version}")
    if news.total >= params.minimum_news:
        return Worth(is_worth_it=True, reason=f"{news.describe()} since version {champion.version}")
    too_old = _age(standing) >= timedelta(days=params.maximum_age_days) if params.maximum_age_days else False
    if too_old:
        return Worth(is_worth_it=True, reason=f"version {champion.version} is {_age(standing).days} days old")
    said = "nothing new" if not news.total else f"only {news.describe()} (at least {params.minimum_news} are asked for)"
    return Worth(is_worth_it=False, reason=f"{said} since version {champion.version}")


def _weigh_first(entries: Sequence[Entry], params: RetrainParams) -> Worth:
    active = sum(entry.revision.status is Status.ACTIVE for entry in resolve_statuses(entries))
    if active < params.minimum_backlog:
        needed = params.minimum_backlog
        return Worth(is_worth_it=False, reason=f"no champion yet, and only {active} of {needed} revisions in force to learn from")
    return Worth(is_worth_it=True, reason=f"first model, from {active} revisions in force")


def _age(standing: Standing) -> timedelta:
    return standing.now - standing.champion_since if standing.champion_since else timedelta(0)
