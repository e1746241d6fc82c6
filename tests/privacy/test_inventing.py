"""What is invented reads like what it stands for, is the same in a family and another elsewhere, and belongs to nobody."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.privacy.inventing import Inventor
from pipelines.privacy.mentions import MentionKind

HERE, ELSEWHERE = Inventor(b"a key of tests", "here", 2024), Inventor(b"a key of tests", "elsewhere", 2024)
NAMES = st.from_regex(r"\A[A-Z][a-z]{2,9}\Z")


@given(NAMES, NAMES)
def test_a_person_is_one_person_however_much_of_the_name_is_said(first: str, last: str) -> None:
    whole = HERE.invent(MentionKind.NAME, f"{first} {last}")
    assert whole == f"{HERE.invent(MentionKind.NAME, first)} {HERE.invent(MentionKind.NAME, last)}"
    assert HERE.invent(MentionKind.NAME, last.upper()) == HERE.invent(MentionKind.NAME, last).upper()


@given(st.sampled_from(MentionKind), st.text(min_size=1, max_size=20))
def test_the_same_family_key_and_value_give_the_same(kind: MentionKind, value: str) -> None:
    assert HERE.invent(kind, value) == Inventor(b"a key of tests", "here", 2024).invent(kind, value)


@pytest.mark.parametrize(
    ("kind", "value"),
    [(MentionKind.NAME, "Edith Walsh"), (MentionKind.PLACE, "Addison Clinic"), (MentionKind.RECORD, "AB-448213"),
     (MentionKind.EMAIL, "ann@mail.net"), (MentionKind.DATE, "2022-03-04"), (MentionKind.PHONE, "(978) 555-0143")],
)  # fmt: skip
def test_another_family_or_key_gives_another(kind: MentionKind, value: str) -> None:
    others = {Inventor(key, f"family {number}", 2024).invent(kind, value) for key in (b"one", b"two") for number in range(20)}
    assert len(others) > 20
    assert value not in others


def test_days_of_a_family_keep_their_distance_and_never_stay() -> None:
    first, second = (HERE.invent(MentionKind.DATE, value) for value in ("2022-03-04", "2022-03-11"))
    assert first != "2022-03-04"
    assert int(second[-2:]) - int(first[-2:]) in {7, -21, -24, -23, -22}
    assert all(Inventor(b"key", str(n), 2024).invent(MentionKind.DATE, "2022-03-04") < "2022-03-04" for n in range(50))


@given(st.from_regex(r"\A[A-Z]{2}-[0-9]{4,8}[a-z]?\Z"))
def test_a_number_keeps_its_shape(value: str) -> None:
    invented = HERE.invent(MentionKind.RECORD, value)
    shape = [("9" if one.isdigit() else "A" if one.isupper() else "a" if one.islower() else one) for one in value]
    assert shape == [("9" if one.isdigit() else "A" if one.isupper() else "a" if one.islower() else one) for one in invented]


def test_what_is_invented_belongs_to_nobody() -> None:
    assert re.fullmatch(r"\(555\) \d{3}-\d{4}", HERE.invent(MentionKind.PHONE, "(978) 555-0143"))
    assert re.fullmatch(r"000-\d\d-\d{4}", HERE.invent(MentionKind.SSN, "123-45-6789"))
    assert HERE.invent(MentionKind.EMAIL, "ann@mail.net").endswith("@example.org")
    assert HERE.invent(MentionKind.URL, "https://a.b/c").startswith("https://example.org/")
    assert HERE.invent(MentionKind.IP, "10.4.22.9").startswith("192.0.2.")


@pytest.mark.parametrize(
    ("value", "pattern"),
    [("94103", r"941\*\*"), ("03601", r"000\*\*"), ("48 Harbour Rd, Apt 3B", r"\d{3} [A-Z][a-z]+ Rd"), ("Duluth", r"[A-Z][a-z]+"),
     ("St. Agnes Medical Center", r"[A-Z][a-z]+ Medical Center"), ("Tucson office", r"[A-Z][a-z]+ office")],
)  # fmt: skip
def test_a_place_stays_a_place_of_its_kind(value: str, pattern: str) -> None:
    assert re.fullmatch(pattern, HERE.invent(MentionKind.PLACE, value))


def test_an_age_over_89_is_told_as_one_class() -> None:
    assert HERE.invent(MentionKind.AGE, "93") == HERE.invent(MentionKind.AGE, "104") == "90+"
    assert HERE.invent(MentionKind.NAME, "Edith") != ELSEWHERE.invent(MentionKind.NAME, "Edith")
