"""Of documents that say the same one stays, the right one; revisions of one document are nobody's duplicates."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.curate.duplicates import RemoveNearDuplicates
from pipelines.curate.rows import Curated, Row, enter
from pipelines.domain.revisions import Status
from tests.builders.curations import build_row, build_superseded, invent_words, vary

TEXT = " ".join(invent_words(1))
NEAR = " ".join(vary(invent_words(1), 5, 1))
NEAR_NEAR = " ".join(vary(vary(invent_words(1), 5, 1), 8, 2))


def remove(*rows: Row) -> Curated:
    return RemoveNearDuplicates().apply(rows)


def names(result: Curated) -> list[str]:
    return [row.entry.revision.document_id for row in result.rows]


def test_of_two_families_the_earliest_arrival_stays() -> None:
    late, early = build_row("late", title="", text=TEXT, ingest_seq=2), build_row("early", title="", text=NEAR, ingest_seq=1)
    result = remove(late, early)
    assert names(result) == ["early"]
    (removal,) = result.removals
    assert (removal.digest, removal.reason, removal.kept) == (late.digest, "near-duplicate", early.digest)


def test_of_one_family_the_revision_that_took_effect_last_stays() -> None:
    old = build_row("old", family_id="f", title="", text=TEXT, ingest_seq=1, effective_from=date(2025, 1, 1))
    new = build_row("new", family_id="f", title="", text=NEAR, ingest_seq=2, effective_from=date(2026, 1, 1))
    assert names(remove(old, new)) == ["new"]


def test_an_equal_text_but_for_case_is_an_exact_duplicate() -> None:
    result = remove(build_row("a", title="", text=TEXT, ingest_seq=1), build_row("b", title="", text=TEXT.upper(), ingest_seq=2))
    assert [removal.reason for removal in result.removals] == ["exact duplicate"]


def test_short_equal_texts_are_duplicates_too() -> None:
    assert names(remove(build_row("a", title="", text="Rule"), build_row("b", title="", text="rule.", ingest_seq=2))) == ["a"]


def test_superseded_revisions_of_a_document_are_kept_and_not_compared_with_their_successor() -> None:
    before = enter(build_superseded("doc", title="", text=TEXT, ingest_seq=1))
    now = build_row("doc", title="", text=NEAR, ingest_seq=2)
    result = remove(before, now)
    assert len(result.rows) == 2
    assert [row.cluster for row in result.rows] == [before.digest, now.digest]


def test_a_superseded_text_removes_nobody_but_shares_the_cluster() -> None:
    before = enter(build_superseded("doc", title="", text=TEXT, ingest_seq=1))
    other = build_row("other", title="", text=NEAR, ingest_seq=2)
    result = remove(before, other)
    assert len(result.rows) == 2
    assert {row.cluster for row in result.rows} == {min(before.digest, other.digest)}


def test_a_chain_is_one_cluster_but_its_far_end_is_not_removed() -> None:
    start, middle = build_row("a", title="", text=TEXT, ingest_seq=1), build_row("b", title="", text=NEAR, ingest_seq=2)
    end = build_row("c", title="", text=NEAR_NEAR, ingest_seq=3)
    result = RemoveNearDuplicates(threshold=0.8).apply([start, middle, end])
    assert names(result) == ["a", "c"]
    assert len({row.cluster for row in result.rows}) == 1


def test_a_row_without_a_duplicate_is_its_own_cluster() -> None:
    row = build_row(text=TEXT)
    assert remove(row).rows == (row,)
    assert row.cluster == row.digest


def test_a_row_that_was_changed_is_known_by_what_it_says_now(tmp_path: Path) -> None:
    """Two rows of one digest, before and after a step rewrote it, are two texts to whoever remembers."""
    before, other = build_row("a", title="", text=TEXT, ingest_seq=1), build_row("b", title="", text=NEAR, ingest_seq=2)
    after = before.rewrite("", " ".join(invent_words(2)), "changed for a test")
    for rows in ([before, other], [after, other], [before, other]):
        assert RemoveNearDuplicates().apply(rows, tmp_path) == remove(*rows)
    assert [len(RemoveNearDuplicates().apply(rows, tmp_path).rows) for rows in ([before, other], [after, other])] == [1, 2]


def test_of_several_kept_rows_the_one_preferred_to_all_is_named() -> None:
    words = invent_words(1)
    ends = [build_row("a", title="", text=" ".join(vary(words, 24, 5)), ingest_seq=2)]
    ends += [build_row("b", title="", text=" ".join(vary(words, 24, 9)), ingest_seq=1)]
    middle = build_row("c", title="", text=" ".join(words), ingest_seq=3)
    for rows in ([*ends, middle], [middle, *ends[::-1]]):
        result = RemoveNearDuplicates(threshold=0.5, bands=32, rows=4).apply(rows)
        assert sorted(names(result)) == ["a", "b"]
        assert [removal.kept for removal in result.removals] == [ends[1].digest]


ROWS = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 3), st.integers(0, 12), st.integers(1, 4), st.booleans()), min_size=1, max_size=14
)


def build_rows(drawn: list[tuple[int, int, int, int, bool]]) -> list[Row]:
    rows = {}
    for document, (family, story, swaps, seq, active) in enumerate(drawn):
        text = " ".join(vary(invent_words(story, 122), swaps, swaps))
        status = Status.ACTIVE if active else Status.SUPERSEDED
        row = build_row(f"d{document}", family_id=f"f{family}", title="", text=text, ingest_seq=seq, status=status)
        rows[row.digest] = row
    return list(rows.values())


@settings(max_examples=25, deadline=None)
@given(ROWS)
def test_removing_again_removes_nothing(drawn: list[tuple[int, int, int, int, bool]]) -> None:
    once = RemoveNearDuplicates().apply(build_rows(drawn))
    twice = RemoveNearDuplicates().apply(once.rows)
    assert twice.removals == ()
    assert [row.entry for row in twice.rows] == [row.entry for row in once.rows]


@settings(max_examples=25, deadline=None)
@given(ROWS, st.randoms(use_true_random=False))
def test_order_does_not_matter_and_no_row_is_lost(drawn: list[tuple[int, int, int, int, bool]], chance: random.Random) -> None:
    rows = build_rows(drawn)
    shuffled = rows.copy()
    chance.shuffle(shuffled)
    first, second = RemoveNearDuplicates().apply(rows), RemoveNearDuplicates().apply(shuffled)
    assert first.removals == second.removals
    assert {row.digest: row.cluster for row in first.rows} == {row.digest: row.cluster for row in second.rows}
    assert {row.digest for row in first.rows} | {removal.digest for removal in first.removals} == {row.digest for row in rows}
    kept = {row.digest for row in first.rows}
    assert all(removal.kept in kept or removal.kept in {r.digest for r in first.removals} for removal in first.removals)
