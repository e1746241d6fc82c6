"""Whatever one recogniser covers is covered, and no two mentions share a character."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipelines.privacy.mentions import SURROGATE, Mention, MentionKind, find_tags, is_overlapping, unite

TEXT = "Ann Smith, of 12 Elm St, was seen at St. Mary's clinic on May 3."
SPANS = st.tuples(st.integers(0, len(TEXT) - 1), st.integers(1, 20), st.sampled_from(MentionKind))


def build_mention(start: int, size: int, kind: MentionKind = MentionKind.NAME) -> Mention:
    return Mention(start=start, end=min(start + size, len(TEXT)), kind=kind)


def find(value: str, kind: MentionKind) -> Mention:
    start = TEXT.index(value)
    return Mention(start=start, end=start + len(value), kind=kind)


@given(st.lists(SPANS, max_size=6))
def test_every_digit_and_capital_that_anybody_covers_is_covered_once(spans: list[tuple[int, int, MentionKind]]) -> None:
    ranked = [build_mention(*span) for span in spans]
    united = unite(TEXT, ranked)
    assert all(left.end <= right.start for left, right in pairwise(united))
    covered = {place for one in united for place in range(one.start, one.end)}
    wanted = {place for one in ranked for place in range(one.start, one.end)}
    assert all(place in covered for place in wanted if TEXT[place].isdigit() or TEXT[place].isupper())


@given(st.lists(SPANS, max_size=4), SPANS)
def test_nothing_that_is_taken_is_ever_touched(
    spans: list[tuple[int, int, MentionKind]], taken: tuple[int, int, MentionKind]
) -> None:
    kept = build_mention(*taken)
    assert not any(is_overlapping(kept, [one]) for one in unite(TEXT, [build_mention(*span) for span in spans], [kept]))


def test_the_earlier_of_two_kinds_keeps_what_they_share() -> None:
    site, name = find("St. Mary's clinic", MentionKind.PLACE), find("Mary", MentionKind.NAME)
    assert unite(TEXT, [site, name]) == [site]
    assert [one.kind for one in unite(TEXT, [name, site])] == [MentionKind.PLACE, MentionKind.NAME]


def test_a_first_and_a_last_name_are_one_mention() -> None:
    assert unite(TEXT, [find("Ann", MentionKind.NAME), find("Smith", MentionKind.NAME)]) == [find("Ann Smith", MentionKind.NAME)]


def test_what_is_left_of_a_mention_and_names_nothing_is_dropped() -> None:
    assert unite(TEXT, [find("St. Mary", MentionKind.NAME), find("Mary's clinic", MentionKind.PLACE)]) == [
        find("St. Mary", MentionKind.NAME)
    ]


def test_every_kind_has_a_tag() -> None:
    tags = " ".join(f"[{kind}-0123abcd]" for kind in MentionKind)
    assert len(find_tags(tags)) == len(MentionKind)
    assert SURROGATE.fullmatch("[PLACE-0123abcd]")
    assert not SURROGATE.fullmatch("[PLANET-0123abcd]")
