"""A holdout carries ten promotions and no more, and what replaces it is new."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.clock import SystemClock
from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Kind
from pipelines.domain.identities import DomainName, digest_value
from pipelines.domain.pins import FIRST_GENERATION, PROMOTIONS_A_GENERATION, Generation
from pipelines.ledger.champions import champion, promote, restore, roll_back, unfreeze
from pipelines.ledger.generations import current_generation, fold_generations, renew
from pipelines.ledger.ledgers import Ledger
from pipelines.ledger.looks import LookRequest, reserve_look
from tests.builders.ledgers import DOMAIN, build_promotion, open_ledger


def wear_out(ledger: Ledger, promotions: int = PROMOTIONS_A_GENERATION) -> None:
    for _ in range(promotions):
        serving = champion(ledger, DOMAIN)
        present = serving.version if serving else None
        promote(ledger, build_promotion((present or 0) + 1, present))


def test_the_first_generation_is_there_from_the_start_and_holds_all_families(tmp_path: Path) -> None:
    state = current_generation(open_ledger(tmp_path), DOMAIN)
    assert (state.generation, state.promotions, state.last_look_seq) == (FIRST_GENERATION, 0, 0)
    assert not state.is_retired


@pytest.mark.parametrize("promotions", [0, 1, 9, 10, 11])
def test_ten_promotions_retire_a_generation(tmp_path: Path, promotions: int) -> None:
    ledger = open_ledger(tmp_path)
    wear_out(ledger, promotions)
    state = current_generation(ledger, DOMAIN)
    assert (state.promotions, state.is_retired) == (promotions, promotions >= 10)


def test_going_back_and_forward_wears_nothing_out(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    wear_out(ledger, 3)
    roll_back(ledger, DOMAIN, "bad")
    unfreeze(ledger, DOMAIN, "understood")
    restore(ledger, DOMAIN, 1, "again", "anna")
    assert current_generation(ledger, DOMAIN).promotions == 3
    assert fold_generations(ledger.events(DOMAIN)).promotions == 3


def test_names_the_event_of_the_last_look_at_this_generation(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    wear_out(ledger)
    reserve_look(ledger, DOMAIN, LookRequest(plan=digest_value("plan"), inputs=digest_value("inputs")))
    assert current_generation(ledger, DOMAIN).last_look_seq == PROMOTIONS_A_GENERATION + 1
    renew(ledger, DOMAIN, since=5, rows=10)
    assert current_generation(ledger, DOMAIN).last_look_seq == 0


def test_the_event_of_a_renewal_says_all_of_it(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    wear_out(ledger)
    assert renew(ledger, DOMAIN, since=812, rows=4_000) == Generation(number=2, since=812)
    event = ledger.events(DOMAIN)[-1]
    assert event.kind is Kind.HOLDOUT_RENEWED
    assert event.payload == {"generation": 2, "since": 812, "rows": 4_000}
    state = current_generation(ledger, DOMAIN)
    assert (state.generation, state.promotions) == (Generation(number=2, since=812), 0)


@pytest.mark.parametrize("promotions", [0, 1, 9])
def test_refuses_to_renew_what_is_not_worn_out(tmp_path: Path, promotions: int) -> None:
    ledger = open_ledger(tmp_path)
    wear_out(ledger, promotions)
    with pytest.raises(LedgerError, match=f"carried {promotions} of 10 promotions"):
        renew(ledger, DOMAIN, since=812, rows=4_000)
    assert ledger.last(DOMAIN, Kind.HOLDOUT_RENEWED) is None


@pytest.mark.parametrize(("since", "rows"), [(0, 10), (-1, 10), (5, 0), (5, -3)])
def test_refuses_a_generation_of_old_families_or_of_none(tmp_path: Path, since: int, rows: int) -> None:
    ledger = open_ledger(tmp_path)
    wear_out(ledger)
    with pytest.raises(LedgerError, match="must begin after arrival 0, and have rows"):
        renew(ledger, DOMAIN, since=since, rows=rows)
    assert current_generation(ledger, DOMAIN).generation == FIRST_GENERATION


def test_renewing_once_more_after_a_crash_is_renewing_once(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    wear_out(ledger)
    first = renew(ledger, DOMAIN, since=5, rows=10)
    wear_out(ledger, 2)
    assert renew(ledger, DOMAIN, since=5, rows=10) == first
    assert len(ledger.events(DOMAIN, [Kind.HOLDOUT_RENEWED])) == 1
    with pytest.raises(LedgerError, match="carried 2 of 10"):
        renew(ledger, DOMAIN, since=9, rows=10)


def test_of_many_who_renew_at_once_one_does(tmp_path: Path) -> None:
    wear_out(open_ledger(tmp_path))
    found: list[Generation] = []
    refused: list[str] = []

    def race(since: int) -> None:
        try:
            found.append(renew(open_ledger(tmp_path, SystemClock()), DOMAIN, since=since, rows=10))
        except LedgerError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=race, args=(since,)) for since in range(1, 9)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(found), len(refused)) == (1, 7)
    assert current_generation(open_ledger(tmp_path), DOMAIN).generation == found[0]


def test_domains_wear_out_their_own_holdout(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    wear_out(ledger)
    assert current_generation(ledger, DomainName("other")).promotions == 0


@settings(max_examples=10)
@given(lives=st.lists(st.integers(0, 13), min_size=1, max_size=4))
def test_generations_are_numbered_without_a_gap_and_never_reach_back(
    tmp_path_factory: pytest.TempPathFactory, lives: list[int]
) -> None:
    ledger = open_ledger(tmp_path_factory.mktemp("lives"))
    renewed, carried = 0, 0
    for arrival, promotions in enumerate(lives, start=1):
        wear_out(ledger, promotions)
        carried += promotions
        assert current_generation(ledger, DOMAIN).promotions == carried
        if carried >= PROMOTIONS_A_GENERATION:
            renewed, carried = renewed + 1, 0
            assert renew(ledger, DOMAIN, since=arrival, rows=1) == Generation(number=renewed + 1, since=arrival)
    states = [fold_generations(ledger.events(DOMAIN)[:length]) for length in range(len(ledger.events(DOMAIN)) + 1)]
    sinces = [state.generation.since for state in states]
    assert sinces == sorted(sinces)
    assert states[-1].generation.number == renewed + 1
