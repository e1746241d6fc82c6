"""All recognisers together: what any finds is found, one process or several say the same, and what is marked is not read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.privacy.ensemble import WINDOW, Passage, cut_windows, find_mentions, find_plain_mentions, read_passages
from pipelines.privacy.mentions import MentionKind

NOTE = (
    "Patient Name: WALSH, EDITH. DOB: 03/14/1931, MRN: 0045-8812. Mrs. Walsh is a 93-year-old who lives at 48 Harbour Rd in "
    "Gloucester, MA 01930. She was seen at Addison General on February 3rd; call (978) 555-0143 or write to ew@mail.net."
)


def tell(text: str, *, is_read: bool = False) -> list[str]:
    (mentions,) = read_passages([Passage(text, 2024, is_read=is_read)])
    return [text[one.start : one.end] for one in mentions]


def test_a_note_is_read_for_all_kinds_at_once() -> None:
    assert tell(NOTE) == [
        "WALSH, EDITH", "03/14/1931", "0045-8812", "Walsh", "93", "48 Harbour Rd", "Gloucester", "01930", "Addison General",
        "February 3rd", "(978) 555-0143", "ew@mail.net",
    ]  # fmt: skip


def test_what_says_nothing_alone_counts_beside_a_person() -> None:
    assert tell("The dose was raised last month, batch 12345678.") == []
    assert tell("Oscar P. was seen last month, 12345678.") == ["Oscar P.", "last month", "12345678"]


def test_a_tag_is_never_read() -> None:
    assert tell("Dr. [NAME-0a1b2c3d] saw MRN [RECORD-12345678].") == []


def test_a_long_text_is_read_to_its_end_whatever_stands_where_it_is_cut() -> None:
    filler = "The tablet was taken with water. " * 40
    assert tell("".join(f"{filler}{NOTE}\n" for _ in range(12))) == tell(NOTE) * 12


@given(st.text("ab. \n", max_size=3 * WINDOW))
def test_windows_tile_the_text_and_none_is_longer_than_it_may_be(text: str) -> None:
    windows = cut_windows(text)
    assert "".join(text[start:end] for start, end in windows) == text
    assert all(end - start <= WINDOW for start, end in windows)
    assert [start for start, _ in windows[1:]] == [end for _, end in windows[:-1]]


@pytest.mark.slow
def test_the_model_finds_people_whom_no_rule_sees_where_it_may_be_asked() -> None:
    text = "Yesterday Margaret went home with Elizabeth Thompson."
    assert "Elizabeth Thompson" in tell(text, is_read=True)
    assert "Margaret" not in tell(text)


@pytest.mark.slow
def test_a_card_is_known_by_its_check_digit() -> None:
    assert tell("Paid by 4111 1111 1111 1111 today") == ["4111 1111 1111 1111"]
    assert tell("Paid by 4111 1111 1111 1112 today") == []


@pytest.mark.slow
def test_several_processes_find_what_one_does() -> None:
    passages = [Passage(f"{NOTE} Note {number}, by Dr. Feld.", 2024) for number in range(230)]
    assert find_mentions(passages, 2) == find_mentions(passages, 1)


@pytest.mark.slow
def test_the_plain_way_knows_names_and_numbers_only() -> None:
    (mentions,) = find_plain_mentions([Passage(NOTE, 2024)])
    assert {one.kind for one in mentions} <= {MentionKind.NAME, MentionKind.EMAIL, MentionKind.PHONE, MentionKind.RECORD}
    assert "93" not in [NOTE[one.start : one.end] for one in mentions]
