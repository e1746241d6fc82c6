"""No source is more of the news than its share, as many rows as that allows are taught, and what waits is the newest."""

from __future__ import annotations

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from pipelines.domain.identities import Digest, FamilyId, SourceName
from pipelines.learners.protocols import Document
from pipelines.learners.rows import Row
from pipelines.lessons.shares import cap_sources, find_quota

COUNTS = st.lists(st.integers(1, 60), min_size=1, max_size=6)
SHARES = st.floats(0.05, 1.0)


def build_row(source: str, number: int, ingest_seq: int = 1) -> Row:
    return Row(
        document=Document(row_id=Digest(f"{source} {number:03d}"), text="text", label="a"),
        family_id=FamilyId(f"{source} {number}"),
        source=SourceName(source),
        published_at=date(2026, 1, 1),
        ingest_seq=ingest_seq,
    )


def build_news(counts: list[int]) -> list[Row]:
    return [build_row(f"s{place}", number) for place, count in enumerate(counts) for number in range(count)]


def count_sources(rows: list[Row]) -> dict[str, int]:
    return {source: sum(row.source == source for row in rows) for source in sorted({row.source for row in rows})}


def test_a_flood_from_one_source_is_cut_to_its_share_and_counted() -> None:
    kept, deferred = cap_sources(build_news([100, 10, 10]), 0.5)
    assert count_sources(kept) == {"s0": 20, "s1": 10, "s2": 10}
    assert deferred == {"s0": 80}


def test_a_source_alone_is_not_capped() -> None:
    kept, deferred = cap_sources(build_news([40]), 0.1)
    assert (len(kept), deferred) == (40, {})


def test_sources_that_are_too_few_for_the_share_are_equal_parts() -> None:
    assert count_sources(cap_sources(build_news([100, 30]), 0.2)[0]) == {"s0": 30, "s1": 30}


def test_the_oldest_are_taught_first() -> None:
    flood = [build_row("a", number, ingest_seq=9 - number) for number in range(8)]
    kept, _ = cap_sources([*flood, *build_news([2])], 0.5)
    assert [row.ingest_seq for row in kept if row.source == "a"] == [3, 2]


def test_no_news_are_no_news() -> None:
    assert cap_sources([], 0.5) == ([], {})


@given(COUNTS, SHARES)
def test_no_source_is_more_than_its_share_and_one_more_row_would_be_too_many(counts: list[int], share: float) -> None:
    quota = find_quota(counts, share)
    allowed = max(share, 1 / len(counts))

    def is_kept(quota: int) -> bool:
        stays = [min(count, quota) for count in counts]
        return max(stays) <= allowed * sum(stays) + 1e-9

    assert is_kept(quota)
    assert quota == max(counts) or not is_kept(quota + 1)


@given(COUNTS, SHARES)
def test_every_row_is_taught_or_counted_and_all_are_taught_in_the_end(counts: list[int], share: float) -> None:
    waiting = build_news(counts)
    for _ in range(len(waiting) + 1):
        kept, deferred = cap_sources(waiting, share)
        assert len(kept) + sum(deferred.values()) == len(waiting)
        taught = {row.document.row_id for row in kept}
        waiting = [row for row in waiting if row.document.row_id not in taught]
    assert waiting == []


@given(COUNTS, SHARES, st.randoms())
def test_the_order_of_rows_decides_nothing(counts: list[int], share: float, random: object) -> None:
    news = build_news(counts)
    mixed = random.sample(news, len(news))  # type: ignore[attr-defined]  # hypothesis gives a Random
    kept, deferred = cap_sources(news, share)
    again, same = cap_sources(mixed, share)
    assert {row.document.row_id for row in again} == {row.document.row_id for row in kept}
    assert same == deferred
