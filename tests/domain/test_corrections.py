"""A correction changes a label and when it was learned; the rest is the source's word, and history keeps both."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.domain.corrections import MARK, REVIEWER, Correction, find_reviewer
from pipelines.domain.identities import DocumentId, SourceName
from pipelines.domain.revisions import Entry, Revision, Status, resolve_statuses
from pipelines.domain.validity import find_in_force
from tests.builders.revisions import RECORDED, build_revision
from tests.domain.test_revisions import BUSY

LATER = RECORDED + timedelta(days=9)
LABELS = st.sampled_from(["Class I", "Class II", "Class III"])


def build_correction(label: str = "Class I", ordinal: int = 1, **fields: str) -> Correction:
    said = {"reviewer": "r.okafor", "reason": "read again", **fields}
    return Correction(source=SourceName("folder"), document_id=DocumentId("doc-1"), label=label, ordinal=ordinal, **said)


def enter(*revisions: Revision) -> list[Entry]:
    return [
        Entry(revision=each, digest=each.digest, drop_id=f"drop-{number}", ingest_seq=number)
        for number, each in enumerate(revisions, start=1)
    ]


@BUSY
@given(before=LABELS, after=LABELS, days=st.integers(0, 400))
def test_only_the_label_the_address_and_the_time_of_learning_change(before: str, after: str, days: int) -> None:
    revision = build_revision(labels=(before,), effective_from=date(2026, 1, 1) + timedelta(days=days))
    corrected = build_correction(after).apply(revision, LATER)
    assert (corrected.labels, corrected.recorded_at) == ((after,), LATER)
    assert replace(corrected, labels=revision.labels, recorded_at=revision.recorded_at, url=revision.url) == revision
    assert corrected.url.startswith(revision.url)


@BUSY
@given(words=st.lists(LABELS, min_size=1, max_size=6))
def test_of_any_row_of_corrections_the_last_is_in_force_and_every_one_is_kept(words: list[str]) -> None:
    told = [build_revision(labels=("Class II",))]
    for ordinal, label in enumerate(words, start=1):
        told.append(build_correction(label, ordinal).apply(told[-1], LATER))
    entries = enter(*told)
    assert len({entry.digest for entry in entries}) == len(told), "there and back again is no repetition"
    statuses = [entry.revision.status for entry in resolve_statuses(entries)]
    assert statuses == [Status.SUPERSEDED] * len(words) + [Status.ACTIVE]
    (found,) = find_in_force(entries, told[0].effective_from)
    assert found.revision.labels == (words[-1],)


def test_before_it_was_made_the_document_was_as_its_source_had_it() -> None:
    revision = build_revision(labels=("Class II",))
    entries = enter(revision, build_correction().apply(revision, LATER))
    (before,) = find_in_force(entries[:1], revision.effective_from)
    assert before.revision == revision


def test_an_amendment_of_the_source_follows_a_correction_like_any_other_revision() -> None:
    revision = build_revision(labels=("Class II",))
    corrected = build_correction().apply(revision, LATER)
    amended = build_revision(labels=("Class II",), text="Amended since.", effective_from=date(2026, 5, 1))
    before, after = (find_in_force(enter(revision, corrected, amended), day)[0] for day in (date(2026, 4, 30), date(2026, 5, 1)))
    assert (before.revision.labels, before.revision.effective_to) == (("Class I",), date(2026, 5, 1))
    assert after.revision == amended


def test_the_same_correction_made_again_is_the_same_revision() -> None:
    revision = build_revision()
    first, again = (build_correction().apply(revision, time) for time in (LATER, LATER + timedelta(days=3)))
    assert first.digest == again.digest


@pytest.mark.parametrize("fields", [{"reviewer": "s.lindqvist"}, {"reason": "another one"}])
def test_another_reviewer_or_reason_is_another_revision(fields: dict[str, str]) -> None:
    revision = build_revision()
    assert build_correction(**fields).apply(revision, LATER).digest != build_correction().apply(revision, LATER).digest


def test_the_last_reviewer_signs_and_no_address_grows() -> None:
    revision = build_revision()
    once = build_correction().apply(revision, LATER)
    twice = build_correction("Class II", 2, reviewer="s.lindqvist").apply(once, LATER)
    assert [find_reviewer(each) for each in (revision, once, twice)] == [None, "r.okafor", "s.lindqvist"]
    assert twice.url.count(MARK) == 1


def test_a_reason_is_not_in_the_corpus() -> None:
    corrected = build_correction(reason="the patient's own words").apply(build_revision(), LATER)
    assert "patient" not in corrected.url


@pytest.mark.parametrize("handle", ["r.okafor@example.org", "R Okafor", "", "-x", "a" * 41, "x~y", "x\n"])
def test_an_address_or_a_name_is_no_handle(handle: str) -> None:
    assert REVIEWER.fullmatch(handle) is None


def test_settles_what_has_that_label_and_no_other() -> None:
    settled = [build_correction().settles(build_revision(labels=labels)) for labels in (("Class I",), (), ("Class I", "x"))]
    assert settled == [True, False, False]
