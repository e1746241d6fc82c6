"""The bounds on an increase of the calibration error hold their level where a difference of raw errors would not."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.judge.calibration_tests import Confidences, Increase, compare_calibration

Floats = npt.NDArray[np.float64]
ALPHA = 0.0304
MARGIN = 0.02


def draw_models(
    increase: float, error: float = 0.0, *, rows: int = 3_000, families: int | None = None, simulations: int = 300, seed: int = 1
) -> tuple[tuple[Confidences, Confidences], npt.NDArray[np.int64]]:
    """Return candidate and champion that state ``error + increase`` and ``error`` too much, and agree on most rows."""
    generator = np.random.default_rng(seed)
    shape, count = (simulations, rows), families or rows
    family = np.arange(rows) % count
    truth = 0.3 + 0.55 * generator.beta(5, 1.2, shape)
    luck = generator.random(shape)
    if families:
        luck = np.where(generator.random(shape) < 0.4, generator.random((simulations, families))[:, family], luck)
    other = np.where(generator.random(shape) < 0.7, luck, generator.random(shape))
    candidate = Confidences(stated=truth + error + increase, right=(other < truth).astype(np.float64))
    champion = Confidences(stated=truth + error, right=(luck < truth).astype(np.float64))
    return (candidate, champion), family


def compare(increase: float, error: float = 0.0, **fields: int) -> Increase:
    models, family = draw_models(increase, error, **fields)
    return compare_calibration(models, family, ALPHA)


def raw_error(model: Confidences, bins: int = 15) -> Floats:
    """The expected calibration error over bins of equal width, as it is usually told."""
    places = np.clip(np.ceil(model.stated * bins).astype(int) - 1, 0, bins - 1)
    gaps = [np.abs(((places == place) * (model.right - model.stated)).sum(axis=-1)) for place in range(bins)]
    return np.asarray(sum(gaps) / model.stated.shape[-1])


@pytest.mark.parametrize(("error", "fields"), [(0.0, {}), (0.05, {}), (0.0, {"families": 300}), (0.0, {"rows": 600})], ids=str)
def test_a_model_that_is_worse_by_the_margin_itself_hardly_ever_passes(error: float, fields: dict[str, int]) -> None:
    assert (compare(MARGIN, error, **fields).upper < MARGIN).mean() <= 0.045


def test_a_difference_of_raw_errors_is_drawn_towards_nothing() -> None:
    models, _ = draw_models(MARGIN, rows=1_000)
    raw = (raw_error(models[0]) - raw_error(models[1])).mean()
    increase = compare_calibration(models, np.arange(1_000), ALPHA)
    assert raw < 0.5 * MARGIN
    assert (increase.first**2).mean() - (increase.second**2).mean() == pytest.approx(MARGIN**2, rel=0.5)


@pytest.mark.parametrize("error", [0.0, 0.05])
def test_an_equal_model_passes_a_holdout_that_is_large_enough(error: float) -> None:
    assert (compare(0.0, error, rows=8_000, simulations=60).upper < MARGIN).mean() > 0.8


@pytest.mark.parametrize("error", [0.0, 0.05])
def test_an_equal_model_is_hardly_ever_shown_to_be_worse(error: float) -> None:
    assert (compare(0.0, error).lower > 0).mean() <= ALPHA


def test_finds_an_increase_of_five_points() -> None:
    increase = compare(0.05)
    assert ((increase.lower > 0) & (increase.estimate > MARGIN)).mean() > 0.8
    assert increase.estimate.mean() == pytest.approx(0.05, abs=0.01)


def test_an_improvement_is_no_increase() -> None:
    increase = compare(-0.05, 0.05)
    assert (increase.estimate < 0).all()
    assert (increase.upper < MARGIN).mean() > 0.95


def test_families_that_stand_or_fall_together_widen_the_bounds() -> None:
    models, family = draw_models(0.0, families=300)
    together = compare_calibration(models, family, ALPHA)
    apart = compare_calibration(models, np.arange(3_000), ALPHA)
    assert together.upper.mean() > 1.05 * apart.upper.mean()


def test_answers_that_all_happened_to_be_right_are_no_proof_of_a_wrong_confidence() -> None:
    careful = Confidences(stated=np.full(30, 0.95), right=np.ones(30))
    bold = Confidences(stated=np.full(30, 0.999), right=np.ones(30))
    assert float(compare_calibration((careful, bold), np.arange(30), ALPHA).lower) <= 0
    assert float(compare_calibration((bold, careful), np.arange(30), ALPHA).lower) <= 0


@settings(max_examples=40)
@given(st.lists(st.tuples(st.floats(0.01, 1), st.floats(0.01, 1), st.booleans(), st.booleans()), min_size=12, max_size=80))
def test_the_estimate_lies_between_its_bounds_and_a_model_equals_itself(rows: list[tuple[float, float, bool, bool]]) -> None:
    first = Confidences(stated=np.array([row[0] for row in rows]), right=np.array([float(row[2]) for row in rows]))
    second = Confidences(stated=np.array([row[1] for row in rows]), right=np.array([float(row[3]) for row in rows]))
    family = np.arange(len(rows))
    increase = compare_calibration((first, second), family, ALPHA)
    assert float(increase.lower) <= float(increase.estimate) + 1e-9
    assert float(increase.estimate) <= float(increase.upper) + 1e-9
    assert float(increase.upper) >= 0
    itself = compare_calibration((first, first), family, ALPHA)
    assert float(itself.estimate) == 0.0
    assert float(itself.lower) <= 0


def test_a_batch_of_one_says_what_the_single_comparison_says() -> None:
    models, family = draw_models(0.03, simulations=2)
    batch = compare_calibration(models, family, ALPHA)
    first, second = (Confidences(stated=model.stated[0], right=model.right[0]) for model in models)
    single = compare_calibration((first, second), family, ALPHA)
    for name in ("first", "second", "estimate", "lower", "upper"):
        assert getattr(batch, name)[0] == pytest.approx(float(getattr(single, name)), abs=1e-9)
