"""Only whether it is within its limits is written, models take turns, and the first answer of each does not count."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from pipelines.audit.latency import measure_latency, time_alternately
from pipelines.audit.params import Latency
from pipelines.audit.subjects import Subject
from pipelines.domain.errors import NotMeasurableError
from pipelines.learners.protocols import Document, Prediction
from tests.builders.audits import build_subject, index, lay_audited, succeed
from tests.builders.domains import write_split
from tests.builders.lessons import build_documents


def tick(*durations: float) -> Callable[[], float]:
    """A stopwatch by which answers take these durations, one after the other, over and over."""

    def run() -> Iterator[float]:
        now = 0.0
        while True:
            for duration in durations:
                yield now
                now += duration
                yield now

    times = run()
    return lambda: next(times)


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    folder = lay_audited(tmp_path_factory.mktemp("audited"))
    succeed(folder)
    return build_subject(folder)


@pytest.mark.parametrize(("candidate", "expected"), [(1.0, 1.0), (1.5, 1.0), (1.51, 0.0), (10.0, 0.0)])
def test_a_candidate_is_held_to_the_champions_median(candidate: float, expected: float, subject: Subject) -> None:
    (reading,) = measure_latency(Latency(), subject, tick(candidate, 1.0))
    assert (reading.name, reading.value, reading.reference) == ("within the ratio", expected, 1.5)


def test_an_absolute_limit_is_a_reading_of_its_own(subject: Subject) -> None:
    found = index(measure_latency(Latency(limit_ms=5, ratio=20), subject, tick(0.006, 0.001)))
    assert (found["within the ratio"].value, found["within the limit"].value) == (1.0, 0.0)


def test_on_the_real_clock_a_model_is_as_fast_as_itself_give_or_take(subject: Subject) -> None:
    (reading,) = measure_latency(Latency(ratio=100), subject)
    assert (reading.value, reading.lower, reading.upper) == (1.0, None, None)


def test_a_first_model_has_nobody_to_be_slower_than(tmp_path: Path) -> None:
    folder = lay_audited(tmp_path)
    first = build_subject(folder)
    with pytest.raises(NotMeasurableError, match="no champion yet"):
        measure_latency(Latency(), first)
    assert measure_latency(Latency(limit_ms=50), first, tick(0.01))[0].value == 1.0
    write_split(folder, "holdout", [])
    with pytest.raises(NotMeasurableError, match="no row to answer"):
        measure_latency(Latency(), first)


def test_models_take_turns_and_each_documents_fastest_round_counts() -> None:
    asked: list[str] = []

    class Named:
        def __init__(self, name: str) -> None:
            self.name = name

        def predict(self, documents: Sequence[Document]) -> list[Prediction]:
            asked.append(self.name * len(documents))
            return []

        def prefer(self, pairs: object) -> None: ...

        def complete(self, prompts: object, tokens: object) -> None: ...

    seconds = time_alternately([Named("a"), Named("b")], build_documents(3), 2, tick(3, 30, 4, 40, 5, 50, 1, 10, 9, 90, 9, 90))
    assert "".join(asked) == "ab" + "ababab" * 2
    assert seconds == [4, 40]
