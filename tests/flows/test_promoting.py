"""The ledger decides who serves; registry and branch are made to agree, and whoever moved an alias by hand is found out."""

from __future__ import annotations

import pytest

from flows.places import Place
from flows.promoting import Approval, project, promote_latest, restore_version, roll_back_domain
from flows.worktrees import run_git
from pipelines.domain.errors import ChampionMovedError, LedgerError, ParamsError, PromotionFrozenError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DomainName, RunId, digest_value
from pipelines.domain.promotions import Promotion
from pipelines.ledger.champions import champion, promote, unfreeze
from tests.builders.places import DOMAIN, judge_candidate, with_section

YES = Approval(by="R. Okafor", reason="reviewed with the safety board")


def crown(place: Place, name: str, against: int | None = None) -> int:
    version = judge_candidate(place, name, against=against).version
    assert promote_latest(place, DOMAIN, YES).is_promoted
    return version


def events(place: Place, *kinds: Kind) -> list[Event]:
    return place.ledger.events(DOMAIN, kinds)


def serving(place: Place) -> int | None:
    found = champion(place.ledger, DOMAIN)
    return found.version if found else None


def branch(place: Place, name: str) -> str:
    return run_git(place.workspace.root, "rev-parse", name)


def test_nothing_judged_is_nothing_to_promote(place: Place) -> None:
    with pytest.raises(LedgerError, match="addendum retrain clinical"):
        promote_latest(place, DOMAIN, YES)


def test_an_unknown_domain_is_refused_by_name(place: Place) -> None:
    unknown = DomainName("dental")
    with pytest.raises(ParamsError, match="no domain 'dental'"):
        promote_latest(place, unknown, YES)
    with pytest.raises(ParamsError, match="no domain 'dental'"):
        roll_back_domain(place, unknown, "why not")
    with pytest.raises(ParamsError, match="no domain 'dental'"):
        restore_version(place, unknown, 1, YES)


def test_the_first_champion_waits_for_a_named_approval_asked_for_once(place: Place) -> None:
    judge_candidate(place, "first")
    for _ in range(2):
        outcome = promote_latest(place, DOMAIN, None)
        assert not outcome.is_promoted
        assert "addendum approve clinical 1 --as" in outcome.sentence
    assert len(events(place, Kind.APPROVAL_ASKED)) == 1
    assert serving(place) is None
    assert place.registry.aliases(DOMAIN) == {"challenger": 1}


def test_an_approval_is_recorded_as_self_declared_and_stands(place: Place) -> None:
    crown(place, "first")
    (granted,) = events(place, Kind.APPROVAL_GRANTED)
    (promoted,) = events(place, Kind.PROMOTED)
    assert (granted.payload["by"], granted.payload["proof"]) == ("R. Okafor", "self-declared")
    assert promoted.payload["approved_by"] == "R. Okafor"


def test_promoting_twice_is_promoting_once(place: Place) -> None:
    version = crown(place, "first")
    again = promote_latest(place, DOMAIN, YES)
    assert again.is_promoted
    assert again.version == version
    assert len(events(place, Kind.PROMOTED)) == 1


def test_a_later_champion_needs_no_approval_unless_params_say_always(place: Place) -> None:
    crown(place, "first")
    judge_candidate(place, "second", against=1)
    always = with_section(place, promote=place.of(DOMAIN).promote.model_copy(update={"approval": "always"}))
    assert not promote_latest(always, DOMAIN, None).is_promoted
    assert promote_latest(place, DOMAIN, None).is_promoted
    assert place.registry.aliases(DOMAIN) == {"champion": 2, "previous": 1}


@pytest.mark.parametrize("decision", ["hold", "refuse"])
def test_a_verdict_that_does_not_say_promote_promotes_nothing_even_with_approval(place: Place, decision: str) -> None:
    crown(place, "first")
    judge_candidate(place, "second", decision=decision, against=1)
    outcome = promote_latest(place, DOMAIN, YES)
    assert not outcome.is_promoted
    assert "the sentence about second" in outcome.sentence
    assert serving(place) == 1


def test_a_champion_moved_between_verdict_and_swap_is_refused(place: Place) -> None:
    crown(place, "first")
    judge_candidate(place, "second", against=1)
    other = Promotion(
        domain=DOMAIN,
        version=9,
        digest=Digest(digest_value("other")),
        ingest_seq=1,
        run_id=RunId("first"),
        previous=1,
        verdict=Digest(digest_value("verdict")),
        reason="somebody else was faster",
        approved_by=None,
    )
    promote(place.ledger, other)
    place.registry.register(
        DOMAIN, place.tracker.open_run(DOMAIN, RunId("second")), place.home.root / "made" / "second", "linear"
    )
    with pytest.raises(ChampionMovedError, match="judged against version 1, but version 9 serves now"):
        promote(place.ledger, Promotion(**{**_fields(other), "version": 2, "run_id": RunId("second")}))
    assert serving(place) == 9


def _fields(promotion: Promotion) -> dict[str, object]:
    return {name: getattr(promotion, name) for name in Promotion.__dataclass_fields__}


def test_promote_latest_expects_the_champion_it_was_judged_against(place: Place) -> None:
    crown(place, "first")
    crown(place, "second", against=1)
    judge_candidate(place, "third", against=1)
    with pytest.raises(ChampionMovedError, match="judged against version 1, but version 2 serves now"):
        promote_latest(place, DOMAIN, YES)
    assert serving(place) == 2


def test_the_champion_branch_is_the_run_that_made_it(place: Place) -> None:
    run_git(place.workspace.root, "branch", "--force", "elsewhere", "HEAD")
    crown(place, "first")
    assert branch(place, "addendum/champion/clinical") == branch(place, "addendum/run/first")


def test_an_alias_that_lagged_after_a_crash_is_put_right_in_silence(place: Place) -> None:
    crown(place, "first")
    second = judge_candidate(place, "second", against=1)
    (judged,) = events(place, Kind.CANDIDATE_JUDGED)[-1:]
    promotion = Promotion(
        domain=DOMAIN,
        version=second.version,
        digest=second.digest,
        ingest_seq=1,
        run_id=RunId("second"),
        previous=1,
        verdict=Digest(str(judged.payload["verdict"])),
        reason=str(judged.payload["sentence"]),
        approved_by=None,
    )
    promote(place.ledger, promotion)  # and here the process dies
    assert place.registry.aliases(DOMAIN)["champion"] == 1
    project(place, DOMAIN)
    assert place.registry.aliases(DOMAIN) == {"champion": 2, "previous": 1}
    assert events(place, Kind.ALIAS_REPAIRED) == []


@pytest.mark.parametrize("to", [1, 3], ids=["to the champion before", "to a candidate"])
def test_an_alias_moved_by_hand_is_put_back_and_recorded_once(place: Place, to: int) -> None:
    crown(place, "first")
    crown(place, "second", against=1)
    judge_candidate(place, "third", decision="hold", against=2)
    project(place, DOMAIN)
    place.registry.client().set_registered_model_alias(DOMAIN, "champion", str(to))
    for _ in range(2):
        project(place, DOMAIN)
    assert place.registry.aliases(DOMAIN)["champion"] == 2
    (repaired,) = events(place, Kind.ALIAS_REPAIRED)
    assert repaired.payload == {"alias": "champion", "found": to, "expected": 2}


def test_an_alias_deleted_by_hand_is_put_back_and_recorded(place: Place) -> None:
    crown(place, "first")
    place.registry.client().delete_registered_model_alias(DOMAIN, "champion")
    project(place, DOMAIN)
    assert place.registry.aliases(DOMAIN) == {"champion": 1}
    (repaired,) = events(place, Kind.ALIAS_REPAIRED)
    assert repaired.payload["found"] is None


def test_nothing_judged_is_nothing_to_project(place: Place) -> None:
    assert project(place, DOMAIN) == ()


def test_a_rollback_gives_the_previous_champion_back_and_freezes(place: Place) -> None:
    crown(place, "first")
    crown(place, "second", against=1)
    assert roll_back_domain(place, DOMAIN, "wrong triage").version == 1
    assert place.registry.aliases(DOMAIN)["champion"] == 1
    assert branch(place, "addendum/champion/clinical") == branch(place, "addendum/run/first")
    judge_candidate(place, "third", against=1)
    with pytest.raises(PromotionFrozenError, match="addendum unfreeze clinical"):
        promote_latest(place, DOMAIN, YES)


def test_unfreezing_lets_the_next_one_be_promoted(place: Place) -> None:
    crown(place, "first")
    crown(place, "second", against=1)
    roll_back_domain(place, DOMAIN, "wrong triage")
    unfreeze(place.ledger, DOMAIN, "mended")
    assert crown(place, "third", against=1) == 3


def test_a_version_that_was_rolled_back_comes_again_by_restoring_only(place: Place) -> None:
    crown(place, "first")
    crown(place, "second", against=1)
    roll_back_domain(place, DOMAIN, "a false alarm")
    with pytest.raises(PromotionFrozenError):
        restore_version(place, DOMAIN, 2, YES)
    unfreeze(place.ledger, DOMAIN, "it was a false alarm")
    with pytest.raises(LedgerError, match="addendum restore"):
        promote_latest(place, DOMAIN, YES)
    assert restore_version(place, DOMAIN, 2, YES).version == 2
    assert place.registry.aliases(DOMAIN) == {"champion": 2, "previous": 1}
    (restored,) = events(place, Kind.RESTORED)
    assert restored.payload["approved_by"] == "R. Okafor"


def test_what_never_was_champion_cannot_be_restored(place: Place) -> None:
    crown(place, "first")
    with pytest.raises(LedgerError, match="version 7 never was champion"):
        restore_version(place, DOMAIN, 7, YES)


def test_the_first_champion_has_nothing_to_go_back_to(place: Place) -> None:
    crown(place, "first")
    with pytest.raises(LedgerError, match="no champion before version 1"):
        roll_back_domain(place, DOMAIN, "wrong")
    assert serving(place) == 1
