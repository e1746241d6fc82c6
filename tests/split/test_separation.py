"""No family is in two splits, no cluster is in two splits, and every row left out is counted."""

from __future__ import annotations

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from pipelines.domain.identities import Digest
from pipelines.domain.revisions import Entry, Status
from pipelines.split.assignments import SplitName
from pipelines.split.params import SplitParams
from pipelines.split.separation import Separation, separate
from tests.builders.revisions import build_entry
from tests.builders.splits import PARAMS, find_family

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
    for name, rows in members(separate(entries, clusters, PARAMS)).items():
        for entry in rows:
            homes[f"family {entry.revision.family_id}"].add(name)
            homes[f"cluster {cluster_of[entry.digest]}"].add(name)
    assert all(len(names) == 1 for names in homes.values())


@given(ROWS)
def test_every_row_in_force_is_in_one_split_or_bridges(drawn: Drawn) -> None:
    entries, clusters = build(drawn)
    separation = separate(entries, clusters, PARAMS)
    placed = [entry.digest for rows in members(separation).values() for entry in rows]
    active = {entry.digest for entry in entries if entry.revision.status is Status.ACTIVE}
    assert sorted(placed) == sorted(active - separation.bridging)


@given(ROWS)
def test_the_earliest_row_of_a_cluster_never_leaves(drawn: Drawn) -> None:
    entries, clusters = build(drawn)
    separation = separate(entries, clusters, PARAMS)
    earliest: dict[Digest, Entry] = {}
    for entry, cluster in sorted(zip(entries, clusters, strict=True), key=lambda pair: (pair[0].ingest_seq, pair[0].digest)):
        earliest.setdefault(cluster, entry)
    assert not {entry.digest for entry in earliest.values()} & separation.bridging


@given(ROWS, ROWS)
def test_a_family_stays_in_its_split_when_others_come(drawn: Drawn, later: Drawn) -> None:
    before, after = separate(*build(drawn), PARAMS), separate(*build([*drawn, *later]), PARAMS)
    known = {row.entry.revision.family_id: row.split for row in before.placed}
    assert all(known.get(row.entry.revision.family_id, row.split) is row.split for row in after.placed)


def test_a_later_copy_in_another_split_is_left_out() -> None:
    first = build_entry("a", family_id=find_family("holdout"), ingest_seq=1)
    copy = build_entry("b", family_id=find_family("train"), ingest_seq=2)
    separation = separate([first, copy], [Digest("c"), Digest("c")], PARAMS)
    assert separation.members(SplitName.HOLDOUT) == [first]
    assert separation.members(SplitName.TRAIN) == []


def test_a_superseded_row_that_was_taught_keeps_its_copy_out_of_the_holdout() -> None:
    taught = build_entry("a", family_id=find_family("train"), ingest_seq=1, status=Status.SUPERSEDED)
    copy = build_entry("b", family_id=find_family("holdout"), ingest_seq=2)
    separation = separate([taught, copy], [Digest("c"), Digest("c")], PARAMS)
    assert separation.members(SplitName.HOLDOUT) == []
    assert separation.bridging == {copy.digest}


def test_a_cluster_within_one_split_loses_nobody() -> None:
    entries = [build_entry(f"d{n}", family_id=find_family("dev", n), ingest_seq=n) for n in range(3)]
    separation = separate(entries, [Digest("c")] * 3, SplitParams(key=PARAMS.key))
    assert separation.members(SplitName.DEV) == entries
