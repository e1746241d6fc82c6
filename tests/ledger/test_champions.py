"""Who serves follows from events alone, and is swapped by one writer at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.clock import SystemClock
from pipelines.domain.errors import ChampionMovedError, LedgerError, PromotionFrozenError
from pipelines.domain.events import Kind
from pipelines.domain.identities import DomainName
from pipelines.ledger.champions import anchor, champion, find_rollback, history, is_frozen, promote, restore, roll_back, unfreeze
from pipelines.ledger.ledgers import Ledger
from tests.builders.ledgers import DOMAIN, build_promotion, open_ledger


def reign(ledger: Ledger, versions: int) -> None:
    for version in range(1, versions + 1):
        promote(ledger, build_promotion(version, version - 1 or None))


def serving(ledger: Ledger) -> int | None:
    found = champion(ledger, DOMAIN)
    return found.version if found else None


def test_there_is_no_champion_before_the_first_promotion(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    assert (champion(ledger, DOMAIN), anchor(ledger, DOMAIN), history(ledger, DOMAIN)) == (None, None, [])
    assert not is_frozen(ledger, DOMAIN)


def test_the_event_of_a_promotion_says_all_of_it(tmp_path: Path) -> None:
    promotion = build_promotion(1, approved_by="anna")
    event = promote(open_ledger(tmp_path), promotion)
    assert event.kind is Kind.PROMOTED
    assert event.payload == {
        "version": 1,
        "digest": promotion.digest,
        "ingest_seq": 1,
        "run_id": "run-1",
        "previous": None,
        "verdict": promotion.verdict,
        "reason": "all gates passed",
        "approved_by": "anna",
        "override": False,
    }


def test_the_latest_promotion_serves_and_the_first_stays_the_anchor(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    reign(ledger, 3)
    assert serving(ledger) == 3
    assert (first := anchor(ledger, DOMAIN)) is not None
    assert first.version == 1
    assert [past.version for past in history(ledger, DOMAIN)] == [1, 2, 3]


def test_refuses_a_promotion_judged_against_a_champion_that_is_gone(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    reign(ledger, 2)
    for previous in (None, 1, 7):
        with pytest.raises(ChampionMovedError, match="version 2 serves now"):
            promote(ledger, build_promotion(3, previous))
    assert serving(ledger) == 2


def test_promoting_once_more_after_a_crash_is_promoting_once(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    first = promote(ledger, build_promotion(1))
    assert promote(ledger, build_promotion(1)) == first
    with pytest.raises(ChampionMovedError):
        promote(ledger, build_promotion(1, verdict="another verdict"))
    assert len(ledger.events(DOMAIN)) == 1


def test_refuses_to_promote_a_version_that_reigned_before(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    reign(ledger, 2)
    with pytest.raises(LedgerError, match="was champion before"):
        promote(ledger, build_promotion(1, 2))


def test_a_rollback_returns_to_the_one_before_and_freezes_in_one_step(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    reign(ledger, 3)
    event = roll_back(ledger, DOMAIN, "wrong on recalls")
    assert serving(ledger) == 2
    assert is_frozen(ledger, DOMAIN)
    assert event.payload == {
        "from": 3,
        "version": 2,
        "digest": build_promotion(2).digest,
        "ingest_seq": 2,
        "run_id": "run-2",
        "reason": "wrong on recalls",
    }
    assert [event.kind for event in ledger.events(DOMAIN)[-2:]] == [Kind.ROLLED_BACK, Kind.FROZEN]


def test_the_same_rollback_tried_again_is_one_rollback(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    reign(ledger, 3)
    assert roll_back(ledger, DOMAIN, "bad") == roll_back(ledger, DOMAIN, "bad")
    assert serving(ledger) == 2


def test_another_rollback_goes_back_one_more_and_not_to_and_fro(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    reign(ledger, 3)
    roll_back(ledger, DOMAIN, "bad")
    roll_back(ledger, DOMAIN, "this one too")
    assert serving(ledger) == 1
    with pytest.raises(LedgerError, match="no champion before version 1"):
        roll_back(ledger, DOMAIN, "and this")


def test_the_same_reason_after_unfreezing_is_a_new_rollback(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    reign(ledger, 3)
    roll_back(ledger, DOMAIN, "bad")
    unfreeze(ledger, DOMAIN, "understood")
    roll_back(ledger, DOMAIN, "bad")
    assert serving(ledger) == 1


@pytest.mark.parametrize(
    ("versions", "said"),
    [(0, "no champion serves: there is nothing to go back to"), (1, "there is no champion before version 1")],
)
def test_refuses_a_rollback_to_nobody(tmp_path: Path, versions: int, said: str) -> None:
    ledger = open_ledger(tmp_path)
    reign(ledger, versions)
    with pytest.raises(LedgerError, match=said):
        roll_back(ledger, DOMAIN, "bad")
    assert not is_frozen(ledger, DOMAIN)


def test_frozen_means_no_promotion_and_no_restoration_until_unfrozen(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    reign(ledger, 2)
    roll_back(ledger, DOMAIN, "bad")
    with pytest.raises(PromotionFrozenError, match="unfreeze"):
        promote(ledger, build_promotion(3, 1))
    with pytest.raises(PromotionFrozenError, match="unfreeze"):
        restore(ledger, DOMAIN, 2, "fine after all", "anna")
    unfreeze(ledger, DOMAIN, "understood")
    promote(ledger, build_promotion(3, 1))
    assert serving(ledger) == 3


def test_unfreezing_twice_is_unfreezing_once(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    with pytest.raises(LedgerError, match="not frozen"):
        unfreeze(ledger, DOMAIN, "why not")
    reign(ledger, 2)
    roll_back(ledger, DOMAIN, "bad")
    assert unfreeze(ledger, DOMAIN, "understood") == unfreeze(ledger, DOMAIN, "understood")


def test_restores_only_who_reigned_once_by_a_name(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    reign(ledger, 3)
    with pytest.raises(LedgerError, match="never was champion"):
        restore(ledger, DOMAIN, 9, "try it", "anna")
    event = restore(ledger, DOMAIN, 1, "the newer ones err", "anna")
    assert event.payload == {
        "from": 3,
        "version": 1,
        "digest": build_promotion(1).digest,
        "ingest_seq": 1,
        "run_id": "run-1",
        "reason": "the newer ones err",
        "approved_by": "anna",
    }
    assert restore(ledger, DOMAIN, 1, "the newer ones err", "anna") == event


def test_since_names_the_event_that_made_the_champion_again(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    reign(ledger, 2)
    event = roll_back(ledger, DOMAIN, "bad")
    assert (found := champion(ledger, DOMAIN)) is not None
    assert found.since_seq == event.seq


def test_domains_do_not_share_a_champion(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    reign(ledger, 2)
    assert champion(ledger, DomainName("other")) is None


ACTIONS = st.lists(st.sampled_from(["promote", "roll back", "unfreeze", "restore first"]), max_size=8)


def act(ledger: Ledger, action: str, number: int) -> None:
    deeds: dict[str, Callable[[], object]] = {
        "promote": lambda: promote(ledger, build_promotion(number, serving(ledger))),
        "roll back": lambda: roll_back(ledger, DOMAIN, f"reason {number}"),
        "unfreeze": lambda: unfreeze(ledger, DOMAIN, "understood"),
        "restore first": lambda: restore(ledger, DOMAIN, 1, "again", "anna"),
    }
    try:
        deeds[action]()
    except LedgerError:
        return


@settings(max_examples=12, deadline=None)
@given(actions=ACTIONS)
def test_after_any_story_a_rollback_and_a_restoration_return_the_same_champion(
    tmp_path_factory: pytest.TempPathFactory, actions: list[str]
) -> None:
    ledger = open_ledger(tmp_path_factory.mktemp("story"))
    reign(ledger, 2)
    for number, action in enumerate(actions, start=3):
        act(ledger, action, number)
    before = champion(ledger, DOMAIN)
    assert before is not None
    act(ledger, "roll back", 99)
    if is_frozen(ledger, DOMAIN):
        with pytest.raises(PromotionFrozenError):
            promote(ledger, build_promotion(100, serving(ledger)))
        unfreeze(ledger, DOMAIN, "understood")
    restore(ledger, DOMAIN, before.version, "it was fine", "anna")
    after = champion(ledger, DOMAIN)
    assert after is not None
    assert (after.version, after.digest, after.run_id) == (before.version, before.digest, before.run_id)
    assert ledger.verify(DOMAIN) == []


def contend(folder: Path, version: int) -> bool:
    try:
        promote(open_ledger(folder, SystemClock(), f"promoter-{version}"), build_promotion(version, 1))
    except ChampionMovedError:
        return False
    return True


def check_one_winner(folder: Path, won: list[bool]) -> None:
    ledger = open_ledger(folder)
    assert sum(won) == 1
    assert len(ledger.events(DOMAIN, [Kind.PROMOTED])) == 2
    assert serving(ledger) == won.index(True) + 2
    assert ledger.verify(DOMAIN) == []


def test_of_twenty_threads_that_promote_at_once_one_wins(tmp_path: Path) -> None:
    reign(open_ledger(tmp_path), 1)
    barrier, won = threading.Barrier(20), [False] * 20

    def race(place: int) -> None:
        barrier.wait()
        won[place] = contend(tmp_path, place + 2)

    threads = [threading.Thread(target=race, args=(place,)) for place in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    check_one_winner(tmp_path, won)


def test_a_candidate_that_was_denied_in_the_last_moment_is_not_promoted(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    promotion = build_promotion(1)
    ledger.append(DOMAIN, Kind.APPROVAL_DENIED, {"digest": "0" * 64, "verdict": promotion.verdict})
    ledger.append(DOMAIN, Kind.APPROVAL_DENIED, {"digest": promotion.digest, "verdict": "0" * 64})
    with pytest.raises(LedgerError, match="version 1 was denied"):
        promote(ledger, promotion)
    assert champion(ledger, DOMAIN) is None
    promote(ledger, build_promotion(2))
    assert serving(ledger) == 2


def test_an_override_is_said_in_the_event(tmp_path: Path) -> None:
    assert promote(open_ledger(tmp_path), build_promotion(1, is_override=True)).payload["override"] is True


def test_a_rollback_to_another_than_was_looked_at_is_refused(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    reign(ledger, 3)
    assert find_rollback(ledger, DOMAIN, "bad").version == 2
    with pytest.raises(ChampionMovedError, match="the champion moved meanwhile"):
        roll_back(ledger, DOMAIN, "bad", expected=1)
    assert serving(ledger) == 3
    roll_back(ledger, DOMAIN, "bad", expected=2)
    assert find_rollback(ledger, DOMAIN, "bad").version == 2, "the same again"
    assert find_rollback(ledger, DOMAIN, "worse").version == 1
