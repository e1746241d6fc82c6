"""What was in force on a day, as this installation knew it on another: withdrawn drops are known until they are taken out."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from flows.dropping import find_drop, list_drops, withdraw_drop
from flows.histories import list_stays, read_as_of
from flows.landing import look_at_source, release_from_quarantine
from flows.places import Place, find_heads
from pipelines.admit.quarantines import list_rows
from pipelines.clock import SetClock
from pipelines.domain.errors import ParamsError
from pipelines.domain.histories import Stay
from pipelines.domain.identities import DocumentId, DomainName
from pipelines.ledger.ledgers import Ledger
from tests.builders.installations import build_records
from tests.builders.ledgers import START
from tests.builders.places import DOMAIN, inbox_of
from tests.builders.shelves import write_lines

DAY = timedelta(days=1)
FAR = date(2100, 1, 1)


def later(place: Place, days: int) -> Place:
    """The same place some days after the start, by the clocks of the loop and of the ledger."""
    settings = place.settings.model_copy(update={"now": START + days * DAY})
    ledger = Ledger.open(settings.ledger_address, SetClock(START + days * DAY), settings.actor, find_heads(settings))
    return replace(place, settings=settings, ledger=ledger)


def land(place: Place, name: str, *records: dict[str, object]) -> str:
    (inbox_of(place) / f"{name}.jsonl").write_bytes(write_lines(*records))
    look_at_source(place, DOMAIN, "folder")
    return list_drops(place, DOMAIN)[-1].drop_id


def texts(place: Place, **known: object) -> list[str]:
    return [entry.revision.text for entry in read_as_of(place, DOMAIN, FAR, **known)]  # type: ignore[arg-type]


def test_a_revision_is_known_from_the_moment_that_its_drop_landed(place: Place) -> None:
    (first, *_), amended = build_records(1), "In the amended rule the dose is halved for all patients with a low weight."
    land(later(place, 0), "a", first)
    land(later(place, 3), "b", {**first, "text": amended})
    assert texts(place, known_time=START - DAY) == []
    assert texts(place, known_time=START + 2 * DAY) == [first["text"]]
    assert texts(place, known_time=START + 3 * DAY) == [amended] == texts(place)


def test_a_drop_that_was_taken_out_was_known_until_then(place: Place) -> None:
    (first, *_) = build_records(1)
    drop = land(later(place, 0), "a", first)
    then = later(place, 5)
    withdraw_drop(then, find_drop(then, drop), "labels swapped")
    assert texts(place) == []
    assert texts(place, known_time=START + 4 * DAY) == [first["text"]]
    assert list_stays(place, DOMAIN) == {drop: Stay(landed=START, withdrawn=START + 5 * DAY)}


def test_a_row_that_was_let_out_of_quarantine_is_known_from_then_on(place: Place) -> None:
    (first, *_) = build_records(1)
    land(later(place, 0), "a", {**first, "text": "Short."})
    (waiting,) = list_rows(place.home, DOMAIN)
    release_from_quarantine(later(place, 2), DOMAIN, waiting.digest, "it is as short as it says")
    assert texts(place, known_time=START + DAY) == []
    assert texts(place, known_time=START + 2 * DAY) == ["Short."] == texts(place)


def test_a_drop_that_was_refused_was_never_known(place: Place) -> None:
    land(place, "a", *({**record, "labels": ["no such class"]} for record in build_records(12)))
    assert [drop.state for drop in list_drops(place, DOMAIN)] == ["refused"]
    assert list_stays(place, DOMAIN) == {}
    assert texts(place) == []


def test_one_document_is_the_same_as_among_all(place: Place) -> None:
    land(place, "a", *build_records(4))
    found = read_as_of(place, DOMAIN, FAR)
    assert len(found) == 4
    for entry in found:
        assert read_as_of(place, DOMAIN, FAR, document=entry.revision.document_id) == [entry]
    assert read_as_of(place, DOMAIN, FAR, document=DocumentId("nobody's")) == []


def test_a_domain_that_is_not_declared_is_refused(place: Place) -> None:
    with pytest.raises(ParamsError, match="no domain 'dental'"):
        read_as_of(place, DomainName("dental"), FAR)
