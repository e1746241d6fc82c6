"""No family is in two splits, no cluster is in two splits, and every row left out is counted."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from pipelines.domain.identities import Digest, FamilyId
from pipelines.domain.pins import FIRST_GENERATION, Generation
from pipelines.domain.revisions import Entry, Status
from pipelines.split.assignments import SplitName
from pipelines.split.separation import Separation
from tests.builders.revisions import build_entry
from tests.builders.splits import find_family, separate_all

Drawn = list[tuple[int, int, int, bool]]
ROWS: st.SearchStrategy[Drawn] = st.lists(
    st.tuples(st.integers(0, 30), st.integers(0, 8), st.integers(1, 4), st.booleans()), max_size=30
)


def build(drawn: Drawn) -> tuple[list[Entry], list[Digest]]:
    entries = [
        build_entry(f"d{n}", family_id=f"f{family}", ingest_seq=seq, status=Status.ACTIVE if active else Status.SUPERSEDED)
        for n, (family, _, seq, active) in enumerate(drawn)
    ]
    return entries, [Digest(f"c{cluster}") for _, cluster, _, _ in drawn]


def members(separation: Separation) -> dict[SplitName, list[Entry]]:
    return {name: separation.members(name) for name in SplitName}


@given(ROWS)
def test_no_family_and_no_cluster_is_in_two_splits(drawn: Drawn) -> None:
    entries, clusters = build(drawn)
    cluster_of = {entry.digest: cluster for entry, cluster in zip(entries, clusters, strict=True)}
    homes: defaultdict[str, set[SplitName]] = defaultdict(set)
    for name, rows in members(separate_all(entries, clusters)).items():
        for entry in rows:
            homes[f"family {entry.revision.family_id}"].add(name)
            homes[f"cluster {cluster_of[entry.digest]}"].add(name)
    assert all(len(names) == 1 for names in homes.values())


@given(ROWS)
def test_every_row_in_force_is_in_one_split_or_bridges(drawn: Drawn) -> None:
    entries, clusters = build(drawn)
    separation = separate_all(entries, clusters)
    placed = [entry.digest for rows in members(separation).values() for entry in rows]
    active = {entry.digest for entry in entries if entry.revision.status is Status.ACTIVE}
    assert sorted(placed) == sorted(active - separation.bridging)


@given(ROWS)
def test_the_earliest_row_of_a_cluster_never_leaves(drawn: Drawn) -> None:
    entries, clusters = build(drawn)
    separation = separate_all(entries, clusters)
    earliest: dict[Digest, Entry] = {}
    for entry, cluster in sorted(zip(entries, clusters, strict=True), key=lambda pair: (pair[0].ingest_seq, pair[0].digest)):
        earliest.setdefault(cluster, entry)
    assert not {entry.digest for entry in earliest.values()} & separation.bridging


@given(ROWS, ROWS)
def test_a_family_stays_in_its_split_when_others_come(drawn: Drawn, later: Drawn) -> None:
    before, after = separate_all(*build(drawn)), separate_all(*build([*drawn, *later]))
    known = {row.entry.revision.family_id: row.split for row in before.placed}
    assert all(known.get(row.entry.revision.family_id, row.split) is row.split for row in after.placed)


def test_a_later_copy_in_another_split_is_left_out() -> None:
    first = build_entry("a", family_id=find_family("holdout"), ingest_seq=1)
    copy = build_entry("b", family_id=find_family("train"), ingest_seq=2)
    separation = separate_all([first, copy], [Digest("c"), Digest("c")])
    assert separation.members(SplitName.HOLDOUT) == [first]
    assert separation.members(SplitName.TRAIN) == []


def test_a_superseded_row_that_was_taught_keeps_its_copy_out_of_the_holdout() -> None:
    taught = build_entry("a", family_id=find_family("train"), ingest_seq=1, status=Status.SUPERSEDED)
    copy = build_entry("b", family_id=find_family("holdout"), ingest_seq=2)
    separation = separate_all([taught, copy], [Digest("c"), Digest("c")])
    assert separation.members(SplitName.HOLDOUT) == []
    assert separation.bridging == {copy.digest}


def test_a_cluster_within_one_split_loses_nobody() -> None:
    entries = [build_entry(f"d{n}", family_id=find_family("dev", n), ingest_seq=n) for n in range(3)]
    separation = separate_all(entries, [Digest("c")] * 3)
    assert separation.members(SplitName.DEV) == entries


Drops = list[list[tuple[int, int]]]
HISTORIES: st.SearchStrategy[Drops] = st.lists(
    st.lists(st.tuples(st.integers(0, 40), st.integers(0, 8)), max_size=6), min_size=1, max_size=8
)
"""Drops in the order of arrival, each of rows of a family and a cluster."""


def arrive(drops: Drops) -> tuple[list[Entry], list[Digest]]:
    rows = [(seq, number, *row) for seq, drop in enumerate(drops, start=1) for number, row in enumerate(drop)]
    entries = [build_entry(f"d{seq}-{number}", family_id=f"f{family}", ingest_seq=seq) for seq, number, family, _ in rows]
    return entries, [Digest(f"c{cluster}") for _, _, _, cluster in rows]


@given(HISTORIES, st.lists(st.integers(0, 3), min_size=8, max_size=8))
def test_a_family_is_in_one_part_for_ever_and_never_comes_back_from_retirement(drops: Drops, waits: list[int]) -> None:
    """Whatever arrives later, and whenever generations are renewed at what has arrived by then."""
    seen: dict[FamilyId, SplitName] = {}
    generation = FIRST_GENERATION
    for count in range(1, len(drops) + 1):
        is_renewed = waits[count - 1] == 0
        if is_renewed:
            generation = Generation(number=generation.number + 1, since=count - 1)
        for row in separate_all(*arrive(drops[:count]), generation).placed:
            family = row.entry.revision.family_id
            before = seen.setdefault(family, row.split)
            if before is not row.split:
                assert (before, row.split) == (SplitName.HOLDOUT, SplitName.RETIRED)
                assert is_renewed
            seen[family] = row.split


@given(HISTORIES, st.integers(0, 8))
def test_what_retires_is_the_old_part_of_the_holdout_and_nothing_else(drops: Drops, since: int) -> None:
    entries, clusters = arrive(drops)
    before = separate_all(entries, clusters)
    after = separate_all(entries, clusters, Generation(number=2, since=since))
    for was, now in zip(before.placed, after.placed, strict=True):
        is_old = min(one.ingest_seq for one in entries if one.revision.family_id == was.entry.revision.family_id) <= since
        assert now.split is (SplitName.RETIRED if was.split is SplitName.HOLDOUT and is_old else was.split)


@given(HISTORIES, st.integers(0, 8))
def test_no_family_and_no_cluster_is_on_both_sides_of_a_retirement(drops: Drops, since: int) -> None:
    entries, clusters = arrive(drops)
    cluster_of = {entry.digest: cluster for entry, cluster in zip(entries, clusters, strict=True)}
    homes: defaultdict[str, set[SplitName]] = defaultdict(set)
    for name, rows in members(separate_all(entries, clusters, Generation(number=2, since=since))).items():
        for entry in rows:
            homes[f"family {entry.revision.family_id}"].add(name)
            homes[f"cluster {cluster_of[entry.digest]}"].add(name)
    assert all(len(names) == 1 for names in homes.values())


def test_a_new_row_that_resembles_a_retired_one_has_been_looked_at_and_stays_out() -> None:
    old = build_entry("a", family_id=find_family("holdout", 0), ingest_seq=1)
    copy = build_entry("b", family_id=find_family("holdout", 1), ingest_seq=5)
    separation = separate_all([old, copy], [Digest("c"), Digest("c")], Generation(number=2, since=3))
    assert separation.members(SplitName.HOLDOUT) == []
    assert separation.bridging == {copy.digest}
