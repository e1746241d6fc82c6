"""Every drop can be found again, and an admitted one can be taken out, once."""

from __future__ import annotations

import pytest

from flows.dropping import DropRecord, find_drop, list_drops, withdraw_drop
from flows.landing import look_at_source
from flows.places import Place
from flows.promoting import Approval, promote_latest
from pipelines.domain.errors import LedgerError, ParamsError
from pipelines.domain.events import Kind
from pipelines.domain.identities import DomainName
from tests.builders.installations import build_records
from tests.builders.places import DOMAIN, inbox_of, judge_candidate, with_section
from tests.builders.shelves import write_lines


def land(place: Place, count: int = 6, **fields: object) -> DropRecord:
    records = [{**record, **fields} for record in build_records(count)]
    (inbox_of(place) / f"{count}.jsonl").write_bytes(write_lines(*records))
    look_at_source(place, DOMAIN, "folder")
    return list_drops(place, DOMAIN)[-1]


def test_drops_are_listed_oldest_first_with_what_became_of_them(place: Place) -> None:
    land(place, 6)
    land(place, 9)
    assert [(drop.admitted, drop.state, drop.ingest_seq) for drop in list_drops(place, DOMAIN)] == [
        (6, "admitted", 1),
        (3, "admitted", 2),
    ]


def test_a_drop_is_found_by_how_it_begins(place: Place) -> None:
    drop = land(place)
    assert find_drop(place, drop.drop_id[:6]) == drop


def test_no_drop_and_several_are_both_refused(place: Place) -> None:
    with pytest.raises(LedgerError, match="no drop begins with 'zz'"):
        find_drop(place, "zz")
    land(place, 6)
    land(place, 9)
    with pytest.raises(LedgerError, match="2 drops begin with ''"):
        find_drop(place, "")


def test_a_withdrawn_drop_leaves_the_present_and_is_recorded_once(place: Place) -> None:
    drop = land(place)
    for _ in range(2):
        assert withdraw_drop(place, drop, "labels swapped") is False
    assert place.corpus(DOMAIN).read() == []
    (event,) = place.ledger.events(DOMAIN, [Kind.DROP_WITHDRAWN])
    assert event.payload["reason"] == "labels swapped"
    assert find_drop(place, drop.drop_id).state == "withdrawn"


def test_a_champion_that_was_trained_on_the_drop_is_named_and_one_from_before_is_not(place: Place) -> None:
    first = land(place, 6)
    second = land(place, 9)
    judge_candidate(place, "dropping-1")
    promote_latest(place, DOMAIN, Approval(by="R. Okafor", reason="reviewed"))
    assert withdraw_drop(place, second, "bad") is False
    assert withdraw_drop(place, first, "bad") is True


def test_a_refused_drop_cannot_be_withdrawn(place: Place) -> None:
    strict = place.of(DOMAIN).admit.model_copy(update={"max_bad_share": 0.1, "min_rows_for_share": 1})
    place = with_section(place, admit=strict)
    drop = land(place, labels=["Class IX"])
    assert drop.state == "refused"
    assert drop.reasons
    with pytest.raises(LedgerError, match="was refused at admission"):
        withdraw_drop(place, drop, "bad")


def test_an_unknown_domain_is_refused_by_name(place: Place) -> None:
    with pytest.raises(ParamsError, match="no domain 'dental'"):
        list_drops(place, DomainName("dental"))
