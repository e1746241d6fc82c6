"""Is a retraining worth its cost? Asked before anything is spent, and the answer is recorded with its reason either way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime, timedelta

from flows.forecasts import Forecast, write_forecast
from pipelines.domain.events import Event
from pipelines.domain.identities import Json
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
class AskedOf:
    """Who was asked about what: asked again about the same, a model says the same."""

    champion: int
    until: int
    sample: int

    def is_of(self, event: Event) -> bool:
        """Tell whether an event's figures come from these very questions."""
        figures = event.payload.get("figures")
        return isinstance(figures, Mapping) and figures.get("asked") == asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Worth:
    """Whether to retrain, and why or why not, with the figures that were weighed."""

    is_worth_it: bool
    reason: str
    figures: Mapping[str, Json] = field(default_factory=dict)


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
    forecast: Forecast | None = None
    asked: AskedOf | None = None
    unscored: str = ""


def weigh(standing: Standing, params: RetrainParams) -> Worth:
    """Decide. Duties come first, then age, then whether the gain pays; where that is not certain, the amount of news."""
    champion = standing.champion
    if champion is None:
        return _weigh_first(standing.entries, params)
    news = count_news(standing.entries, champion.ingest_seq)
    since, said = f"since version {champion.version}", _describe_forecast(standing)
    worth = _weigh_duties(standing, news, since)
    worth = worth or _weigh_gain(standing.forecast, f"{news.describe()} {since}{said}")
    if worth is not None and not worth.is_worth_it and _is_too_old(standing, params):
        worth = Worth(is_worth_it=True, reason=f"{_describe_age(standing)}; {worth.reason}")
    worth = worth or _weigh_news(standing, params, news, (since, said))
    return replace(worth, figures=_write_figures(standing, news))


def _weigh_duties(standing: Standing, news: News, since: str) -> Worth | None:
    if standing.has_lost_a_drop:
        return Worth(is_worth_it=True, reason=f"{DUTY}a drop that the champion was trained on has been withdrawn")
    return Worth(is_worth_it=True, reason=f"{DUTY}{news.describe()} {since}") if news.retired else None


def _weigh_gain(found: Forecast | None, said: str) -> Worth | None:
    """Decide where the whole interval lies on one side of the cost."""
    if found is None or found.value is None:
        return None
    if found.value.low > found.cost:
        return Worth(is_worth_it=True, reason=f"{said}: it pays")
    return Worth(is_worth_it=False, reason=f"{said}: it does not pay") if found.value.high < found.cost else None


def _weigh_news(standing: Standing, params: RetrainParams, news: News, words: tuple[str, str]) -> Worth:
    since, said = words
    if news.total >= params.minimum_news:
        return Worth(is_worth_it=True, reason=f"{news.describe()} {since}{said}")
    if _is_too_old(standing, params):
        return Worth(is_worth_it=True, reason=_describe_age(standing))
    if not news.total:
        return Worth(is_worth_it=False, reason=f"nothing new {since}")
    asked = f"at least {params.minimum_news} are asked for"
    return Worth(is_worth_it=False, reason=f"only {news.describe()} ({asked}) {since}{said}")


def _is_too_old(standing: Standing, params: RetrainParams) -> bool:
    return bool(params.maximum_age_days) and _age(standing) >= timedelta(days=params.maximum_age_days or 0)


def _describe_age(standing: Standing) -> str:
    version = standing.champion.version if standing.champion else 0
    return f"version {version} is {_age(standing).days} days old"


def _describe_forecast(standing: Standing) -> str:
    found = standing.forecast
    if found is None:
        return f"; its score was not measured: {standing.unscored}" if standing.unscored else ""
    said = f"; {found.score.describe()}"
    if found.value is None:
        return said
    low, high, days = f"{found.value.low:,.2f}", f"{found.value.high:,.2f}", found.horizon_days
    worth = f"is worth {low} to {high} {found.currency} in {days} days"
    said = f"{said}; {found.describe_gain()} {worth}, and a retraining costs {found.cost:,.2f} {found.currency}"
    is_certain = found.value.low > found.cost or found.value.high < found.cost
    return said if is_certain else f"{said}: not certain to pay or not, so the amount of news decides"


def _write_figures(standing: Standing, news: News) -> Mapping[str, Json]:
    figures: dict[str, Json] = {"news": asdict(news)}
    if standing.forecast is not None and standing.asked is not None:
        figures |= {"forecast": write_forecast(standing.forecast), "asked": asdict(standing.asked)}
    return figures


def _weigh_first(entries: Sequence[Entry], params: RetrainParams) -> Worth:
    active = sum(entry.revision.status is Status.ACTIVE for entry in resolve_statuses(entries))
    if active < params.minimum_backlog:
        needed = params.minimum_backlog
        return Worth(is_worth_it=False, reason=f"no champion yet, and only {active} of {needed} revisions in force to learn from")
    return Worth(is_worth_it=True, reason=f"first model, from {active} revisions in force")


def _age(standing: Standing) -> timedelta:
    return standing.now - standing.champion_since if standing.champion_since else timedelta(0)
