"""The learning rate and the number of steps."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from pipelines.learners.catalogue import AnyLearner
from pipelines.learners.causal_lm import CausalLm
from pipelines.learners.classifier import Classifier
from pipelines.learners.linear import Linear
from pipelines.learners.schedules import Schedule


@given(st.integers(1, 60), st.floats(0, 1), st.sampled_from(["linear", "cosine"]))
def test_the_rate_rises_to_its_height_and_falls(steps: int, warmup: float, decay: Literal["linear", "cosine"]) -> None:
    schedule = Schedule(base="scratch:tiny", warmup=warmup, decay=decay, rate=0.01)
    rates = [schedule.rate_at(step, steps) for step in range(1, steps + 1)]
    assert all(0 < rate <= 0.01 for rate in rates)
    assert max(rates) == pytest.approx(0.01)
    top = rates.index(max(rates))
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)


@given(st.floats(0.01, 1), st.integers(1, 5))
def test_a_warm_start_rises_to_a_share_of_every_rate_and_decays_again(rewarm: float, epochs: int) -> None:
    cold = Classifier(rate=0.01, head_rate=0.2, epochs=4, rewarm=rewarm, warm_epochs=epochs)
    warm, steps = cold.continued(), 30
    assert (warm.epochs, cold.epochs) == (epochs, 4)
    assert warm.head_rate / warm.rate == pytest.approx(cold.head_rate / cold.rate)
    for step in range(1, steps + 1):
        assert warm.rate_at(step, steps) == pytest.approx(rewarm * cold.rate_at(step, steps))


def test_a_warm_start_is_a_cold_one_where_nothing_else_is_asked_for() -> None:
    for learner in (Classifier(), CausalLm()):
        assert learner.continued() == learner


def test_steps_are_epochs_of_batches_or_the_limit() -> None:
    assert Schedule(base="scratch:tiny", epochs=3).count_steps(7) == 21
    assert Schedule(base="scratch:tiny", epochs=3, max_steps=15).count_steps(7) == 15
    assert Schedule(base="scratch:tiny", epochs=1, max_steps=15).count_steps(7) == 7


@pytest.mark.parametrize("kind", [Linear, Classifier, CausalLm])
def test_a_kind_alone_is_a_whole_learner(kind: type[Linear | Classifier | CausalLm]) -> None:
    name = kind.model_fields["kind"].default
    assert TypeAdapter[AnyLearner](AnyLearner).validate_python({"kind": name}) == kind()


@pytest.mark.parametrize("wrong", [{"kind": "forest"}, {"kind": "linear", "epochs": 3}, {"kind": "classifier", "rate": 0}])
def test_refuses_unknown_kinds_fields_and_rates(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter[AnyLearner](AnyLearner).validate_python(wrong)
