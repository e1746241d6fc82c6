"""What a ledger promises, on SQLite and on PostgreSQL alike: it only grows, it is chained, and decisions are made one by one."""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Callable, Sequence

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import SQLAlchemyError

from pipelines.clock import SetClock, SystemClock
from pipelines.domain.errors import ChampionMovedError, LedgerError, PromotionFrozenError
from pipelines.domain.events import GENESIS, Kind, hash_event
from pipelines.domain.identities import DomainName, digest_value
from pipelines.ledger.champions import champion, promote, restore, roll_back, unfreeze
from pipelines.ledger.generations import current_generation, renew
from pipelines.ledger.ledgers import Draft, Ledger
from pipelines.ledger.looks import LookRequest, reserve_look
from tests.builders.ledgers import DOMAIN, START, build_promotion
from tests.builders.promoters import promote_at_once
from tests.builders.tampering import Tamperer

OTHER = DomainName("regulatory")
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@pytest.fixture
def ledger(ledger_url: str) -> Ledger:
    return Ledger.open(ledger_url, SetClock(START), "tester")


def run_at_once(deeds: Sequence[Callable[[], None]]) -> None:
    threads = [threading.Thread(target=deed) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_numbers_from_one_and_chains_each_event_to_the_one_before(ledger: Ledger) -> None:
    first = ledger.append(DOMAIN, Kind.DROP_LANDED, {"drop": "a"})
    second = ledger.append(DOMAIN, Kind.DROP_REFUSED, {"drop": "b"})
    assert (first.seq, first.previous_hash, first.actor, first.recorded_at) == (1, GENESIS, "tester", START)
    assert (second.seq, second.previous_hash) == (2, first.hash)
    assert second.hash == hash_event(second)
    assert ledger.head(DOMAIN) == second.hash


def test_another_handle_reads_back_exactly_what_was_returned(ledger: Ledger, ledger_url: str) -> None:
    written = ledger.append(DOMAIN, Kind.DROP_LANDED, {"α": 0.1, "list": [1, None, True, "ß\x00\u2028"], "deep": {"x": {}}})
    assert Ledger.open(ledger_url, SystemClock(), "another").events(DOMAIN) == [written]


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(payload=st.dictionaries(st.text(max_size=8), JSON, max_size=4))
def test_any_plain_payload_survives_and_verifies(ledger: Ledger, payload: dict[str, object]) -> None:
    written = ledger.append(DOMAIN, Kind.DROP_LANDED, payload)  # type: ignore[arg-type]  # drawn from JSON
    assert ledger.last(DOMAIN) == written
    assert ledger.verify(DOMAIN) == []


def test_keeps_the_chains_of_domains_apart(ledger: Ledger) -> None:
    ledger.append(DOMAIN, Kind.DROP_LANDED, {})
    assert ledger.append(OTHER, Kind.DROP_LANDED, {}).seq == 1
    assert ledger.domains() == [DOMAIN, OTHER]
    assert (ledger.head(DomainName("unknown")), ledger.events(DomainName("unknown"))) == (GENESIS, [])


def test_selects_by_kind_and_number(ledger: Ledger) -> None:
    for kind in (Kind.DROP_LANDED, Kind.DROP_REFUSED, Kind.DROP_LANDED):
        ledger.append(DOMAIN, kind, {})
    assert [event.seq for event in ledger.events(DOMAIN, [Kind.DROP_LANDED])] == [1, 3]
    assert [event.seq for event in ledger.events(DOMAIN, since=1)] == [2, 3]
    assert [row.seq for row in ledger.rows(DOMAIN)] == [1, 2, 3]


@pytest.mark.parametrize("statement", ["UPDATE events SET actor = 'x'", "UPDATE events SET seq = 7", "DELETE FROM events"])
def test_the_database_itself_refuses_to_change_or_remove_a_row(ledger: Ledger, ledger_url: str, statement: str) -> None:
    written = ledger.append(DOMAIN, Kind.DROP_LANDED, {"x": 0.1})
    with pytest.raises(SQLAlchemyError, match="append-only"):
        Tamperer(ledger_url).execute(statement)
    assert ledger.events(DOMAIN) == [written]


def test_no_dialect_of_its_own_gets_round_that(ledger: Ledger, ledger_url: str) -> None:
    written = ledger.append(DOMAIN, Kind.DROP_LANDED, {})
    forged = "INTO events VALUES ('clinical', 1, 'promoted', 'x', 'x', '{}', 'x', 'x')"
    is_sqlite = ledger_url.startswith("sqlite")
    for statement in (f"REPLACE {forged}", f"INSERT OR REPLACE {forged}") if is_sqlite else ("TRUNCATE events",):
        with pytest.raises(SQLAlchemyError, match="append-only"):
            Tamperer(ledger_url).execute(statement)
    assert ledger.events(DOMAIN) == [written]


def test_says_which_guards_are_missing_and_puts_them_back(ledger: Ledger, ledger_url: str) -> None:
    assert ledger.find_missing_guards() == []
    tamperer = Tamperer(ledger_url)
    tamperer.unguard()
    assert len(ledger.find_missing_guards()) >= 2
    ledger.append(DOMAIN, Kind.DROP_LANDED, {})
    ledger.restore_guards()
    assert ledger.find_missing_guards() == []
    with pytest.raises(SQLAlchemyError, match="append-only"):
        tamperer.execute("DELETE FROM events")


def test_a_decision_that_raises_adds_nothing(ledger: Ledger) -> None:
    def refuse(_: object) -> list[Draft]:
        raise LedgerError("no")

    with pytest.raises(LedgerError, match="no"):
        ledger.decide(DOMAIN, [Kind.PROMOTED], refuse)
    with pytest.raises(LedgerError, match="not plain JSON"):
        ledger.decide(DOMAIN, [], lambda _: [Draft(Kind.ROLLED_BACK, {}), Draft(Kind.FROZEN, {"x": float("nan")})])
    assert ledger.head(DOMAIN) == GENESIS


def test_many_writers_lose_nothing(ledger: Ledger, ledger_url: str) -> None:
    def write(name: int) -> None:
        mine = Ledger.open(ledger_url, SystemClock(), f"writer-{name}")
        for number in range(4):
            mine.append(DOMAIN, Kind.DROP_LANDED, {"writer": name, "number": number})

    run_at_once([functools.partial(write, name) for name in range(8)])
    events = ledger.events(DOMAIN)
    assert [event.seq for event in events] == list(range(1, 33))
    assert {(event.payload["writer"], event.payload["number"]) for event in events} == {
        (w, n) for w in range(8) for n in range(4)
    }
    assert ledger.verify(DOMAIN) == []


def test_a_promotion_is_a_swap_against_the_champion_that_was_compared_with(ledger: Ledger) -> None:
    first = promote(ledger, build_promotion(1))
    assert promote(ledger, build_promotion(1)) == first
    promote(ledger, build_promotion(2, 1))
    with pytest.raises(ChampionMovedError, match="version 2 serves now"):
        promote(ledger, build_promotion(3, 1))
    assert (serving := champion(ledger, DOMAIN)) is not None
    assert serving.version == 2


def test_back_and_forward_again(ledger: Ledger) -> None:
    for version in (1, 2):
        promote(ledger, build_promotion(version, version - 1 or None))
    roll_back(ledger, DOMAIN, "bad")
    with pytest.raises(PromotionFrozenError):
        promote(ledger, build_promotion(3, 1))
    unfreeze(ledger, DOMAIN, "understood")
    restore(ledger, DOMAIN, 2, "fine after all", "anna")
    assert (serving := champion(ledger, DOMAIN)) is not None
    assert serving.version == 2
    assert ledger.verify(DOMAIN) == []


def ask(name: int) -> LookRequest:
    return LookRequest(plan=digest_value("plan"), inputs=digest_value(["inputs", name]))


def test_looks_reserved_at_once_are_each_paid_for_and_the_same_one_once(ledger: Ledger, ledger_url: str) -> None:
    found: list[tuple[int, int]] = []

    def reserve(name: int) -> None:
        found.append((name, reserve_look(Ledger.open(ledger_url, SystemClock(), "one of many"), DOMAIN, ask(name)).t))

    run_at_once([functools.partial(reserve, number % 6) for number in range(12)])
    assert len(set(found)) == 6
    assert sorted(t for _, t in set(found)) == list(range(1, 7))
    levels = [event.payload["alpha"] for event in ledger.events(DOMAIN, [Kind.LOOK_RESERVED])]
    assert math.fsum(levels) < 0.05  # type: ignore[arg-type]  # floats


def test_ten_promotions_wear_a_holdout_out_and_one_renewal_follows(ledger: Ledger) -> None:
    for version in range(1, 11):
        promote(ledger, build_promotion(version, version - 1 or None))
    assert current_generation(ledger, DOMAIN).is_retired
    assert renew(ledger, DOMAIN, 5, 100) == renew(ledger, DOMAIN, 5, 100)
    assert (current_generation(ledger, DOMAIN).promotions, reserve_look(ledger, DOMAIN, ask(1)).generation) == (0, 2)


def test_of_fifty_promoters_at_once_one_wins(ledger: Ledger, ledger_url: str) -> None:
    promote(ledger, build_promotion(1))
    outcomes = promote_at_once(ledger_url, [build_promotion(version, 1) for version in range(2, 52)])
    winners = [version for version, outcome in outcomes.items() if outcome == "promoted"]
    assert (serving := champion(ledger, DOMAIN)) is not None
    assert winners == [serving.version]
    assert sorted(outcomes) == list(range(2, 52))
    assert set(outcomes.values()) == {"promoted", "ChampionMovedError"}
    assert len(ledger.events(DOMAIN)) == 2
    assert ledger.verify(DOMAIN) == []


def test_of_fifty_who_promote_the_same_all_find_it_standing_once(ledger: Ledger, ledger_url: str) -> None:
    outcomes = promote_at_once(ledger_url, [build_promotion(1)] * 50)
    assert outcomes == {1: "promoted"}
    assert len(ledger.events(DOMAIN)) == 1
    assert ledger.verify(DOMAIN) == []
