"""The laws of every step of curation, whichever it is: idempotent, in any order, accounting for each row, inventing nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.curate.deidentifying import Deidentify
from pipelines.curate.duplicates import RemoveNearDuplicates
from pipelines.curate.filtering import FilterLanguage, FilterLength, FilterLicence
from pipelines.curate.params import AnyStep
from pipelines.curate.quality import FilterRepetition, FilterSymbols
from pipelines.curate.repairing import RepairUnicode
from pipelines.curate.rows import Curated, Row, Step, enter
from pipelines.domain.identities import DocumentId
from pipelines.domain.revisions import Status, resolve_statuses
from tests.builders.revisions import build_entry

BUSY = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
STEPS: tuple[Step, ...] = (
    RepairUnicode(),
    RepairUnicode(fold_dashes=False),
    FilterLicence(allowed=("CC0",)),
    FilterLanguage(),
    FilterLength(minimum_words=4, maximum_words=60),
    FilterRepetition(minimum_words=5),
    FilterSymbols(stop_words=1),
    RemoveNearDuplicates(),
)
every_step = pytest.mark.parametrize("step", STEPS, ids=lambda step: step.kind)

SENTENCES = (
    "The firm recalls all lots of the product because the label does not declare milk.",
    "A bank must keep the record for five years after the account is closed.",
    "A bank must keep the record for five years after the account was closed.",
    "Livsmedelsverket återkallar en produkt eftersom den innehåller mjölk som inte anges på förpackningen.",
    "“Covered person” means a person described in § 1026.4(b)(2)—or waived; see FR Doc. 2024–02801 and 737-8, –9.",
    "The Dodd–Frank Act applies at −5 °C to a ½-inch ﬁlter at 10 µg/m³.",
    "#news #rules #banks",
    "no no no no no no no",
    "- point one\n- point two\n\n\n- point one",
    "",
)
TEXTS = st.lists(st.sampled_from(SENTENCES), max_size=5).map("\n".join) | st.text(max_size=30)
STATUSES = st.sampled_from([Status.ACTIVE, Status.ACTIVE, Status.SUPERSEDED])


@st.composite
def snapshots(draw: st.DrawFn) -> list[Row]:
    """Rows as the stage hands them on: statuses resolved, in the order of document and arrival."""
    entries = {}
    for number in range(draw(st.integers(0, 7))):
        entry = build_entry(
            draw(st.sampled_from(["a", "b", "c", "d"])),
            ingest_seq=number + 1,
            title=draw(st.sampled_from(["", "A title of a few words"])),
            text=draw(TEXTS),
            licence=draw(st.sampled_from(["CC0", "publisher abstract"])),
        )
        entries[entry.digest] = entry
    return [enter(entry) for entry in resolve_statuses(entries.values())]


def tell(curated: Curated) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """What became of each row: title and text of those that stay, the reason of those that leave."""
    kept = {row.digest: (row.entry.revision.title, row.entry.revision.text) for row in curated.rows}
    return kept, {removal.digest: removal.reason for removal in curated.removals}


def list_words(row: Row) -> list[str]:
    return re.findall(r"\w+", f"{row.entry.revision.title}\n{row.entry.revision.text}")


def test_every_kind_of_step_is_put_to_these_laws_or_to_its_own() -> None:
    union = get_args(get_args(AnyStep)[0])
    assert {type(step) for step in STEPS} | {Deidentify} == set(union), "deidentify replaces words: its laws are in its own tests"


@every_step
@BUSY
@given(rows=snapshots())
def test_every_row_stays_or_leaves_and_never_both(rows: list[Row], step: Step) -> None:
    kept, left = tell(step.apply(rows))
    assert kept.keys() | left.keys() == {row.digest for row in rows}
    assert not kept.keys() & left.keys()
    assert all(left.values()), "who leaves leaves for a reason"


@every_step
@BUSY
@given(rows=snapshots())
def test_a_second_time_changes_nothing(rows: list[Row], step: Step) -> None:
    once = step.apply(rows)
    twice = step.apply(once.rows)
    assert twice.removals == ()
    assert [row.entry for row in twice.rows] == [row.entry for row in once.rows]
    assert [row.changes for row in twice.rows] == [row.changes for row in once.rows]


@every_step
@BUSY
@given(rows=snapshots(), order=st.randoms(use_true_random=False))
def test_the_order_of_rows_decides_nothing(rows: list[Row], order: object, step: Step) -> None:
    shuffled = list(rows)
    order.shuffle(shuffled)  # type: ignore[attr-defined]
    assert tell(step.apply(shuffled)) == tell(step.apply(rows))


@every_step
@BUSY
@given(rows=snapshots())
def test_rows_that_stay_keep_their_order_and_all_but_title_and_text(rows: list[Row], step: Step) -> None:
    kept = step.apply(rows).rows
    places = {row.digest: place for place, row in enumerate(rows)}
    assert [places[row.digest] for row in kept] == sorted(places[row.digest] for row in kept)
    for row in kept:
        before = rows[places[row.digest]]
        assert row.rewrite(before.entry.revision.title, before.entry.revision.text, "").entry == before.entry


@every_step
@BUSY
@given(rows=snapshots().map(lambda rows: [row for row in rows if is_told(row)]))
def test_no_word_is_invented(rows: list[Row], step: Step) -> None:
    """The words of a row that stays are those that it came with, in their order; only mending a wrong encoding makes others."""
    before = {row.digest: list_words(row) for row in rows}
    for row in step.apply(rows).rows:
        assert list_words(row) == before[row.digest]


def is_told(row: Row) -> bool:
    """Whether the row is made of our sentences alone, which are rightly encoded."""
    return all(
        line in {part for sentence in SENTENCES for part in sentence.split("\n")} for line in row.entry.revision.text.split("\n")
    )


@BUSY
@given(rows=snapshots(), chosen=st.permutations(STEPS).map(lambda steps: steps[:4]))
def test_any_steps_one_after_the_other_only_ever_take_rows_away(rows: list[Row], chosen: Sequence[Step]) -> None:
    left = {row.digest for row in rows}
    current: Sequence[Row] = rows
    for step in chosen:
        current = step.apply(current).rows
        assert {row.digest for row in current} <= left
        left = {row.digest for row in current}
    assert all(row.entry.revision.document_id in {DocumentId(name) for name in "abcd"} for row in current)
