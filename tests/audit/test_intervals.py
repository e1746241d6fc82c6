"""Intervals are those of the textbooks, hold their level, and never leave what they are about."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest

from pipelines.audit.intervals import bound_share, cap_share, spread_median

COUNTS = st.integers(1, 400).flatmap(lambda count: st.tuples(st.integers(0, count), st.just(count)))


@given(COUNTS)
def test_a_shares_interval_is_scipys_exact_one(counts: tuple[int, int]) -> None:
    hits, count = counts
    exact = binomtest(hits, count).proportion_ci(method="exact")
    assert bound_share(hits, count) == pytest.approx((exact.low, exact.high), abs=1e-9)
    assert 0 <= bound_share(hits, count)[0] <= hits / count <= bound_share(hits, count)[1] <= 1


@given(COUNTS)
def test_at_the_one_sided_bound_so_few_hits_have_a_chance_of_a_twentieth(counts: tuple[int, int]) -> None:
    hits, count = counts
    if hits == count:
        assert cap_share(hits, count) == 1
    else:
        assert binom.cdf(hits, count, cap_share(hits, count)) == pytest.approx(0.05, abs=1e-6)


def test_no_leak_in_three_thousand_prompts_bounds_the_rate_at_a_thousandth() -> None:
    assert cap_share(0, 3000) == pytest.approx(0.001, abs=2e-6)
    assert cap_share(0, 3000) <= 0.001 < cap_share(1, 3000)
    assert cap_share(0, 2990) > 0.001


def test_the_band_of_a_median_holds_nineteen_medians_of_twenty() -> None:
    """Exposures of what nobody was shown are known: minus the logarithm of a uniform share of ranks."""
    exposures = -np.log2(np.arange(1, 1001) / 1001)
    lower, upper = spread_median(exposures.tolist(), 100, 7)
    medians = np.median(np.random.default_rng(1).choice(exposures, size=(4_000, 100)), axis=1)
    assert ((medians >= lower) & (medians <= upper)).mean() == pytest.approx(0.95, abs=0.02)
    assert lower < 1 < upper


def test_more_values_make_a_narrower_band_and_the_seed_makes_it_repeatable() -> None:
    values = np.random.default_rng(3).normal(size=500).tolist()
    few, many = spread_median(values, 20, 1), spread_median(values, 500, 1)
    assert few[1] - few[0] > 3 * (many[1] - many[0])
    assert spread_median(values, 20, 1) == few
