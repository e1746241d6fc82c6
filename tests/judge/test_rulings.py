"""What the numbers come to, over any batch: nothing passes but what is shown, and a batch is each of its members."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.domain.pins import PROMOTIONS_A_GENERATION
from pipelines.domain.verdicts import Decision, Result
from pipelines.judge.contrasts import Pairs
from pipelines.judge.rulings import (
    DECISIONS,
    FAILED,
    NOT_MEASURED,
    PASSED,
    RESULTS,
    UNDECIDABLE,
    conclude,
    name_result,
    rule_difference,
    rule_generation,
    rule_power,
    rule_reason,
)
from pipelines.judge.statistics import Floats

NAN = float("nan")


def array(*numbers: float) -> Floats:
    return np.array(numbers, dtype=np.float64)


def pairs(gains: Floats, losses: Floats, rows: float = 4_000) -> Pairs:
    return Pairs(gains=gains, losses=losses, rows=np.full(gains.shape, rows), effect=np.ones(gains.shape))


def test_codes_stand_for_results_and_decisions() -> None:
    assert [name_result(code) for code in (PASSED, FAILED, UNDECIDABLE, NOT_MEASURED)] == list(Result) == list(RESULTS)
    assert list(DECISIONS) == list(Decision)


def test_a_difference_is_shown_or_seen_against_or_undecidable() -> None:
    contrast = pairs(array(100, 100, 100), array(100, 150, 130))
    results = [name_result(code) for code in rule_difference(contrast, -0.01, 0.05)]
    assert results == [Result.PASSED, Result.FAILED, Result.UNDECIDABLE]


@pytest.mark.parametrize(
    ("gains", "losses", "result"), [(80, 20, PASSED), (22, 20, UNDECIDABLE), (20, 20, FAILED), (10, 20, FAILED)]
)
def test_above_nothing_no_gain_at_all_is_a_failure(gains: float, losses: float, result: np.int8) -> None:
    assert rule_difference(pairs(array(gains), array(losses)), 0.0, 0.05)[0] == result


@pytest.mark.parametrize(
    ("p_values", "estimates", "result"),
    [
        ((0.001, 0.5, 0.5), (0.1, 0.0, 0.0), PASSED),
        ((0.02, 0.5, 0.5), (0.1, 0.0, 0.0), UNDECIDABLE),  # below .05, but not a third of it
        ((0.5, 0.5, 0.5), (0.0, -0.1, -0.1), FAILED),
        ((1.0, 1.0, 1.0), (NAN, NAN, NAN), NOT_MEASURED),
        ((1.0, 0.9, 1.0), (NAN, -0.1, NAN), FAILED),
        ((1.0, 0.02, 1.0), (NAN, 0.1, NAN), UNDECIDABLE),  # what is not measured still has its share of α
        ((1.0, 0.016, 1.0), (NAN, 0.1, NAN), PASSED),
    ],
)
def test_a_reason_is_what_holm_lets_stand(p_values: tuple[float, ...], estimates: tuple[float, ...], result: np.int8) -> None:
    assert rule_reason(np.array(p_values), np.array(estimates), 0.05) == result
    batch = rule_reason(np.array([p_values, (0.5, 0.5, 0.5)]), np.array([estimates, (0.1, 0.1, 0.1)]), 0.05)
    assert batch.tolist() == [result, UNDECIDABLE]


def test_too_few_rows_and_a_worn_out_holdout_are_undecidable_and_never_a_failure() -> None:
    assert rule_power(np.array([99, 100, 101]), 100).tolist() == [UNDECIDABLE, PASSED, PASSED]
    carried = np.array([0, PROMOTIONS_A_GENERATION - 1, PROMOTIONS_A_GENERATION, 40])
    assert rule_generation(carried).tolist() == [PASSED, PASSED, UNDECIDABLE, UNDECIDABLE]


@settings(deadline=None)
@given(
    st.lists(st.lists(st.sampled_from(range(4)), min_size=3, max_size=3), min_size=1, max_size=8),
    st.lists(st.booleans(), min_size=3, max_size=3),
)
def test_a_batch_of_conjunctions_is_each_of_them(results: list[list[int]], blocks: list[bool]) -> None:
    together = conclude(np.array(results, dtype=np.int8), np.array(blocks))
    for one, decision in zip(results, together, strict=True):
        blocking = {RESULTS[code] for code, is_blocking in zip(one, blocks, strict=True) if is_blocking}
        expected = (
            Decision.REFUSE if Result.FAILED in blocking else Decision.PROMOTE if blocking == {Result.PASSED} else Decision.HOLD
        )
        assert DECISIONS[int(decision)] is expected


def test_nothing_asked_is_nothing_promoted() -> None:
    assert DECISIONS[int(conclude(np.array([], dtype=np.int8), np.array([], dtype=np.bool_)))] is Decision.HOLD
