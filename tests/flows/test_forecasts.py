"""What is predicted follows from the champion's answers and the ledger alone, and a declared prior fills the rest."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import pytest

from flows.asking import Answers
from flows.costs import RunCost, write_cost
from flows.forecasts import (
    LEAST,
    SECONDS_A_ROW,
    SECONDS_BESIDE,
    Score,
    count_rows,
    forecast,
    list_recoveries,
    predict_seconds,
    read_score,
    score_champion,
    write_forecast,
)
from flows.gains import Interval, Tally
from flows.prequential import Inquiry
from pipelines.domain.events import GENESIS, Event, Kind
from pipelines.domain.identities import Json
from pipelines.learners.protocols import Prediction, Preference
from pipelines.params import CostParams, DomainParams
from tests.builders.installations import build_params
from tests.builders.lessons import build_documents, build_pair
from tests.builders.places import DOMAIN

WORTH: dict[str, Any] = {"value_of_a_right_answer": 2.0, "documents_a_day": 100, "horizon_days": 50, "cost_of_people": 30}
COSTS = CostParams(price_per_hour=36.0)


def build_domain(retrain: dict[str, Any] | None = None, **clinical: Any) -> DomainParams:
    sections = {"retrain": {"worth": WORTH} if retrain is None else retrain, **clinical}
    return DomainParams.model_validate(build_params("inbox", **sections)["clinical"])  # type: ignore[arg-type]


def build_inquiry(known: int = 40, news: int = 40, **fields: Any) -> Inquiry:
    defaults: dict[str, Any] = {
        "known": tuple(build_documents(known)),
        "news": tuple(build_documents(news, start=500)),
        "known_pairs": (),
        "news_pairs": (),
        "to_train": 60,
        "history": 300,
    }
    return Inquiry(**{**defaults, **fields})


def build_answers(inquiry: Inquiry, wrong: int) -> Answers:
    """A classifier's: right on all that it knew, wrong on ``wrong`` of the news."""
    asked = (*inquiry.known, *inquiry.news)
    said = [row.label for row in inquiry.known] + [
        "nothing" if place < wrong else row.label for place, row in enumerate(inquiry.news)
    ]
    predictions = [
        Prediction(row_id=row.row_id, predicted=label, loss=1.0, size=10, confidence=0.9)
        for row, label in zip(asked, said, strict=True)
    ]
    return Answers(predictions=tuple(predictions), preferences=None)


def build_event(seq: int, kind: Kind, payload: dict[str, Json]) -> Event:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return Event(
        domain=DOMAIN, seq=seq, kind=kind, actor="a", recorded_at=now, payload=payload, previous_hash=GENESIS, hash=GENESIS
    )


def build_past(run: str, deficit: float, gain: float, seconds: dict[str, float] | None = None, taught: int = 100) -> list[Event]:
    """A retraining as its two events tell it."""
    sides = {"known": asdict(Tally(rows=100, right=90)), "news": asdict(Tally(rows=100, right=70))}
    score = {"metric": "accuracy", **sides, "deficit": asdict(Interval(value=deficit, low=deficit - 0.05, high=deficit + 0.05))}
    cost = write_cost(RunCost(seconds=seconds or {"train": 100.0, "evaluate": 20.0, "split": 5.0}))
    won = {"metric": "accuracy", "rows": 80, "value": gain, "error": 0.02}
    return [
        build_event(1, Kind.RETRAIN_STARTED, {"run": run, "figures": {"forecast": {"score": score}}}),
        build_event(2, Kind.RETRAIN_ENDED, {"run": run, "cost": cost, "taught": taught, "gain": won}),
    ]


def test_a_classifiers_deficit_is_what_it_knew_less_the_news() -> None:
    inquiry = build_inquiry()
    score = score_champion(inquiry, build_answers(inquiry, 10))
    assert (score.metric, score.known, score.news) == ("accuracy", Tally(rows=40, right=40), Tally(rows=40, right=30))
    assert score.deficit is not None
    assert score.deficit.value == pytest.approx(0.25)
    assert score.describe() == "accuracy 0.750 on 40 news, 1.000 on 40 it knew"


def test_too_few_rows_on_either_side_tell_no_deficit() -> None:
    for sides in ({"known": LEAST - 1}, {"news": LEAST - 1}):
        inquiry = build_inquiry(**sides)
        score = score_champion(inquiry, build_answers(inquiry, 0))
        assert score.deficit is None
        assert score.describe().startswith("too few rows")


def test_a_language_model_is_scored_by_amended_texts_and_by_bits() -> None:
    pairs = tuple(build_pair(number) for number in range(60))
    inquiry = build_inquiry(20, 20, known_pairs=pairs[:30], news_pairs=pairs[30:])
    preferences = tuple(
        Preference(row_id=pair.row_id, before=0.0, in_force=1.0 if place < 45 else -1.0) for place, pair in enumerate(pairs)
    )
    answers = Answers(predictions=build_answers(inquiry, 0).predictions, preferences=preferences)
    score = score_champion(inquiry, answers)
    assert (score.metric, score.known.right, score.news.right) == ("currency", 30, 15)
    assert score.bits is not None
    assert score.bits.value == pytest.approx(0.0)
    assert "bits per byte of news" in score.describe()


def test_the_worth_of_a_gain_is_right_answers_by_their_value_until_the_horizon() -> None:
    inquiry = build_inquiry()
    found = forecast(score_champion(inquiry, build_answers(inquiry, 10)), inquiry, [], build_domain(), COSTS)
    assert found is not None
    assert found.gain is not None
    assert found.value is not None
    assert found.gain.value == pytest.approx(0.125)
    assert found.value.value == pytest.approx(0.125 * 2 * 100 * 50)
    assert found.cost == pytest.approx(found.seconds / 100 + 30)
    assert "a gain of 12.5 points" in found.describe_gain()


def test_without_values_the_score_is_measured_and_nothing_has_a_worth() -> None:
    inquiry = build_inquiry()
    found = forecast(score_champion(inquiry, build_answers(inquiry, 10)), inquiry, [], build_domain({"worth": {}}), COSTS)
    assert found is not None
    assert found.gain is not None
    assert found.value is None


def test_nobody_who_does_not_ask_gets_a_forecast() -> None:
    inquiry = build_inquiry()
    assert forecast(score_champion(inquiry, build_answers(inquiry, 0)), inquiry, [], build_domain({}), COSTS) is None


def test_what_the_past_won_back_is_read_from_its_events() -> None:
    (found,) = list_recoveries(build_past("a", 0.2, 0.15), "accuracy")
    assert (found.deficit, found.gain) == (0.2, 0.15)
    assert found.error > 0.02
    assert list_recoveries(build_past("a", 0.2, 0.15), "currency") == []
    assert list_recoveries(build_past("a", 0.2, 0.15)[1:], "accuracy") == []


def test_a_past_that_won_nothing_back_lowers_the_gain() -> None:
    inquiry = build_inquiry()
    score = score_champion(inquiry, build_answers(inquiry, 10))
    past = [event for run in "abcd" for event in build_past(run, 0.2, 0.0)]
    hopeful, taught = (forecast(score, inquiry, events, build_domain(), COSTS) for events in ([], past))
    assert hopeful is not None
    assert taught is not None
    assert hopeful.gain is not None
    assert taught.gain is not None
    assert taught.gain.value < hopeful.gain.value / 2


def test_seconds_follow_from_the_last_runs_rows() -> None:
    params, inquiry = build_domain(), build_inquiry(to_train=50, history=150)
    past = [
        *build_past("a", 0.1, 0.1, {"train": 100.0, "evaluate": 10.0}, taught=100),
        *build_past("b", 0.1, 0.1, {"train": 200.0, "evaluate": 20.0, "curate": 999.0}, taught=200),
    ]
    assert predict_seconds(past, params, inquiry) == pytest.approx(15 + 200)


def test_seconds_of_an_unmeasured_past_are_the_declared_ones() -> None:
    inquiry = build_inquiry(to_train=50, history=150)
    assert predict_seconds([], build_domain(), inquiry) == SECONDS_BESIDE["linear"] + 200 * SECONDS_A_ROW["linear"]
    network = build_domain(
        train={"threads": 1, "learner": {"kind": "classifier", "epochs": 3}, "replay": {"share": 0.5, "minimum": 0}}
    )
    assert predict_seconds([], network, inquiry) == SECONDS_BESIDE["classifier"] + 100 * 3 * SECONDS_A_ROW["classifier"]


def test_a_start_from_nothing_is_taught_everything() -> None:
    inquiry = build_inquiry(to_train=50, history=150)
    warm: dict[str, Any] = {"threads": 1, "learner": {"kind": "classifier"}, "replay": {"share": 0.5, "minimum": 0}}
    assert count_rows(build_domain(train=warm), inquiry) == 100
    assert count_rows(build_domain(train={**warm, "is_warm": False}), inquiry) == 200


def test_a_score_is_read_back_from_the_event_that_carries_it() -> None:
    inquiry = build_inquiry()
    score = score_champion(inquiry, build_answers(inquiry, 10))
    found = forecast(score, inquiry, [], build_domain(), COSTS)
    assert found is not None
    event = build_event(1, Kind.RETRAIN_HELD, {"reason": "", "figures": {"forecast": write_forecast(found)}})
    assert read_score(event) == score
    assert read_score(build_event(1, Kind.RETRAIN_HELD, {"reason": ""})) is None
    assert read_score(build_event(1, Kind.RETRAIN_HELD, {"figures": {"forecast": {"score": {"of": "another version"}}}})) is None


def test_a_score_without_a_deficit_says_so() -> None:
    assert (
        Score(metric="accuracy", known=Tally(rows=0, right=0), news=Tally(rows=3, right=1), deficit=None).describe()
        == "too few rows for its accuracy (0 it knew, 3 new)"
    )


def test_a_training_that_was_found_in_the_cache_says_nothing_of_what_a_row_takes() -> None:
    params, inquiry = build_domain(), build_inquiry(to_train=50, history=150)
    trained = build_past("a", 0.1, 0.1, {"train": 100.0, "evaluate": 10.0}, taught=100)
    cached = build_past("b", 0.1, 0.1, {"evaluate": 10.0}, taught=900)
    assert predict_seconds([*trained, *cached], params, inquiry) == predict_seconds(trained, params, inquiry)
    assert predict_seconds([*trained, *(cached * 9)], params, inquiry) == predict_seconds(trained, params, inquiry)


@pytest.mark.parametrize(("is_warm", "epochs", "rows"), [(True, 1, 100), (False, 3, 200)])
def test_the_declared_seconds_are_of_the_epochs_that_a_start_has(is_warm: bool, epochs: int, rows: int) -> None:  # noqa: FBT001  # a table's column
    learner = {"kind": "classifier", "epochs": 3, "warm_epochs": 1}
    params = build_domain(train={"threads": 1, "learner": learner, "replay": {"share": 0.5, "minimum": 0}, "is_warm": is_warm})
    expected = SECONDS_BESIDE["classifier"] + rows * epochs * SECONDS_A_ROW["classifier"]
    assert predict_seconds([], params, build_inquiry(to_train=50, history=150)) == expected
