"""The intervals are those of the papers they are named after, and a prediction is never surer than what it stands on."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.gains import (
    PRIOR_SHARE,
    Bits,
    Interval,
    Recovery,
    Tally,
    bound_tally,
    contrast_bits,
    contrast_tallies,
    learn_share,
    measure_bits,
    multiply,
)

counts = st.integers(1, 400).flatmap(lambda rows: st.tuples(st.just(rows), st.integers(0, rows)))
SHARE = Interval(value=0.5, low=0.2, high=0.8)


def build_tally(rows: int, right: int) -> Tally:
    return Tally(rows=rows, right=right)


def test_the_score_interval_is_wilsons() -> None:
    """81 of 263 at 90%: computed by hand from the quadratic of Wilson (1927)."""
    low, high = bound_tally(build_tally(263, 81))
    z, n, p = 1.6448536269514722, 263, 81 / 263
    for bound in (low, high):
        assert (bound - p) ** 2 == pytest.approx(z**2 * bound * (1 - bound) / n)
    assert low < p < high


def test_the_difference_is_newcombes_method_ten_with_its_sides_unlike() -> None:
    known, news = build_tally(70, 56), build_tally(80, 48)
    found = contrast_tallies(known, news)
    (low, high), (news_low, news_high) = bound_tally(known), bound_tally(news)
    assert found.value == pytest.approx(0.2)
    assert found.low == pytest.approx(0.2 - ((0.8 - low) ** 2 + (news_high - 0.6) ** 2) ** 0.5)
    assert found.high == pytest.approx(0.2 + ((high - 0.8) ** 2 + (0.6 - news_low) ** 2) ** 0.5)


@given(known=counts, news=counts)
def test_a_difference_lies_in_its_interval_and_turns_with_its_sides(known: tuple[int, int], news: tuple[int, int]) -> None:
    there, back = (contrast_tallies(build_tally(*one), build_tally(*two)) for one, two in ((known, news), (news, known)))
    assert -1.0 <= there.low < there.value < there.high <= 1.0 + 1e-9 or there.low <= there.value <= there.high
    assert (there.low, there.high) == (pytest.approx(-back.high), pytest.approx(-back.low))


def test_the_interval_holds_as_often_as_it_says() -> None:
    """Two shares of 90% and 80% on 120 rows each: nine in ten intervals hold the difference of a tenth."""
    generator = np.random.default_rng(7)
    drawn = zip(generator.binomial(120, 0.9, 2000), generator.binomial(120, 0.8, 2000), strict=True)
    found = [contrast_tallies(build_tally(120, int(one)), build_tally(120, int(two))) for one, two in drawn]
    assert 0.88 <= sum(one.low <= 0.1 <= one.high for one in found) / 2000 <= 0.93


def build_bits(seed: int, rows: int, mean: float) -> Bits:
    drawn = np.random.default_rng(seed).gamma(20, mean / 20, size=rows)
    return Bits(nats=tuple(float(one) * 100 for one in drawn), sizes=(100,) * rows)


def test_news_that_are_harder_have_more_bits_and_the_same_texts_none() -> None:
    known, news = build_bits(1, 60, 0.8), build_bits(2, 60, 1.2)
    found = contrast_bits(known, news)
    assert found.value == pytest.approx(measure_bits(news) - measure_bits(known))
    assert 0 < found.low < found.value < found.high
    same = contrast_bits(known, known)
    assert same.low < same.value == 0.0 < same.high


def test_the_bootstrap_gives_the_same_again() -> None:
    assert contrast_bits(build_bits(1, 30, 1), build_bits(2, 30, 1)) == contrast_bits(build_bits(1, 30, 1), build_bits(2, 30, 1))


def test_a_byte_counts_the_same_in_a_long_text_and_in_a_short_one() -> None:
    assert measure_bits(Bits(nats=(np.log(2) * 10, np.log(2) * 90), sizes=(10, 90))) == pytest.approx(1.0)


def test_without_a_past_anything_from_none_to_all_may_be_won_back() -> None:
    share = learn_share([])
    assert share.value == PRIOR_SHARE
    assert (share.low, share.high) == (pytest.approx(0.02, abs=0.01), pytest.approx(0.98, abs=0.01))


def test_a_past_that_won_back_most_makes_the_next_surer_and_higher() -> None:
    past = [Recovery(deficit=0.2, gain=0.18, error=0.02)] * 6
    before, share = learn_share([]), learn_share(past)
    assert share.value > 0.8
    assert share.high - share.low < before.high - before.low


@given(past=st.lists(st.builds(Recovery, deficit=st.floats(-1, 1), gain=st.floats(-1, 1), error=st.floats(0, 1)), max_size=8))
def test_a_share_is_a_share_whatever_the_past_was(past: list[Recovery]) -> None:
    share = learn_share(past)
    assert 0.0 <= share.low <= share.value <= share.high <= 1.0


def test_a_retraining_without_a_deficit_teaches_nothing_about_the_share() -> None:
    assert learn_share([Recovery(deficit=0.0, gain=0.3, error=0.01)]) == learn_share([])


def test_the_next_share_is_never_surer_than_one_drop_is_like_another() -> None:
    share = learn_share([Recovery(deficit=0.5, gain=0.25, error=1e-6)] * 1000)
    assert share.high - share.low > 0.4


@given(value=st.floats(-0.5, 0.5), below=st.floats(0, 0.5), above=st.floats(0, 0.5))
def test_no_retraining_is_predicted_to_lose(value: float, below: float, above: float) -> None:
    gain = multiply(Interval(value=value, low=value - below, high=value + above), SHARE)
    assert 0.0 <= gain.low <= gain.value <= gain.high
    assert gain.value == pytest.approx(max(value * 0.5, 0.0))


def test_a_gain_is_less_sure_than_either_of_what_it_is_made_of() -> None:
    deficit = Interval(value=0.2, low=0.15, high=0.25)
    exact = Interval(value=0.5, low=0.5, high=0.5)
    sure, unsure = multiply(deficit, exact), multiply(deficit, SHARE)
    assert (sure.low, sure.high) == (pytest.approx(0.075), pytest.approx(0.125))
    assert unsure.low < sure.low
    assert unsure.high > sure.high
