"""A champion that loses on the news is retrained where that pays, and held where it does not: on a real ledger, a real model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from flows.forecasts import read_score
from flows.places import Place
from flows.retraining import start_retraining
from flows.weighing import foresee_params, weigh_domain
from flows.worth import DUTY
from pipelines.corpus.tables import Corpus
from pipelines.domain.events import Kind
from pipelines.domain.identities import Digest, RunId, digest_value
from pipelines.domain.pins import ModelPin
from pipelines.domain.promotions import Promotion
from pipelines.domain.revisions import Revision, Status
from pipelines.keys import KeptKey, seal_key
from pipelines.learners.linear import Linear
from pipelines.learners.monitors import Unwatched
from pipelines.learners.protocols import Document
from pipelines.ledger.champions import promote
from pipelines.params import CostParams, RetrainParams
from pipelines.train.params import TrainParams
from tests.builders.installations import LABELS, build_records
from tests.builders.lessons import build_lesson
from tests.builders.places import DOMAIN, judge_candidate, with_section
from tests.builders.revisions import build_revision

SWAPPED = {"Class I": "Class II", "Class II": "Class I"}
"""A world in which the champion is wrong two times in three."""


def build_rows(count: int, first: int = 0, wrong: dict[str, str] | None = None) -> list[Revision]:
    return [
        build_revision(record["document_id"], title=record["title"], text=record["text"], labels=tuple(record["labels"]))
        for record in build_records(count, first=first, wrong=wrong)
    ]


@pytest.fixture
def served(place: Place) -> Place:
    """A place with 300 rows and a champion that was trained on such rows."""
    corpus: Corpus = place.corpus(DOMAIN)
    corpus.append("first", build_rows(300))
    folder = place.home.root / "made" / "champion"
    folder.mkdir(parents=True)
    taught = [Document(row_id=row.digest, text=f"{row.title}. {row.text}", label=row.labels[0]) for row in build_rows(300)]
    Linear().fit(build_lesson(news=taught, dev=[], labels=LABELS), folder, Unwatched())
    model = judge_candidate(place, "champion", is_made=True)
    promote(place.ledger, build_promotion(model, corpus.pin().ingest_seq))
    return place


def build_promotion(model: ModelPin, ingest_seq: int, previous: int | None = None) -> Promotion:
    return Promotion(
        domain=DOMAIN,
        version=model.version,
        digest=model.digest,
        ingest_seq=ingest_seq,
        run_id=RunId(f"run {model.version}"),
        previous=previous,
        verdict=Digest(digest_value("verdict")),
        reason="a test",
        approved_by="R. Okafor",
    )


def weighing(place: Place, **worth: Any) -> Place:
    """The same place, where a hundred rows alone are no reason."""
    params = RetrainParams.model_validate({"minimum_news": 100_000, "worth": worth})
    return with_section(place, retrain=params)


VALUES = {"value_of_a_right_answer": 1.0, "documents_a_day": 100.0, "horizon_days": 100}


def test_a_champion_that_loses_on_the_news_is_retrained_and_the_figures_are_in_the_ledger(served: Place) -> None:
    served.corpus(DOMAIN).append("second", build_rows(150, 1000, SWAPPED))
    start = start_retraining(weighing(served, **VALUES), DOMAIN, None)
    assert start.run_id is not None
    assert "150 new, 0 amended" in start.reason
    assert start.reason.endswith(": it pays")
    (started,) = served.ledger.events(DOMAIN, [Kind.RETRAIN_STARTED])
    score = read_score(started)
    assert score is not None
    assert score.deficit is not None
    assert score.news.share < 0.5
    assert score.known.share > 0.9
    figures = started.payload["figures"]
    assert isinstance(figures, dict)
    assert figures["news"] == {"new": 150, "amended": 0, "retired": 0}
    assert {"gain", "value", "cost", "seconds", "share"} <= figures["forecast"].keys()


def test_a_champion_is_asked_about_the_same_rows_where_the_key_of_the_split_is_kept(
    served: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    served.corpus(DOMAIN).append("second", build_rows(150, 1000, SWAPPED))
    split = served.of(DOMAIN).split
    key = KeptKey(env="SPLIT_KEY", seal=seal_key(str(split.key)))
    monkeypatch.setenv("SPLIT_KEY", str(split.key))
    kept = with_section(weighing(served, **VALUES), split=split.model_copy(update={"key": key}))
    assert start_retraining(kept, DOMAIN, None).reason.endswith(": it pays")


def test_a_gain_that_cannot_pay_for_the_people_is_held_with_the_reason(served: Place) -> None:
    served.corpus(DOMAIN).append("second", build_rows(150, 1000, SWAPPED))
    place = weighing(served, **VALUES, cost_of_people=1e6)
    start = start_retraining(place, DOMAIN, None)
    assert start.run_id is None
    assert start.reason.endswith("a retraining costs 1,000,000.00 EUR: it does not pay")
    (held,) = served.ledger.events(DOMAIN, [Kind.RETRAIN_HELD])
    assert held.payload["reason"] == start.reason


def test_a_champion_that_still_knows_the_news_is_not_certain_to_gain(served: Place) -> None:
    served.corpus(DOMAIN).append("second", build_rows(150, 1000))
    worth = weigh_domain(weighing(served, **VALUES), DOMAIN)
    assert not worth.is_worth_it
    assert "not certain to pay or not, so the amount of news decides" in worth.reason


def test_asked_again_about_the_same_it_is_recalled_from_the_ledger(served: Place) -> None:
    served.corpus(DOMAIN).append("second", build_rows(150, 1000, SWAPPED))
    place = weighing(served, **VALUES, cost_of_people=1e6)
    first = start_retraining(place, DOMAIN, None)
    forgotten = replace(place, settings=place.settings.model_copy(update={"mlflow_uri": "sqlite:////nowhere/mlflow.db"}))
    assert start_retraining(forgotten, DOMAIN, None) == first
    assert len(served.ledger.events(DOMAIN, [Kind.RETRAIN_HELD])) == 1


def test_without_values_the_score_is_on_record_and_the_amount_of_news_decides(served: Place) -> None:
    served.corpus(DOMAIN).append("second", build_rows(150, 1000, SWAPPED))
    place = with_section(served, retrain=RetrainParams.model_validate({"minimum_news": 10, "worth": {}}))
    start = start_retraining(place, DOMAIN, None)
    assert start.run_id is not None
    assert "accuracy 0." in start.reason
    assert "EUR" not in start.reason


def test_nothing_new_asks_nobody(served: Place) -> None:
    (served.home.root / "made" / "champion").rename(served.home.root / "gone")
    worth = weigh_domain(weighing(served, **VALUES), DOMAIN)
    assert (worth.is_worth_it, worth.reason) == (False, "nothing new since version 1")


def test_a_duty_is_done_whatever_it_costs(served: Place) -> None:
    (first, *_) = build_rows(1)
    served.corpus(DOMAIN).append("second", [replace(first, status=Status.RETRACTED, text="It is retracted by its authors.")])
    worth = weigh_domain(weighing(served, **VALUES, cost_of_people=1e9), DOMAIN)
    assert worth.is_worth_it
    assert worth.reason.startswith(DUTY)


def test_a_champion_that_cannot_be_asked_is_weighed_by_the_news_and_says_why(served: Place) -> None:
    served.corpus(DOMAIN).append("second", build_rows(20, 1000))
    place = weighing(served, **VALUES)
    broken = served.home.root / "made" / "broken"
    broken.mkdir()
    (broken / "model.json").write_text("{}", encoding="utf-8")
    (broken / "weights.safetensors").write_bytes(b"torn")
    model = judge_candidate(served, "broken", is_made=True, against=1)
    promote(served.ledger, build_promotion(model, 1, previous=1))
    worth = weigh_domain(place, DOMAIN)
    assert not worth.is_worth_it
    assert "its score was not measured: " in worth.reason


def test_the_price_of_the_device_is_part_of_the_cost(served: Place) -> None:
    served.corpus(DOMAIN).append("second", build_rows(150, 1000, SWAPPED))
    free = weighing(served, **VALUES)
    dear = replace(free, params=replace(free.params, costs=CostParams(price_per_hour=1e9, currency="CHF")))
    assert weigh_domain(free, DOMAIN).is_worth_it
    worth = weigh_domain(dear, DOMAIN)
    assert not worth.is_worth_it
    assert "CHF: it does not pay" in worth.reason


def test_the_folder_of_a_model_that_was_asked_is_gone(served: Place, tmp_path_factory: pytest.TempPathFactory) -> None:
    import tempfile

    before = set(Path(tempfile.gettempdir()).glob("addendum-*"))
    served.corpus(DOMAIN).append("second", build_rows(60, 1000))
    weigh_domain(weighing(served, **VALUES, sample=10), DOMAIN)
    assert set(Path(tempfile.gettempdir()).glob("addendum-*")) <= before


def test_a_start_that_must_be_from_scratch_costs_as_much_as_one(served: Place) -> None:
    network = {"threads": 1, "learner": {"kind": "classifier"}, "replay": {"share": 0.1, "minimum": 0}}
    warm = with_section(served, train=TrainParams.model_validate(network))
    assert foresee_params(warm, DOMAIN).train.is_warm
    served.ledger.append(DOMAIN, Kind.CONTROL_RUN, {"run": "run-0", "is_beyond": True})
    assert not foresee_params(warm, DOMAIN).train.is_warm
