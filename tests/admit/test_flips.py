"""A source whose labels contradict their texts more than they used to is seen; one whose labels always did is not blamed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.admit.flips import CONTRADICTED, Count, find_flips
from pipelines.admit.opinions import Opinion, Opinions
from pipelines.admit.params import Flips
from pipelines.domain.identities import SourceName
from tests.builders.labelled import build_labelled, claim_all

TWO = ("Class I", "Class II")


def build_opinions(rows: int, wrong: int, source: str = "folder", first: int = 0, *, sure: float = 0.99) -> Opinions:
    """Rows of Class I; of the first ``wrong`` the model is as sure that they are Class II."""
    revisions = [build_labelled(first + n, "Class I", source=SourceName(source)) for n in range(rows)]
    chances = np.array([[1 - sure, sure] if n < wrong else [sure, 1 - sure] for n in range(rows)])
    return Opinions(labels=TWO, claims=tuple(claim_all(revisions)), chances=chances)


def join(*parts: Opinions) -> Opinions:
    return Opinions(
        labels=TWO, claims=tuple(c for part in parts for c in part.claims), chances=np.vstack([part.chances for part in parts])
    )


def test_five_per_cent_of_flips_wait_and_nothing_else_does() -> None:
    drop = build_opinions(400, 20, first=10_000)
    rows, drops = find_flips(Opinion(known=build_opinions(1_000, 5), drop=drop), Flips())
    assert [row.row_id for row in rows] == [claim.digest for claim in drop.claims[:20]]
    assert {row.expectation for row in rows} == {CONTRADICTED}
    assert "20 of 400 rows of the source (5.0%)" in rows[0].observed
    assert drops == ()


def test_as_many_as_usual_are_let_in() -> None:
    known = build_opinions(1_000, 50)
    assert find_flips(Opinion(known=known, drop=build_opinions(400, 20, first=10_000)), Flips()) == ((), ())


def test_a_drop_of_mostly_flipped_labels_is_refused() -> None:
    opinion = Opinion(known=build_opinions(1_000, 5), drop=build_opinions(100, 60, first=10_000))
    (failure,) = find_flips(opinion, Flips())[1]
    assert failure.expectation == CONTRADICTED
    assert failure.observed == "60 of 100 rows of the source (60.0%)"
    assert find_flips(opinion, Flips(max_share=0.6))[1] == ()


def test_sources_are_judged_apart_each_by_its_own_history() -> None:
    """One source always errs; as many errors of the other one are news."""
    known = join(build_opinions(500, 100, "rough"), build_opinions(500, 0, "exact", first=1_000))
    drop = join(build_opinions(100, 20, "rough", first=5_000), build_opinions(100, 20, "exact", first=6_000))
    rows, _ = find_flips(Opinion(known=known, drop=drop), Flips())
    assert {row.row_id for row in rows} == {claim.digest for claim in drop.claims[100:120]}


def test_a_source_that_is_new_is_judged_by_all_others() -> None:
    drop = build_opinions(200, 20, "new", first=5_000)
    rows, _ = find_flips(Opinion(known=build_opinions(1_000, 5), drop=drop), Flips())
    assert len(rows) == 20


def test_small_doubts_are_no_contradiction() -> None:
    known = build_opinions(1_000, 0)
    doubted = build_opinions(200, 100, first=5_000, sure=0.8)
    assert find_flips(Opinion(known=known, drop=doubted), Flips(odds=5)) == ((), ())
    assert len(find_flips(Opinion(known=known, drop=doubted), Flips(odds=3))[0]) == 100


def test_too_few_rows_say_nothing() -> None:
    known = build_opinions(1_000, 0)
    for rows, count in ((49, 0), (50, 25)):
        drop = build_opinions(rows, rows // 2, first=5_000)
        assert len(find_flips(Opinion(known=known, drop=drop), Flips(max_share=1.0))[0]) == count


@settings(max_examples=50)
@given(st.integers(50, 2_000), st.floats(0.001, 0.2), st.integers(0, 2**31))
def test_chance_alone_is_seldom_taken_for_a_sign(rows: int, allowed: float, seed: int) -> None:
    drawn = np.random.default_rng(seed).binomial(rows, allowed, size=4_000)
    counts = {
        int(k): Count(contradicting=int(k), rows=rows, allowed=allowed, digests=()).is_unusual(Flips()) for k in np.unique(drawn)
    }
    assert np.mean([counts[int(k)] for k in drawn]) <= 0.05 + 4 * np.sqrt(0.05 / 4_000)


@pytest.mark.parametrize("wrong", [{"usual": 0}, {"odds": 1}, {"drift": 0.5}, {"level": 1}, {"max_share": 2}, {"least": 1}])
def test_refuses_limits_that_mean_nothing(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Flips(**wrong)
