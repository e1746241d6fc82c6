"""No look is free, none is lost, and all of a period together spend no more than α."""

from __future__ import annotations

import math
import threading
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.clock import SetClock, SystemClock
from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Kind
from pipelines.domain.identities import Digest, DomainName, digest_value
from pipelines.domain.pins import Look
from pipelines.ledger.champions import promote
from pipelines.ledger.ledgers import Ledger
from pipelines.ledger.looks import reserve_look, spend
from tests.builders.ledgers import DOMAIN, START, build_promotion, open_ledger

PLAN = digest_value("plan")


def look(ledger: Ledger, name: object, period_days: int = 365) -> Look:
    return reserve_look(ledger, DOMAIN, PLAN, digest_value(["inputs", str(name)]), 0.05, period_days)


@settings(deadline=None)
@given(alpha=st.floats(0.001, 0.4), looks=st.integers(1, 5_000))
def test_any_number_of_looks_spends_at_most_alpha(alpha: float, looks: int) -> None:
    assert math.fsum(spend(alpha, t) for t in range(1, looks + 1)) < alpha


def test_endless_looks_spend_all_of_alpha_and_no_more() -> None:
    spent = math.fsum(spend(0.05, t) for t in range(1, 200_000))
    assert 0.05 - 1e-6 < spent < 0.05


@pytest.mark.parametrize(("alpha", "t"), [(0.05, 0), (0.0, 1), (1.0, 1), (-0.1, 1), (0.05, -3)])
def test_refuses_a_level_or_a_number_that_is_none(alpha: float, t: int) -> None:
    with pytest.raises(LedgerError, match="looks count from 1"):
        spend(alpha, t)


def test_the_event_of_a_look_says_all_of_it(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    inputs = digest_value("inputs")
    reserved = reserve_look(ledger, DOMAIN, PLAN, inputs)
    (event,) = ledger.events(DOMAIN)
    assert event.kind is Kind.LOOK_RESERVED
    assert event.payload == {"generation": 1, "t": 1, "alpha": spend(0.05, 1), "plan": PLAN, "inputs": inputs}
    assert reserved == Look(generation=1, t=1, alpha=spend(0.05, 1), plan=PLAN)


def test_the_same_inputs_get_the_look_that_they_have(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    first, second = look(ledger, "a"), look(ledger, "b")
    assert (first.t, second.t) == (1, 2)
    assert (look(ledger, "a"), look(ledger, "b")) == (first, second)
    assert len(ledger.events(DOMAIN)) == 2


def test_each_new_look_is_judged_at_a_lower_level(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    levels = [look(ledger, name).alpha for name in range(8)]
    assert levels == sorted(levels, reverse=True)
    assert levels == [spend(0.05, t) for t in range(1, 9)]


def test_a_period_opens_with_a_look_and_the_next_opens_after_it(tmp_path: Path) -> None:
    clock = SetClock(START)
    ledger = open_ledger(tmp_path, clock)
    assert look(ledger, "a", 30).t == 1
    clock.advance(timedelta(days=30) - timedelta(microseconds=1))
    assert look(ledger, "b", 30).t == 2
    clock.advance(timedelta(microseconds=1))
    assert look(ledger, "c", 30).t == 1
    clock.advance(timedelta(days=29))
    assert [look(ledger, name, 30).t for name in ("d", "e", "a")] == [2, 3, 1]


def test_a_clock_set_back_frees_no_look(tmp_path: Path) -> None:
    clock = SetClock(START)
    ledger = open_ledger(tmp_path, clock)
    look(ledger, "a")
    clock.advance(timedelta(days=-4_000))
    assert look(ledger, "b").t == 2


def test_a_generation_retires_after_ten_promotions_but_looks_count_on(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    seen = []
    for version in range(1, 13):
        reserved = look(ledger, version)
        seen.append((reserved.generation, reserved.t))
        promote(ledger, build_promotion(version, version - 1 or None))
    assert seen == [(1, t) for t in range(1, 11)] + [(2, 11), (2, 12)]


def test_domains_spend_their_own_alpha(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    look(ledger, "a")
    assert reserve_look(ledger, DomainName("other"), PLAN, digest_value("inputs")).t == 1


def test_refuses_the_same_inputs_under_another_plan(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    inputs = digest_value("inputs")
    reserve_look(ledger, DOMAIN, PLAN, inputs)
    with pytest.raises(LedgerError, match="another plan"):
        reserve_look(ledger, DOMAIN, Digest("another"), inputs)


def test_looks_reserved_at_once_never_share_a_number(tmp_path: Path) -> None:
    numbers: list[int] = []

    def reserve(name: int) -> None:
        numbers.append(look(open_ledger(tmp_path, SystemClock()), name).t)

    threads = [threading.Thread(target=reserve, args=(name,)) for name in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(1, 11))


def test_the_same_look_reserved_at_once_is_one_look(tmp_path: Path) -> None:
    found: list[Look] = []
    threads = [
        threading.Thread(target=lambda: found.append(look(open_ledger(tmp_path, SystemClock()), "same"))) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {one.t for one in found} == {1}
    assert len(open_ledger(tmp_path).events(DOMAIN)) == 1
