"""A cluster follows chains from document to document, and one document alone makes none."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pipelines.curate.clusters import name_clusters
from tests.builders.curations import build_row

DRAWN = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), min_size=1, max_size=10)
LINKS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=6)


def test_a_group_of_several_documents_is_a_cluster_named_by_its_smallest_digest() -> None:
    rows = [build_row(name) for name in ("a", "b", "c")]
    names = name_clusters(rows, [0, 0, 1], [])
    assert names == [min(rows[0].digest, rows[1].digest)] * 2 + [rows[2].digest]


def test_revisions_of_one_document_are_no_cluster_until_another_document_joins_them() -> None:
    rows = [build_row("a", ingest_seq=1, text="One."), build_row("a", ingest_seq=2, text="Two."), build_row("b")]
    assert name_clusters(rows[:2], [0, 1], [(0, 1)]) == [row.digest for row in rows[:2]]
    assert set(name_clusters(rows, [0, 1, 2], [(0, 1), (1, 2)])) == {rows[0].digest, min(rows[1].digest, rows[2].digest)}
    assert len(set(name_clusters(rows, [0, 0, 2], [(0, 2)]))) == 1


@given(DRAWN, LINKS)
def test_clusters_are_what_joining_rows_one_by_one_makes(drawn: list[tuple[int, int]], links: list[tuple[int, int]]) -> None:
    """The law as it reads: whatever is linked, and is not of one document altogether, is one cluster."""
    rows = [build_row(f"d{document}", text=f"Text {place}.") for place, (document, _) in enumerate(drawn)]
    groups = [group for _, group in drawn]
    pairs = [pair for pair in links if set(pair) <= set(groups) and pair[0] != pair[1]]
    clusters = [{place} for place in range(len(rows))]
    for pair in [*((group, group) for group in groups), *pairs]:
        together = {place for place, group in enumerate(groups) if group in pair}
        if len({rows[place].document for place in together}) > 1:
            joined = set().union(*(cluster for cluster in clusters if cluster & together))
            clusters = [cluster for cluster in clusters if not cluster & together] + [joined]
    expected = {place: min(rows[one].digest for one in cluster) for cluster in clusters for place in cluster}
    assert name_clusters(rows, groups, pairs) == [expected[place] for place in range(len(rows))]
