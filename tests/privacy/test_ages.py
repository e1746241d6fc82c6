"""All ages over 89 are one class, however they are written; younger ones stay."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.privacy.ages import find_ages, generalise_age

YEAR = 2024


def values(text: str) -> list[str]:
    return [text[one.start : one.end] for one in find_ages(text, YEAR)]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a 93-year-old woman", "93"), ("aged 101,", "101"), ("94 yo M", "94"),
        ("94M with", "94"), ("age: 90", "90"), ("92 y/o", "92"),
        ("ninety-four-year-old", "ninety-four"), ("a hundred and two years old", "a hundred and two"),
        ("turned 95 in", "95"),
        ("her 100th birthday", "100"), ("in her late 90s", "90s"),
        ("in his nineties", "nineties"), ("a centenarian", "centenarian"),
        ("born in 1930", "1930"), ("born 97 years ago", "97"), ("ninetieth birthday", "ninetieth"),
    ],
)  # fmt: skip
def test_finds_an_age_over_89(text: str, value: str) -> None:
    assert values(text) == [value]


@given(st.integers(0, 89), st.sampled_from(["a {}-year-old man", "aged {}", "{} yo", "age: {}", "turned {} in"]))
def test_leaves_every_other_age(age: int, form: str) -> None:
    assert values(form.format(age)) == []


@pytest.mark.parametrize("text", ["SpO2 95%", "HR 92", "92 mg", "1990s", "90 days", "born in 1958", "weight 93 kg", "section 94"])
def test_takes_no_other_number_for_an_age(text: str) -> None:
    assert values(text) == []


@pytest.mark.parametrize("value", ["93", "ninety-four", "1930", "centenarian", "nineties", "90s", "ninetieth"])
def test_what_stands_for_an_age_does_not_tell_it(value: str) -> None:
    assert generalise_age(value, YEAR) != value
    assert generalise_age("93", YEAR) == generalise_age("104", YEAR) == "90+"
    assert generalise_age("1921", YEAR) == generalise_age("1930", YEAR) == "1934"
