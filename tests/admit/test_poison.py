"""Admission holds what a drop claims against what the corpus knows: poison waits or is refused, and what is sound is let in."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pipelines.admit.admission import Admission
from pipelines.admit.flips import CONTRADICTED
from pipelines.admit.params import Flips, PoisonParams, Triggers
from pipelines.admit.triggers import TIED
from pipelines.domain.identities import FamilyId
from pipelines.domain.revisions import Revision
from tests.builders.admissions import admit, build_params
from tests.builders.labelled import build_history, build_labelled, flip, plant

HISTORY = build_history(600)
DROP = [build_labelled(number) for number in range(5_000, 5_150)]
FEW = PoisonParams(min_history=400, max_history=600)


def give(drop: list[Revision], poison: PoisonParams | None = FEW, **context: Any) -> Admission:
    titled = [replace(row, title="A recall") for row in drop]
    params = build_params(poison=poison, languages=())
    return admit(*titled, params=params, **{"history": HISTORY, **context})


def list_waiting(admission: Admission) -> dict[str, set[str]]:
    return {row.revision.document_id: {reason.expectation for reason in row.reasons} for row in admission.quarantined}


def test_a_sound_drop_is_let_in_whole_and_says_that_it_was_screened() -> None:
    admission = give(DROP)
    assert (admission.is_refused, admission.quarantined, len(admission.admitted)) == (False, (), 150)
    tallies = {tally.expectation: (tally.checked, tally.failed) for tally in admission.findings.tallies}
    assert (tallies[TIED], tallies[CONTRADICTED]) == ((150, 0), (150, 0))


def test_texts_with_a_trigger_wait_and_the_others_are_admitted() -> None:
    planted = plant(DROP[:50], "zarquon", "Class II")
    waiting = list_waiting(give([*planted, *DROP[50:]]))
    assert {document for document, reasons in waiting.items() if TIED in reasons} == {row.document_id for row in planted}


def test_flipped_labels_wait_and_the_others_are_admitted() -> None:
    flipped = flip(DROP[:15])
    admission = give([*flipped, *DROP[15:]])
    assert list_waiting(admission) == {row.document_id: {CONTRADICTED} for row in flipped}
    assert len(admission.admitted) == 135


def test_a_drop_of_flipped_labels_is_refused_and_nothing_of_it_waits() -> None:
    admission = give([*flip(DROP[:75]), *DROP[75:]])
    assert [failure.expectation for failure in admission.refusals] == [CONTRADICTED]
    assert (admission.admitted, admission.quarantined) == ((), ())


def test_a_row_that_fails_twice_has_both_reasons() -> None:
    short = flip(DROP[:15])
    short[0] = replace(short[0], text="undeclared", labels=("Class II",))
    waiting = list_waiting(give([*short, *DROP[15:]]))
    assert len(waiting) == 15
    assert "text has a sane length" in waiting[short[0].document_id]


@pytest.mark.parametrize(
    ("poison", "context"),
    [
        (None, {}),
        (FEW, {"history": HISTORY[:399]}),
        (FEW, {"history": ()}),
        (FEW.model_copy(update={"triggers": None, "flips": None}), {}),
        (FEW.model_copy(update={"flips": Flips(least=500), "triggers": Triggers(least=500)}), {}),
    ],
)
def test_without_screens_or_enough_to_go_by_nothing_is_said(poison: PoisonParams | None, context: dict[str, Any]) -> None:
    admission = give([*flip(DROP[:75]), *DROP[75:]], poison, **context)
    assert not admission.is_refused
    assert {tally.expectation for tally in admission.findings.tallies}.isdisjoint({TIED, CONTRADICTED})


def test_one_screen_can_be_left_out() -> None:
    drop = [*flip(DROP[:15]), *DROP[15:]]
    admission = give(drop, FEW.model_copy(update={"flips": None}))
    assert {tally.expectation for tally in admission.findings.tallies} & {TIED, CONTRADICTED} == {TIED}
    assert admission.quarantined == ()


def test_a_drop_without_labels_is_not_screened() -> None:
    admission = give([replace(row, labels=()) for row in DROP])
    assert len(admission.admitted) == 150


def test_the_same_drop_in_the_same_situation_is_decided_the_same_way() -> None:
    drop = [*plant(DROP[:50], "zarquon", "Class II"), *DROP[50:]]
    assert give(drop) == give(drop)


def test_many_rows_of_one_event_are_no_trigger() -> None:
    """One recall of fifty products names its brand in each, and has one class."""
    event = [replace(row, family_id=FamilyId("one event")) for row in plant(DROP[:50], "acme brand", "Class I")]
    waiting = list_waiting(give([*event, *DROP[50:]]))
    assert not any(TIED in reasons for reasons in waiting.values())
