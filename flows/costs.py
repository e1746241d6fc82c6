"""What a run costs: the seconds that its stages held the device, at the price that ``params.yaml`` declares, and their energy.

Stages may run on another machine than the flow that concludes the run, so each notes what it took where both look: as figures of
the MLflow run. An attempt that failed, or was stopped and said so, is paid for like any other; one that was killed says nothing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace

from pydantic import TypeAdapter

from flows.meters import Energy, Meter
from flows.places import Place
from pipelines.catalog import FITTING
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Json, RunId
from pipelines.learners.paces import describe_seconds
from pipelines.tracking import Tracker

PREFIX = "cost."
ENERGY_TAG = "addendum.energy"
UNCOUNTED_TAG = "addendum.energy.uncounted"
"""Why a stage was not counted: it may have run where there is no meter, beside others that were counted."""
COST_TAG = "addendum.cost"
JOULES_A_KWH = 3.6e6
READ_EACH_S = 60.0
FAILED = "failed"
"""What the end of a retraining says that came to no verdict."""
SAME_S = 1e-6
"""What sums of seconds may differ by in their last bits."""
LOG = logging.getLogger("addendum.flow")


@dataclass(slots=True)
class Stopwatch:
    """What one attempt at a stage has taken; found in the cache it took nothing."""

    meter: Meter
    is_cached: bool = False
    clock: Callable[[], float] = time.monotonic
    _read_at: float = 0.0

    def tick(self) -> None:
        """Read the meter if that was long ago: a processor's counter begins anew within the hour."""
        if self.clock() - self._read_at >= READ_EACH_S:
            self._read_at = self.clock()
            self.meter.read()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCost:
    """A run's cost. ``seconds`` by stage; ``joules`` are ``None`` where none were counted; money is in ``currency``.

    ``price_per_hour`` is that of an hour of the device, ``None`` where none is declared.
    """

    seconds: Mapping[str, float] = field(default_factory=dict)
    joules: float | None = None
    energy: str = ""
    price_per_hour: float | None = None
    currency: str = ""

    @property
    def device_seconds(self) -> float:
        """The seconds of the stages that want a device."""
        return sum(self.seconds.get(stage.value, 0.0) for stage in FITTING)

    @property
    def amount(self) -> float | None:
        """What the device cost, ``None`` without a price."""
        return None if self.price_per_hour is None else self.device_seconds / 3600 * self.price_per_hour

    def describe(self) -> str:
        """Say it in a few words."""
        if not self.seconds:
            return "its cost was not measured"
        said = f"{describe_seconds(self.device_seconds)} of the device"
        if self.amount is not None:
            said += f" at {self.price_per_hour:g} {self.currency} an hour: {self.amount:.2f} {self.currency}"
        if self.joules is None:
            return f"{said}; energy {self.energy or 'not measured'}"
        return f"{said}; {self.joules / JOULES_A_KWH:.3g} kWh ({self.energy})"


@contextmanager
def meter_stage(tracker: Tracker, mlflow_run: str, stage: str) -> Iterator[Stopwatch]:
    """Note what the block takes as the cost of ``stage``, beside what earlier attempts took; a block that raises counts too."""
    started, watch = time.monotonic(), Stopwatch(Meter.open())
    try:
        yield watch
    finally:
        if not watch.is_cached:
            note_spent(tracker, mlflow_run, stage, time.monotonic() - started, watch.meter.read())


def note_spent(tracker: Tracker, mlflow_run: str, stage: str, seconds: float, energy: Energy) -> None:
    """Add to what the run's figures say of ``stage``; an MLflow that does not answer loses the figure and no more."""
    added = {f"{PREFIX}{stage}.seconds": seconds}
    if energy.joules is not None:
        added[f"{PREFIX}{stage}.joules"] = energy.joules
    tag = UNCOUNTED_TAG if energy.joules is None else ENERGY_TAG
    if not tracker.add_metrics(mlflow_run, added, {tag: energy.source}):
        LOG.warning("the cost of %s is lost: MLflow does not take it", stage)


def count_cost(place: Place, mlflow_run: str) -> RunCost:
    """Return what the run's stages have noted, at today's price."""
    params, figures = place.params.costs, place.tracker.read_metrics(mlflow_run, PREFIX)
    seconds, joules = dict[str, float](), list[float]()
    for name, value in figures.items():
        stage, _, unit = name.removeprefix(PREFIX).partition(".")
        if unit == "seconds":
            seconds[stage] = value
        elif unit == "joules":
            joules.append(value)
    return RunCost(
        seconds=seconds,
        joules=sum(joules) if joules else None,
        energy=place.tracker.read_tag(mlflow_run, ENERGY_TAG if joules else UNCOUNTED_TAG) or "",
        price_per_hour=params.price_per_hour,
        currency=params.currency,
    )


def leave_out_failed(cost: RunCost, events: Iterable[Event], run_id: RunId) -> RunCost:
    """Return ``cost`` less what earlier failures of the same run have on record: begun again, it is one run in MLflow.

    So the sum over the ledger's events counts every second once.
    """
    ended = (event for event in events if event.kind is Kind.RETRAIN_ENDED and event.payload.get("run") == run_id)
    earlier = [found for event in ended if event.payload["decision"] == FAILED and (found := read_cost(event)) is not None]
    left = {stage: spent - sum(one.seconds.get(stage, 0.0) for one in earlier) for stage, spent in cost.seconds.items()}
    joules = None if cost.joules is None else cost.joules - sum(one.joules or 0.0 for one in earlier)
    return replace(cost, seconds={stage: spent for stage, spent in left.items() if spent > SAME_S}, joules=joules)


def show_cost(tracker: Tracker, mlflow_run: str, cost: RunCost) -> None:
    """Set the sums as figures of the run, and say them in a tag."""
    figures = {"device_seconds": cost.device_seconds, "amount": cost.amount, "joules": cost.joules}
    said = {f"total_cost.{name}": value for name, value in figures.items() if value is not None}
    tracker.log_metrics(mlflow_run, said)
    tracker.tag(mlflow_run, {COST_TAG: cost.describe()})


def write_cost(cost: RunCost) -> dict[str, Json]:
    """Return the cost as an event carries it: what was measured, and what follows from it."""
    measured: dict[str, Json] = dict(asdict(cost))
    return {**measured, "device_seconds": cost.device_seconds, "amount": cost.amount}


def read_cost(event: Event) -> RunCost | None:
    """Return the cost that an event carries; ``None`` where it carries none."""
    found = event.payload.get("cost")
    return TypeAdapter(RunCost).validate_python(found) if isinstance(found, Mapping) else None
