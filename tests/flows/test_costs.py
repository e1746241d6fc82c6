"""What a run took is what all attempts at its stages took, wherever they ran; it has a price only where one is declared."""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.costs import COST_TAG, RunCost, Stopwatch, count_cost, meter_stage, note_spent, read_cost, show_cost, write_cost
from flows.meters import Energy, Meter, PackageCounter
from flows.places import Place
from flows.retraining import abandon_retraining, start_retraining
from pipelines.domain.events import Kind
from pipelines.domain.identities import RunId
from pipelines.params import CostParams
from tests.builders.places import DOMAIN

UNMEASURED = Energy(joules=None, source="not measurable: nothing counts")
COUNTED = Energy(joules=1.8e6, source="GPU")


def priced(place: Place, price: float | None) -> Place:
    return replace(place, params=replace(place.params, costs=CostParams(price_per_hour=price, currency="EUR")))


def open_run(place: Place, name: str = "run") -> str:
    return place.tracker.open_run(DOMAIN, RunId(name))


def test_every_attempt_at_a_stage_is_paid_for(place: Place) -> None:
    run = open_run(place)
    for seconds in (100.0, 260.0):
        note_spent(place.tracker, run, "train", seconds, UNMEASURED)
    note_spent(place.tracker, run, "split", 9.0, UNMEASURED)
    cost = count_cost(priced(place, 10.0), run)
    assert cost.seconds == {"train": 360.0, "split": 9.0}
    assert cost.device_seconds == 360.0
    assert cost.amount == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("price", "energy", "said"),
    [
        (10.0, COUNTED, "6 min 0 s of the device at 10 EUR an hour: 1.00 EUR; 0.5 kWh (GPU)"),
        (None, UNMEASURED, "6 min 0 s of the device; energy not measurable: nothing counts"),
    ],
)
def test_it_is_said_in_one_sentence_without_inventing_anything(
    place: Place, price: float | None, energy: Energy, said: str
) -> None:
    run = open_run(place)
    note_spent(place.tracker, run, "train", 360.0, energy)
    assert count_cost(priced(place, price), run).describe() == said


def test_a_run_that_nothing_is_known_of_says_so(place: Place) -> None:
    assert count_cost(place, open_run(place)).describe() == "its cost was not measured"


def test_a_block_is_timed_even_where_it_fails(place: Place) -> None:
    run = open_run(place)
    with pytest.raises(StopIteration), meter_stage(place.tracker, run, "train"):
        next(iter(time.sleep(0.05) or ()))
    assert count_cost(place, run).device_seconds >= 0.05


def test_what_was_found_in_the_cache_took_nothing(place: Place) -> None:
    run = open_run(place)
    with meter_stage(place.tracker, run, "train") as watch:
        watch.is_cached = True
    assert count_cost(place, run).seconds == {}


def test_a_lost_mlflow_run_stops_nothing(place: Place, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), meter_stage(place.tracker, "0" * 32, "train"):
        pass
    assert caplog.messages == ["the cost of train is lost: MLflow does not take it"]


def test_a_long_stage_reads_its_counter_each_minute(tmp_path: Path) -> None:
    (tmp_path / "energy_uj").write_text("0", encoding="ascii")
    meter, now = Meter([PackageCounter(tmp_path, 1000)]), 0.0
    watch = Stopwatch(meter, clock=lambda: now)
    for minute in range(1, 6):
        (tmp_path / "energy_uj").write_text(str(900 * minute % 1000), encoding="ascii")
        now = 60.0 * minute
        watch.tick()
    assert meter.read().joules == pytest.approx(5 * 900e-6)


def test_mlflow_shows_the_sums(place: Place) -> None:
    run = open_run(place)
    note_spent(place.tracker, run, "train", 360.0, COUNTED)
    cost = count_cost(priced(place, 10.0), run)
    show_cost(place.tracker, run, cost)
    shown = place.tracker.read_metrics(run, "total_cost.")
    assert shown == {"total_cost.device_seconds": 360.0, "total_cost.amount": pytest.approx(1.0), "total_cost.joules": 1.8e6}
    assert place.tracker.read_tag(run, COST_TAG) == cost.describe()
    assert count_cost(priced(place, 10.0), run) == cost


def test_a_failed_retraining_has_its_cost_on_record(place: Place) -> None:
    start = start_retraining(place, DOMAIN, "asked for")
    assert start.run_id is not None
    note_spent(place.tracker, open_run(place, start.run_id), "train", 36.0, UNMEASURED)
    abandon_retraining(priced(place, 100.0), DOMAIN, start.run_id, "out of memory")
    (ended,) = place.ledger.events(DOMAIN, [Kind.RETRAIN_ENDED])
    cost = read_cost(ended)
    assert cost is not None
    assert cost.amount == pytest.approx(1.0)
    assert ended.payload["cost"]["amount"] == pytest.approx(1.0)  # type: ignore[index,call-overload]


@given(
    seconds=st.dictionaries(st.sampled_from(["train", "evaluate", "audit", "judge"]), st.floats(0, 1e6)),
    joules=st.none() | st.floats(0, 1e9),
    price=st.none() | st.floats(0, 1e3),
)
def test_an_event_carries_it_whole(seconds: dict[str, float], joules: float | None, price: float | None) -> None:
    cost = RunCost(seconds=seconds, joules=joules, energy="GPU", price_per_hour=price, currency="EUR")
    payload = write_cost(cost)
    held = sum(value for stage, value in seconds.items() if stage != "judge")
    assert payload["device_seconds"] == pytest.approx(held)
    assert (payload["amount"] is None) == (price is None)


def test_a_run_that_failed_and_was_begun_again_is_counted_once_in_the_ledger(place: Place) -> None:
    start = start_retraining(place, DOMAIN, "asked for")
    assert start.run_id is not None
    run = open_run(place, start.run_id)
    note_spent(place.tracker, run, "train", 36.0, COUNTED)
    abandon_retraining(place, DOMAIN, start.run_id, "out of memory")
    again = start_retraining(place, DOMAIN, "asked for")
    assert again.run_id == start.run_id
    note_spent(place.tracker, run, "train", 14.0, COUNTED)
    abandon_retraining(place, DOMAIN, start.run_id, "out of memory again")
    costs = [read_cost(event) for event in place.ledger.events(DOMAIN, [Kind.RETRAIN_ENDED])]
    assert [cost.seconds for cost in costs if cost] == [{"train": 36.0}, {"train": 14.0}]
    assert [cost.joules for cost in costs if cost] == [1.8e6, 1.8e6]
    assert place.tracker.read_metrics(run, "total_cost.device_seconds") == {"total_cost.device_seconds": 50.0}


def test_a_stage_without_a_meter_does_not_rename_what_others_counted(place: Place) -> None:
    run = open_run(place)
    note_spent(place.tracker, run, "train", 36.0, COUNTED)
    note_spent(place.tracker, run, "judge", 1.0, UNMEASURED)
    assert count_cost(place, run).describe().endswith("0.5 kWh (GPU)")
