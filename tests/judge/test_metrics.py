"""Each metric of sums is the metric of rows, as others compute it."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.domain.errors import NotMeasurableError
from pipelines.domain.models import Role
from pipelines.domain.pins import Look
from pipelines.domain.scorecards import Outcome, Slice
from pipelines.judge.evidence import Evidence, Rows
from pipelines.judge.metrics import sum_families, value
from tests.builders.outcomes import ALPHA_1, LABELS, build_outcome, build_pin, forge_digest

LOOK = Look(generation=1, t=1, alpha=ALPHA_1, plan=forge_digest("plan"))


def tabulate(outcomes: list[Outcome]) -> Rows:
    return Evidence(build_pin(), LOOK, outcomes).rows(Role.CANDIDATE, Slice.HOLDOUT)


def score(metric: Any, outcomes: list[Outcome]) -> float:
    return float(value(metric, sum_families(metric, tabulate(outcomes)).sum(axis=0)))


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from((*LABELS, "none of them"))), min_size=2, max_size=40))
def test_macro_f1_is_the_mean_over_the_labels_of_the_rows(drawn: list[tuple[str, str]]) -> None:
    from sklearn.metrics import f1_score

    true, predicted = [one[0] for one in drawn], [one[1] for one in drawn]
    outcomes = [build_outcome(row, label=label, predicted=guess) for row, (label, guess) in enumerate(drawn)]
    if len(set(true)) < 2:
        with pytest.raises(NotMeasurableError, match="two labels"):
            score("macro_f1", outcomes)
    else:
        expected = f1_score(true, predicted, labels=sorted(set(true)), average="macro", zero_division=0.0)
        assert score("macro_f1", outcomes) == pytest.approx(expected)


def test_bits_per_byte_weigh_by_length_and_count_down() -> None:
    outcomes = [build_outcome(0, loss=80 * math.log(2), size=100), build_outcome(1, loss=600 * math.log(2), size=300)]
    assert score("bits_per_byte", outcomes) == pytest.approx(-680 / 400)
    assert score("log_loss", outcomes) == pytest.approx(-340 * math.log(2))


@settings(deadline=None)
@given(st.lists(st.booleans(), min_size=1, max_size=30), st.integers(1, 5))
def test_accuracy_is_the_share_of_right_rows_however_they_are_grouped(right: list[bool], groups: int) -> None:
    outcomes = [build_outcome(row, is_right=is_right, family_id=f"f{row % groups}") for row, is_right in enumerate(right)]
    assert score("accuracy", outcomes) == pytest.approx(np.mean(right))
    assert sum_families("accuracy", tabulate(outcomes)).shape == (min(groups, len(right)), 2)


def test_the_order_of_outcomes_changes_nothing() -> None:
    outcomes = [build_outcome(row, is_right=row % 3 > 0) for row in range(20)]
    assert tabulate(outcomes).row_ids == tabulate(outcomes[::-1]).row_ids
    assert score("macro_f1", outcomes) == score("macro_f1", outcomes[::-1])


def test_a_model_without_rows_cannot_be_measured() -> None:
    with pytest.raises(NotMeasurableError, match="the candidate has no rows in the holdout slice"):
        tabulate([])


def test_a_seed_is_fixed_by_the_look_and_the_question() -> None:
    evidence = Evidence(build_pin(), LOOK, [])
    assert evidence.seed("a") == evidence.seed("a") != evidence.seed("b")
    assert Evidence(build_pin(), Look(generation=1, t=2, alpha=ALPHA_1, plan=LOOK.plan), []).seed("a") != evidence.seed("a")
