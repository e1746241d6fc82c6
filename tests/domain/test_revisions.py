"""The rules by which a document's status follows from its revisions, as laws over any history."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.domain.identities import SourceName
from pipelines.domain.revisions import Entry, Status, resolve_statuses
from tests.builders.revisions import build_entry, build_revision

BUSY = settings(deadline=None, max_examples=60)
"""A busy machine says nothing about a law."""

FIRST = date(2026, 1, 1)
RECEIVED = st.sampled_from([Status.ACTIVE, Status.ACTIVE, Status.ACTIVE, Status.WITHDRAWN, Status.RETRACTED])


@st.composite
def histories(draw: st.DrawFn) -> list[Entry]:
    """Arrivals of a few documents, several in one drop now and then, in any order of effect."""
    return [
        build_entry(
            draw(st.sampled_from(["one", "two"])),
            ingest_seq=draw(st.integers(1, 6)),
            text=f"Version {number}.",
            status=draw(RECEIVED),
            effective_from=FIRST + timedelta(days=draw(st.integers(0, 5))),
            effective_to=draw(st.none() | st.integers(6, 9).map(lambda days: FIRST + timedelta(days=days))),
        )
        for number in range(draw(st.integers(0, 10)))
    ]


def by_document(entries: list[Entry]) -> dict[str, list[Entry]]:
    found: dict[str, list[Entry]] = {}
    for entry in entries:
        found.setdefault(entry.revision.document_id, []).append(entry)
    return found


def statuses(*entries: Entry) -> list[str]:
    return [entry.revision.status.value for entry in resolve_statuses(entries)]


def test_the_one_revision_of_a_document_is_active() -> None:
    assert statuses(build_entry()) == ["active"]


def test_of_two_revisions_the_later_in_effect_is_in_force_and_closes_the_other() -> None:
    old, new = build_entry(ingest_seq=1), build_entry(ingest_seq=2, effective_from=date(2026, 3, 1))
    first, second = resolve_statuses([new, old])
    assert (first.revision.status, first.revision.effective_to) == (Status.SUPERSEDED, date(2026, 3, 1))
    assert (second.revision.status, second.revision.effective_to) == (Status.ACTIVE, None)


def test_a_revision_that_arrives_late_does_not_replace_a_newer_rule() -> None:
    current = build_entry(ingest_seq=1, effective_from=date(2026, 3, 1))
    late = build_entry(ingest_seq=2, effective_from=date(2026, 2, 1), text="Found in an archive.")
    assert statuses(current, late) == ["active", "superseded"]


def test_of_two_revisions_in_effect_from_the_same_day_the_later_arrival_is_in_force() -> None:
    assert statuses(build_entry(ingest_seq=1), build_entry(ingest_seq=2, text="Corrected.")) == ["superseded", "active"]


def test_a_validity_that_ended_earlier_is_not_extended() -> None:
    old = build_entry(ingest_seq=1, effective_to=date(2026, 2, 1))
    first, _ = resolve_statuses([old, build_entry(ingest_seq=2, effective_from=date(2026, 3, 1))])
    assert first.revision.effective_to == date(2026, 2, 1)


def test_a_withdrawal_withdraws_every_revision_before_it() -> None:
    assert statuses(build_entry(), build_entry(ingest_seq=2, status=Status.WITHDRAWN, text="")) == ["withdrawn"] * 2


def test_a_withdrawal_stands_until_a_later_active_revision() -> None:
    back = build_entry(ingest_seq=3, text="Back again.", effective_from=date(2026, 4, 1))
    gone = build_entry(ingest_seq=2, status=Status.WITHDRAWN, text="")
    assert statuses(build_entry(), gone, back) == ["superseded", "withdrawn", "active"]


@pytest.mark.parametrize("status", [Status.RETRACTED, Status.ERASED])
def test_a_retraction_or_erasure_stands_whatever_comes_after_it(status: Status) -> None:
    later = build_entry(ingest_seq=3, text="The paper is sent again.")
    assert statuses(build_entry(), build_entry(ingest_seq=2, status=status, text=""), later) == [status.value] * 3


def test_the_same_id_in_another_source_is_another_document() -> None:
    here = build_entry(ingest_seq=1)
    there = build_entry(ingest_seq=2, source=SourceName("pubmed"), status=Status.RETRACTED)
    assert statuses(here, there) == ["active", "retracted"]


@BUSY
@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_reading_changes_nothing(entries: list[Entry], random: object) -> None:
    shuffled = list(entries)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert resolve_statuses(shuffled) == resolve_statuses(entries)


@BUSY
@given(histories())
def test_no_entry_is_lost_doubled_or_renamed(entries: list[Entry]) -> None:
    resolved = resolve_statuses(entries)
    assert sorted(entry.digest for entry in resolved) == sorted(entry.digest for entry in entries)
    received = {entry.digest: entry for entry in entries}
    for entry in resolved:
        before = received[entry.digest]
        unresolved = replace(entry.revision, status=before.revision.status, effective_to=before.revision.effective_to)
        assert (unresolved, entry.drop_id, entry.ingest_seq) == (before.revision, before.drop_id, before.ingest_seq)


@BUSY
@given(histories())
def test_at_most_one_revision_of_a_document_is_in_force(entries: list[Entry]) -> None:
    for document in by_document(resolve_statuses(entries)).values():
        active = [entry for entry in document if entry.revision.status is Status.ACTIVE]
        superseded = [entry for entry in document if entry.revision.status is Status.SUPERSEDED]
        assert len(active) <= 1
        assert not superseded or len(active) == 1


@BUSY
@given(histories())
def test_the_revision_in_force_is_the_latest_in_effect(entries: list[Entry]) -> None:
    for document in by_document(resolve_statuses(entries)).values():
        for active in (entry for entry in document if entry.revision.status is Status.ACTIVE):
            for other in (entry for entry in document if entry.revision.status is Status.SUPERSEDED):
                ranks = [(entry.revision.effective_from, entry.ingest_seq, entry.digest) for entry in (other, active)]
                assert ranks[0] < ranks[1]
                assert other.revision.effective_to is not None
                assert other.revision.effective_to <= active.revision.effective_from


@BUSY
@given(histories())
def test_a_retracted_document_has_nothing_left_to_teach(entries: list[Entry]) -> None:
    retracted = {entry.revision.document_id for entry in entries if entry.revision.status is Status.RETRACTED}
    for entry in resolve_statuses(entries):
        assert (entry.revision.status is Status.RETRACTED) == (entry.revision.document_id in retracted)


@BUSY
@given(histories())
def test_what_becomes_of_one_document_is_no_matter_of_another(entries: list[Entry]) -> None:
    apart = [resolved for document in by_document(entries).values() for resolved in resolve_statuses(document)]
    assert sorted(apart, key=lambda entry: entry.digest) == sorted(resolve_statuses(entries), key=lambda entry: entry.digest)


CHANGES = [
    {"source": SourceName("other")},
    {"document_id": "other"},
    {"family_id": "other"},
    {"title": "other"},
    {"text": "other"},
    {"labels": ("other",)},
    {"published_at": date(2025, 1, 1)},
    {"effective_from": date(2025, 1, 1)},
    {"effective_to": date(2027, 1, 1)},
    {"status": Status.RETRACTED},
    {"url": "other"},
    {"licence": "other"},
]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: next(iter(change)))
def test_every_field_but_the_time_of_recording_is_in_the_digest(change: dict[str, object]) -> None:
    assert replace(build_revision(), **change).digest != build_revision().digest  # type: ignore[arg-type]


def test_learning_a_thing_twice_does_not_make_it_two_things() -> None:
    assert replace(build_revision(), recorded_at=datetime(2030, 1, 1, tzinfo=UTC)).digest == build_revision().digest


def test_the_order_of_labels_is_part_of_the_content() -> None:
    first, second = (build_revision(labels=labels) for labels in (("a", "b"), ("b", "a")))
    assert first.digest != second.digest


def test_a_digest_does_not_change_with_versions_of_the_code() -> None:
    assert build_revision().digest == "888c3449327ecb000faad8a3c73e097beb3efdbaddadb2acab5c193c2a427d7d"
