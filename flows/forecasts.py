"""What the next retraining would gain and cost, as far as the champion's score on the news and the past can tell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean

from pydantic import TypeAdapter, ValidationError

from flows.asking import Answers
from flows.costs import read_cost
from flows.gains import Bits, Interval, Recovery, Tally, Z, contrast_bits, contrast_tallies, learn_share, measure_bits, multiply
from flows.prequential import Inquiry
from pipelines.catalog import StageName
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Json
from pipelines.learners.protocols import Document, Prediction
from pipelines.lessons.replay import count_replayed
from pipelines.params import CostParams, DomainParams
from pipelines.train.params import TrainParams

LAST_RUNS = 5
LEAST = 10
"""Families on either side, below which nothing is said of a difference."""
SECONDS_A_ROW = {"linear": 0.001, "classifier": 0.04, "causal_lm": 1.3}
SECONDS_BESIDE = {"linear": 20.0, "classifier": 60.0, "causal_lm": 120.0}
"""What a row and epoch, and everything else, takes until a run was measured: of small models on two CPU cores, so rather much."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The champion on what it knew and on news, as right answers; ``bits`` is by how many bits per byte news are harder.

    ``deficit`` is known less news. ``metric`` is ``accuracy`` of labels, or ``currency`` of amended texts.
    """

    metric: str
    known: Tally
    news: Tally
    deficit: Interval | None
    bits: Interval | None = None
    bits_of_news: float | None = None

    def describe(self) -> str:
        """Say it in a few words."""
        if self.deficit is None:
            said = f"too few rows for its {self.metric} ({self.known.rows} it knew, {self.news.rows} new)"
        else:
            known, news = (f"{side.share:.3f} on {side.rows}" for side in (self.known, self.news))
            said = f"{self.metric} {news} news, {known} it knew"
        if self.bits is not None:
            said += f", {self.bits_of_news:.3f} bits per byte of news ({self.bits.value:+.3f})"
        return said


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What is predicted, each part ``None`` where it cannot be. ``gain`` is a share of right answers, ``value`` its worth.

    ``seconds`` are of the device; ``cost`` is theirs at the declared price (nothing without one) and that of people.
    """

    score: Score
    share: Interval | None
    gain: Interval | None
    value: Interval | None
    horizon_days: int
    seconds: float
    cost: float
    currency: str

    def describe_gain(self) -> str:
        """Say what may be gained, in points of right answers."""
        if self.gain is None:
            return "no gain can be predicted"
        points = self.gain.scale(100)
        return f"a gain of {points.value:.1f} points ({points.low:.1f} to {points.high:.1f})"


def score_champion(inquiry: Inquiry, answers: Answers) -> Score:
    """Return the champion's score from its answers to known, news, known pairs and news pairs, in this order."""
    known, news = answers.predictions[: len(inquiry.known)], answers.predictions[len(inquiry.known) :]
    if answers.preferences is None:
        return _score("accuracy", _count_labels(inquiry.known, known), _count_labels(inquiry.news, news))
    rights = [preference.in_force > preference.before for preference in answers.preferences]
    before, since = rights[: len(inquiry.known_pairs)], rights[len(inquiry.known_pairs) :]
    bits = [Bits(nats=tuple(one.loss for one in side), sizes=tuple(one.size for one in side)) for side in (known, news)]
    has_bits = min(len(known), len(news)) >= LEAST
    return _score(
        "currency",
        Tally(rows=len(before), right=sum(before)),
        Tally(rows=len(since), right=sum(since)),
        bits=contrast_bits(*bits) if has_bits else None,
        bits_of_news=measure_bits(bits[1]) if has_bits else None,
    )


def forecast(score: Score, inquiry: Inquiry, events: Sequence[Event], params: DomainParams, costs: CostParams) -> Forecast | None:
    """Return the forecast from a score and the ledger's ``events``; ``None`` where ``params`` ask for none."""
    worth = params.retrain.worth
    if worth is None:
        return None
    share = learn_share(list_recoveries(events, score.metric))
    gain = multiply(score.deficit, share) if score.deficit is not None else None
    point = worth.value_of_a_point
    seconds = predict_seconds(events, params, inquiry)
    return Forecast(
        score=score,
        share=share,
        gain=gain,
        value=gain.scale(point) if gain is not None and point is not None else None,
        horizon_days=worth.horizon_days,
        seconds=seconds,
        cost=seconds / 3600 * (costs.price_per_hour or 0.0) + worth.cost_of_people,
        currency=costs.currency,
    )


def list_recoveries(events: Sequence[Event], metric: str) -> list[Recovery]:
    """Return what past retrainings recovered: the deficit when each began, and the gain that its candidate showed."""
    scores = {event.payload["run"]: read_score(event) for event in events if event.kind is Kind.RETRAIN_STARTED}
    found = []
    for event in events:
        score, gain = scores.get(event.payload.get("run")), event.payload.get("gain")
        if event.kind is not Kind.RETRAIN_ENDED or not isinstance(gain, Mapping) or gain.get("metric") != metric:
            continue
        if score is not None and score.deficit is not None and score.metric == metric:
            spread = (score.deficit.high - score.deficit.low) / (2 * Z)
            error = math.hypot(float(str(gain["error"])), spread / 2)
            found.append(Recovery(deficit=score.deficit.value, gain=float(str(gain["value"])), error=error))
    return found


def predict_seconds(events: Sequence[Event], params: DomainParams, inquiry: Inquiry) -> float:
    """Return the seconds that the device would be held: by the last runs' seconds a row, else by a declared prior."""
    rows = count_rows(params, inquiry)
    ended = [event for event in events if event.kind is Kind.RETRAIN_ENDED and event.payload.get("taught")]
    costs = ((read_cost(event), int(str(event.payload["taught"]))) for event in ended)
    # one whose training was found in the cache tells nothing of what a row takes
    measured = [(cost, taught) for cost, taught in costs if cost and StageName.TRAIN.value in cost.seconds][-LAST_RUNS:]
    if not measured:
        kind = params.train.learner.kind
        return SECONDS_BESIDE[kind] + SECONDS_A_ROW[kind] * _count_epochs(params.train) * rows
    trained = [cost.seconds[StageName.TRAIN.value] for cost, _ in measured]
    beside = fmean(cost.device_seconds - seconds for (cost, _), seconds in zip(measured, trained, strict=True))
    return beside + sum(trained) / sum(taught for _, taught in measured) * rows


def count_rows(params: DomainParams, inquiry: Inquiry) -> int:
    """Return how many rows would be taught: the news and what is replayed beside them, or all in a start from nothing."""
    if params.train.learner.kind == "linear" or not params.train.is_warm:
        return inquiry.to_train + inquiry.history
    return inquiry.to_train + count_replayed(inquiry.to_train, inquiry.history, params.train.replay)


def write_forecast(found: Forecast) -> Json:
    """Return a forecast as an event carries it."""
    written: Json = asdict(found)
    return written


def read_score(event: Event) -> Score | None:
    """Return the champion's score that a start or a hold carries; ``None`` where it carries none that this version knows."""
    figures = event.payload.get("figures")
    forecasts = figures.get("forecast") if isinstance(figures, Mapping) else None
    if not isinstance(forecasts, Mapping):
        return None
    try:
        return TypeAdapter(Score).validate_python(forecasts.get("score"))
    except ValidationError:
        return None


def _count_epochs(params: TrainParams) -> int:
    learner = params.learner
    if learner.kind == "linear":
        return 1
    return learner.continued().epochs if params.is_warm else learner.epochs


def _score(metric: str, known: Tally, news: Tally, bits: Interval | None = None, bits_of_news: float | None = None) -> Score:
    deficit = contrast_tallies(known, news) if min(known.rows, news.rows) >= LEAST else None
    return Score(metric=metric, known=known, news=news, deficit=deficit, bits=bits, bits_of_news=bits_of_news)


def _count_labels(documents: Sequence[Document], predictions: Sequence[Prediction]) -> Tally:
    pairs = zip(documents, predictions, strict=True)
    return Tally(rows=len(documents), right=sum(document.label == prediction.predicted for document, prediction in pairs))
