"""No look is free, none is lost, and all of a period together spend no more than α."""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.clock import SetClock, SystemClock
from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DomainName, digest_value
from pipelines.domain.pins import Look
from pipelines.domain.spending import spend
from pipelines.ledger.champions import champion, promote, roll_back
from pipelines.ledger.generations import renew
from pipelines.ledger.ledgers import Ledger
from pipelines.ledger.looks import LookRequest, count_next_look, reserve_look
from tests.builders.ledgers import DOMAIN, START, build_promotion, open_ledger

PLAN = digest_value("plan")


def ask(name: object, **fields: Any) -> LookRequest:
    return LookRequest(**{"plan": PLAN, "inputs": digest_value(["inputs", str(name)]), **fields})


def look(ledger: Ledger, name: object, period_days: int = 365) -> Look:
    return reserve_look(ledger, DOMAIN, ask(name, period_days=period_days))


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
    promote(ledger, build_promotion(1))
    request = ask("a", alpha=0.04, period_days=30)
    reserved = reserve_look(ledger, DOMAIN, request)
    event = ledger.events(DOMAIN)[-1]
    assert event.kind is Kind.LOOK_RESERVED
    assert event.payload == {
        "generation": 1,
        "promotions": 1,
        "t": 1,
        "alpha": spend(0.04, 1),
        "plan": PLAN,
        "inputs": request.inputs,
        "period_days": 30,
    }
    assert reserved == Look(generation=1, t=1, alpha=spend(0.04, 1), plan=PLAN, inputs=request.inputs, promotions=1)


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


def test_a_period_lasts_as_long_as_it_was_opened_for(tmp_path: Path) -> None:
    """Or a shorter period, declared after a refusal, would buy α back."""
    clock = SetClock(START)
    ledger = open_ledger(tmp_path, clock)
    look(ledger, "a", 30)
    clock.advance(timedelta(days=2))
    assert look(ledger, "b", 1).t == 2
    clock.advance(timedelta(days=28))
    assert look(ledger, "c", 1).t == 1
    clock.advance(timedelta(days=1))
    assert look(ledger, "d", 30).t == 1


@pytest.mark.parametrize("days", [0, -1])
def test_refuses_a_period_that_is_over_before_it_begins(tmp_path: Path, days: int) -> None:
    ledger = open_ledger(tmp_path)
    with pytest.raises(LedgerError, match="a day or more"):
        look(ledger, "a", days)
    assert ledger.events(DOMAIN) == []


def test_a_look_says_what_its_generation_has_carried_and_looks_count_on_across_generations(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    seen = []
    for version in range(1, 14):
        if version == 12:
            renew(ledger, DOMAIN, since=400, rows=900)
        reserved = look(ledger, version)
        seen.append((reserved.generation, reserved.promotions, reserved.t))
        promote(ledger, build_promotion(version, version - 1 or None))
    assert seen == [(1, t - 1, t) for t in range(1, 12)] + [(2, 0, 12), (2, 1, 13)]


def test_domains_spend_their_own_alpha(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    look(ledger, "a")
    assert reserve_look(ledger, DomainName("other"), ask("a")).t == 1


def test_refuses_the_same_inputs_under_another_plan(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    look(ledger, "a")
    with pytest.raises(LedgerError, match="another plan"):
        reserve_look(ledger, DOMAIN, ask("a", plan=Digest("another")))
    assert len(ledger.events(DOMAIN)) == 1


def test_refuses_the_same_inputs_at_another_generation(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    look(ledger, "a")
    for version in range(1, 11):
        promote(ledger, build_promotion(version, version - 1 or None))
    renew(ledger, DOMAIN, since=10, rows=100)
    with pytest.raises(LedgerError, match="look at generation 1 of the holdout and generation 2 stands"):
        look(ledger, "a")
    assert look(ledger, "b").generation == 2


STORIES = st.lists(
    st.one_of(
        st.tuples(st.just("look"), st.integers(0, 6)),
        st.tuples(st.just("wait"), st.integers(0, 25)),
        st.tuples(st.just("promote"), st.just(0)),
        st.tuples(st.just("roll back"), st.just(0)),
    ),
    max_size=25,
)


@settings(max_examples=25)
@given(story=STORIES)
def test_after_any_story_no_look_is_lost_or_free(tmp_path_factory: pytest.TempPathFactory, story: list[tuple[str, int]]) -> None:
    """Two handles on one ledger, as two processes have; a period of 30 days; every look asked for is asked for again later."""
    clock, folder = SetClock(START), tmp_path_factory.mktemp("story")
    handles = [open_ledger(folder, clock) for _ in range(2)]
    given_out: dict[int, Look] = {}
    for number, (deed, amount) in enumerate(story):
        ledger = handles[number % 2]
        if deed == "look":
            reserved = look(ledger, amount, 30)
            assert given_out.setdefault(amount, reserved) == reserved
        elif deed == "wait":
            clock.advance(timedelta(days=amount))
        else:
            move_champion(ledger, deed, number + 1)
    events = handles[0].events(DOMAIN, [Kind.LOOK_RESERVED])
    assert [event.payload["inputs"] for event in events] == [one.inputs for one in given_out.values()]
    for spent, opened, last in periods(events):
        assert math.fsum(spent) <= 0.05
        assert spent == [spend(0.05, t) for t in range(1, len(spent) + 1)]
        assert last < opened + timedelta(days=30)


def move_champion(ledger: Ledger, deed: str, version: int) -> None:
    serving = champion(ledger, DOMAIN)
    try:
        if deed == "promote":
            promote(ledger, build_promotion(version, serving.version if serving else None))
        else:
            roll_back(ledger, DOMAIN, f"reason {version}")
    except LedgerError:
        return


def periods(events: list[Event]) -> list[tuple[list[float], datetime, datetime]]:
    """The α spent in each period, when it opened, and when it saw its last look."""
    found: list[tuple[list[float], datetime, datetime]] = []
    for event in events:
        level = cast("float", event.payload["alpha"])
        if event.payload["t"] == 1:
            found.append(([level], event.recorded_at, event.recorded_at))
        else:
            spent, opened, _ = found.pop()
            found.append(([*spent, level], opened, event.recorded_at))
    return found


@settings(max_examples=5)
@given(asked=st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=3), min_size=2, max_size=5))
def test_however_threads_interleave_each_run_has_one_look_and_none_is_free(
    tmp_path_factory: pytest.TempPathFactory, asked: list[list[int]]
) -> None:
    folder, found = tmp_path_factory.mktemp("race"), list[tuple[int, Look]]()
    open_ledger(folder)

    def reserve(names: list[int]) -> None:
        ledger = open_ledger(folder, SystemClock())
        found.extend((name, look(ledger, name)) for name in names)

    run_at_once([functools.partial(reserve, names) for names in asked])
    by_name = dict(found)
    assert all(by_name[name] == one for name, one in found)
    assert sorted(one.t for one in by_name.values()) == list(range(1, len(by_name) + 1))
    assert len(found) == sum(len(names) for names in asked)
    assert math.fsum(one.alpha for one in by_name.values()) <= 0.05


def run_at_once(deeds: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=deed) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_looks_reserved_at_once_never_share_a_number(tmp_path: Path) -> None:
    numbers: list[int] = []

    def reserve(name: int) -> None:
        numbers.append(look(open_ledger(tmp_path, SystemClock()), name).t)

    run_at_once([functools.partial(reserve, name) for name in range(10)])
    assert sorted(numbers) == list(range(1, 11))


def test_the_same_look_reserved_at_once_is_one_look(tmp_path: Path) -> None:
    found: list[Look] = []
    run_at_once([lambda: found.append(look(open_ledger(tmp_path, SystemClock()), "same"))] * 8)
    assert {one.t for one in found} == {1}
    assert len(open_ledger(tmp_path).events(DOMAIN)) == 1


def test_the_next_looks_number_is_told_and_nothing_is_reserved(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    assert count_next_look(ledger, DOMAIN) == 1
    look(ledger, "a", period_days=30)
    assert count_next_look(ledger, DOMAIN) == count_next_look(ledger, DOMAIN) == 2
    later = Ledger(ledger.engine, SetClock(START + timedelta(days=31)), ledger.actor)
    assert count_next_look(later, DOMAIN) == 1
    assert len(ledger.events(DOMAIN)) == 1
