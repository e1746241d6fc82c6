"""Who may approve is told by name and key, and nobody is two people or half of one."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.promote.approvers import Approver, find_approver, find_repeated, identify_key, is_same_person

KEY, OTHER = base64.b64encode(b"k" * 32).decode(), base64.b64encode(b"o" * 32).decode()


@given(st.binary(min_size=32, max_size=32))
def test_any_32_bytes_in_base64_are_a_key(raw: bytes) -> None:
    assert Approver(name="R. Okafor", key=base64.b64encode(raw).decode()).name == "R. Okafor"


@pytest.mark.parametrize("key", ["", "not base64!", base64.b64encode(b"short").decode(), base64.b64encode(b"x" * 33).decode()])
def test_anything_else_is_refused_and_says_how_to_make_one(key: str) -> None:
    with pytest.raises(ValidationError, match="addendum key new"):
        Approver(name="R. Okafor", key=key)


@pytest.mark.parametrize("other", ["r. okafor", "R.  OKAFOR ", "\uff32. Okafor"])
def test_a_name_is_the_same_whatever_its_case_spacing_and_width(other: str) -> None:
    assert is_same_person("R. Okafor", other)
    assert find_approver([Approver(name="R. Okafor", key=KEY)], other) is not None


def test_two_names_are_two_people() -> None:
    assert not is_same_person("R. Okafor", "R. Okafur")
    assert find_approver([Approver(name="R. Okafor", key=KEY)], "R. Okafur") is None


def test_who_is_listed_twice_or_shares_a_key_is_named() -> None:
    first = Approver(name="R. Okafor", key=KEY)
    assert find_repeated([first, Approver(name="A. Lindqvist", key=OTHER)]) is None
    assert find_repeated([first, Approver(name="r. okafor", key=OTHER)]) == "r. okafor"
    assert find_repeated([first, Approver(name="A. Lindqvist", key=KEY)]) == "A. Lindqvist"


def test_a_keys_name_is_short_and_its_own() -> None:
    assert len(identify_key(KEY)) == 16
    assert identify_key(KEY) != identify_key(OTHER)
