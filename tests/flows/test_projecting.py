"""The aliases end as the ledger does, however it went on while they were set."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

import pytest

from flows.approving import Approval
from flows.mirror_notes import TRUSTED_FOR, is_mirrored, note_mirrored
from flows.places import Place
from flows.projecting import ROUNDS, project, project_aliases, project_when_due
from flows.promoting import promote_latest
from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Kind
from pipelines.domain.identities import DomainName
from pipelines.ledger.champions import roll_back
from pipelines.promote.mirrors import AS_OF_TAG, MovedAlias
from pipelines.promote.registry import Registry
from tests.builders.ledgers import START
from tests.builders.places import DOMAIN, judge_candidate


@pytest.fixture
def reigned(place: Place) -> Place:
    """Two champions, one after the other."""
    for number, against in ((1, None), (2, 1)):
        judge_candidate(place, f"projecting-{number}", against=against)
        assert promote_latest(place, DOMAIN, Approval(by="R. Okafor", reason="reviewed")).is_promoted
    return place


def go_on(monkeypatch: pytest.MonkeyPatch, deed: Callable[[], object], times: int = 1) -> None:
    """Let others do something after the ledger was read and before the aliases are set."""
    plain, left = Registry.project, [deed] * times

    def late(
        self: Registry, domain: DomainName, expected: Mapping[str, int | None], as_of: int, *, stray: int | None = None
    ) -> tuple[MovedAlias, ...]:
        if left:
            left.pop()()
        return plain(self, domain, expected, as_of, stray=stray)

    monkeypatch.setattr(Registry, "project", late)


@pytest.mark.parametrize("is_projected", [True, False], ids=["and its alias was set", "and its alias was not set yet"])
def test_a_projection_that_is_out_of_date_leaves_no_alias_behind(
    reigned: Place, monkeypatch: pytest.MonkeyPatch, *, is_projected: bool
) -> None:
    def other() -> None:
        roll_back(reigned.ledger, DOMAIN, "wrong triage")
        if is_projected:
            project(reigned, DOMAIN)

    go_on(monkeypatch, other)
    project_aliases(reigned, DOMAIN)
    assert reigned.registry.aliases(DOMAIN)["champion"] == 1
    last = reigned.ledger.last(DOMAIN, Kind.ROLLED_BACK)
    assert last is not None
    assert reigned.registry.read_mirror(DOMAIN).as_of == last.seq
    assert reigned.ledger.events(DOMAIN, [Kind.ALIAS_REPAIRED]) == []


def test_a_ledger_that_never_stands_still_is_told(reigned: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    payload = reigned.ledger.events(DOMAIN, [Kind.CANDIDATE_JUDGED])[-1].payload
    go_on(monkeypatch, lambda: reigned.ledger.append(DOMAIN, Kind.CANDIDATE_JUDGED, payload), ROUNDS)
    with pytest.raises(LedgerError, match="addendum reconcile clinical"):
        project_aliases(reigned, DOMAIN)


def test_a_note_of_an_event_that_the_ledger_does_not_have_stands_in_nobodys_way(reigned: Place) -> None:
    reigned.registry.client().set_registered_model_tag(DOMAIN, AS_OF_TAG, "99999")
    reigned.registry.point_alias(DOMAIN, "champion", 1)
    project_aliases(reigned, DOMAIN)
    assert reigned.registry.aliases(DOMAIN)["champion"] == 2


def later(place: Place, by: timedelta) -> Place:
    return replace(place, settings=place.settings.model_copy(update={"now": START + by}))


def test_a_look_soon_after_leaves_mlflow_alone_and_one_an_hour_later_puts_a_moved_alias_back(reigned: Place) -> None:
    assert project(reigned, DOMAIN) == ()
    reigned.registry.point_alias(DOMAIN, "champion", 1)
    assert project_when_due(later(reigned, TRUSTED_FOR - timedelta(seconds=1)), DOMAIN) == ()
    assert reigned.registry.aliases(DOMAIN)["champion"] == 1
    (moved,) = project_when_due(later(reigned, TRUSTED_FOR), DOMAIN)
    assert (moved.alias, moved.is_foreign) == ("champion", True)
    assert reigned.registry.aliases(DOMAIN)["champion"] == 2


def test_a_new_word_of_the_ledger_is_due_at_once(reigned: Place) -> None:
    project(reigned, DOMAIN)
    roll_back(reigned.ledger, DOMAIN, "wrong triage")
    project_when_due(reigned, DOMAIN)
    assert reigned.registry.aliases(DOMAIN)["champion"] == 1


def test_aliases_that_were_not_all_set_are_due(reigned: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    roll_back(reigned.ledger, DOMAIN, "wrong triage")

    def break_down() -> None:
        raise OSError("killed")

    go_on(monkeypatch, break_down)
    with pytest.raises(OSError, match="killed"):
        project(reigned, DOMAIN)
    project_when_due(reigned, DOMAIN)
    assert reigned.registry.aliases(DOMAIN)["champion"] == 1


@pytest.mark.parametrize(
    ("word", "by", "is_trusted"),
    [
        ("a", timedelta(0), True),
        ("b", timedelta(0), False),
        ("a", TRUSTED_FOR, False),
        ("a", -TRUSTED_FOR, False),
        ("a", TRUSTED_FOR / 2, True),
    ],
)
def test_a_note_is_of_one_word_and_trusted_for_a_day(place: Place, word: str, by: timedelta, *, is_trusted: bool) -> None:
    assert not is_mirrored(place, DOMAIN, "a")
    note_mirrored(place, DOMAIN, "a")
    assert is_mirrored(later(place, by), DOMAIN, word) is is_trusted


def test_a_note_that_cannot_be_read_says_nothing(place: Place) -> None:
    note_mirrored(place, DOMAIN, "a")
    (place.home.root / "mirrored" / f"{DOMAIN}.json").write_text("{", encoding="utf-8")
    assert not is_mirrored(place, DOMAIN, "a")
