"""A family's split depends on nothing but the key, the family and the shares."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipelines.domain.identities import FamilyId
from pipelines.split.assignments import SplitName, assign_family
from pipelines.split.params import Shares, SplitParams

KNOWN = ["train", "holdout", "holdout", "holdout"]
FAMILIES = [FamilyId(f"family {number}") for number in range(20_000)]


@given(st.text(min_size=1), st.text())
def test_the_same_family_is_always_in_the_same_split(key: str, family: str) -> None:
    assert assign_family(key, FamilyId(family), Shares()) is assign_family(key, FamilyId(family), Shares())


def test_known_families_stay_where_they_are_for_ever() -> None:
    assigned = [assign_family("clinical", FamilyId(family), Shares()).value for family in ("NCT04280705", "1026.4", "", "é")]
    assert assigned == KNOWN


def test_shares_are_approached() -> None:
    counts = Counter(assign_family("key", family, Shares()) for family in FAMILIES)
    for name, share in ((SplitName.TRAIN, 0.7), (SplitName.DEV, 0.1), (SplitName.HOLDOUT, 0.1), (SplitName.ANCHOR, 0.1)):
        assert abs(counts[name] / len(FAMILIES) - share) < 0.01


def test_another_key_gives_an_unrelated_split() -> None:
    first = [assign_family("a", family, Shares()) is SplitName.HOLDOUT for family in FAMILIES]
    second = [assign_family("b", family, Shares()) is SplitName.HOLDOUT for family in FAMILIES]
    both = sum(one and other for one, other in zip(first, second, strict=True))
    assert abs(both / len(FAMILIES) - 0.01) < 0.005


def test_a_split_without_a_share_gets_nobody() -> None:
    shares = Shares(train=0.8, dev=0.2, holdout=0.0, anchor=0.0)
    assert {assign_family("key", family, shares) for family in FAMILIES} == {SplitName.TRAIN, SplitName.DEV}


@given(st.floats(0.1, 0.8), st.text(min_size=1))
def test_a_larger_train_share_takes_families_in_and_gives_none_up(train: float, family: str) -> None:
    rest = (1 - train) / 3
    smaller = Shares(train=train, dev=rest, holdout=rest, anchor=1 - train - 2 * rest)
    larger = Shares(train=train + 0.1, dev=1 - train - 0.1, holdout=0, anchor=0)
    assume(assign_family("key", FamilyId(family), smaller) is SplitName.TRAIN)
    assert assign_family("key", FamilyId(family), larger) is SplitName.TRAIN


def test_refuses_shares_that_do_not_add_up() -> None:
    with pytest.raises(ValidationError, match="must add up to 1"):
        Shares(train=0.7, dev=0.1, holdout=0.1, anchor=0.2)


def test_refuses_to_go_without_a_key() -> None:
    with pytest.raises(ValidationError):
        SplitParams.model_validate({})
    with pytest.raises(ValidationError):
        SplitParams(key="")
