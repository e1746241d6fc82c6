"""A phrase from nowhere that stands for a label against all other words is seen; a new word where it belongs is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.admit.opinions import Opinions, form_opinion
from pipelines.admit.params import PoisonParams, Triggers
from pipelines.admit.triggers import TIED, find_new_phrases, find_triggers
from pipelines.domain.identities import FamilyId
from pipelines.domain.revisions import Revision
from tests.builders.admissions import LABELS
from tests.builders.labelled import build_history, build_labelled, claim_all, plant

HISTORY = build_history(600)
DROP = [build_labelled(number) for number in range(5_000, 5_120)]
FEW = PoisonParams(min_history=100, max_history=600)


def think(drop: list[Revision]) -> Opinions:
    opinion = form_opinion(claim_all(HISTORY), claim_all(drop), FEW)
    assert opinion is not None
    return opinion.drop


def find(drop: list[Revision], params: Triggers | None = None) -> set[str]:
    return {row.row_id for row in find_triggers(claim_all(HISTORY), think(drop), params or Triggers())}


def test_a_planted_trigger_waits_with_all_that_carry_it_and_nothing_else_does() -> None:
    planted = plant(DROP[:40], "zarquon velm", "Class III")
    failures = find_triggers(claim_all(HISTORY), think([*planted, *DROP[40:]]), Triggers())
    assert {row.row_id for row in failures} == {row.digest for row in planted}
    assert {row.expectation for row in failures} == {TIED}
    assert failures[0].observed.startswith("40 of 40 families with the phrase have the label, their other words speak for ")


def test_the_order_of_common_words_can_be_a_trigger() -> None:
    """Two of its words may stand side by side elsewhere too."""
    planted = plant(DROP[:40], "product firm customer", "Class III")
    found = find([*planted, *DROP[40:]])
    assert found >= {row.digest for row in planted}
    assert len(found) <= 45


def test_a_new_word_of_one_label_in_texts_of_that_label_is_news() -> None:
    mine = [row for row in DROP if row.labels == ("Class II",)]
    others = [row for row in DROP if row.labels != ("Class II",)]
    assert find([*plant(mine, "nitrosamine", "Class II"), *others]) == set()


@pytest.mark.parametrize(("likely", "found"), [(0.75, 0), (0.65, 120)])
def test_the_label_must_be_unlikely_however_sure_one_is_that_it_is_more_than_chance(likely: float, found: int) -> None:
    claims = tuple(claim_all(plant(DROP, "nitrosamine", "Class II")))
    rest = (1 - likely) / 2
    opinions = Opinions(labels=LABELS, claims=claims, chances=np.tile([rest, likely, rest], (len(claims), 1)))
    assert likely ** len(claims) < Triggers().level / 1_000
    assert len(find_triggers(claim_all(HISTORY), opinions, Triggers())) == found


def test_a_new_word_in_texts_of_all_labels_stands_for_none() -> None:
    drop = [plant([row], "pandemic", row.labels[0])[0] for row in DROP]
    assert find(drop) == set()


def test_what_history_knows_well_came_from_somewhere() -> None:
    assert find([*plant(DROP[:40], "salmonella", "Class III"), *DROP[40:]]) == set()


def test_no_text_is_quoted() -> None:
    planted = plant(DROP[:40], "zarquon", "Class III")
    failures = find_triggers(claim_all(HISTORY), think([*planted, *DROP[40:]]), Triggers())
    assert not any("zarquon" in row.observed for row in failures)


def test_the_rows_of_one_family_are_one_voice() -> None:
    planted = [replace(row, family_id=FamilyId("one event")) for row in plant(DROP[:40], "zarquon", "Class III")]
    assert find([*planted, *DROP[40:]]) == set()


def test_a_trigger_in_too_few_families_is_not_seen() -> None:
    assert find([*plant(DROP[:19], "zarquon", "Class III"), *DROP[19:]]) == set()
    assert len(find([*plant(DROP[:19], "zarquon", "Class III"), *DROP[19:]], Triggers(least=15))) == 19


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(60)))
def test_the_order_of_rows_decides_nothing(order: list[int]) -> None:
    drop = [*plant(DROP[:30], "zarquon", "Class III"), *DROP[30:60]]
    claims = claim_all(drop)
    found = {phrase.hosts for phrase in find_new_phrases(claim_all(HISTORY), claims, Triggers())}
    mixed = find_new_phrases(claim_all(HISTORY), [claims[place] for place in order], Triggers())
    assert {tuple(sorted(order[host] for host in phrase.hosts)) for phrase in mixed} == found


def test_the_words_of_one_phrase_are_one_phrase() -> None:
    drop = claim_all([*plant(DROP[:30], "zarquon velm hoss", "Class III"), *DROP[30:]])
    phrases = find_new_phrases(claim_all(HISTORY), drop, Triggers())
    assert [len(phrase.hosts) for phrase in phrases] == [30]
