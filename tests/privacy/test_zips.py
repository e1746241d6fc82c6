"""Three digits of a ZIP code stay, where enough people live."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.privacy.zips import CENSUS_2000, SPARSE, generalise_zip


@given(st.from_regex(r"\A[0-9]{5}(-[0-9]{4})?\Z"))
def test_the_last_two_digits_never_stay(code: str) -> None:
    assert generalise_zip(code) == (f"{code[:3]}**" if code[:3] not in SPARSE else "000**")


@pytest.mark.parametrize("area", CENSUS_2000)
def test_areas_of_few_people_are_told_apart_by_nothing(area: str) -> None:
    assert generalise_zip(f"{area}01") == "000**"


def test_the_guidance_lists_seventeen() -> None:
    assert len(set(CENSUS_2000)) == 17
