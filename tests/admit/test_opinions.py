"""The model learns from the older history alone, and is asked about nothing that it has learned from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pipelines.admit.opinions import OLDER, Opinion, form_opinion
from pipelines.admit.params import PoisonParams
from pipelines.domain.identities import FamilyId, SourceName
from pipelines.domain.revisions import Revision
from tests.builders.labelled import build_history, build_labelled, claim_all, flip

FEW = PoisonParams(min_history=100, max_history=600)


def ask(history: tuple[Revision, ...], drop: list[Revision], params: PoisonParams = FEW) -> Opinion:
    opinion = form_opinion(claim_all(history), claim_all(drop), params)
    assert opinion is not None
    return opinion


def test_a_right_label_is_likely_and_a_flipped_one_is_contradicted() -> None:
    drop = [build_labelled(number) for number in range(1_000, 1_030)]
    opinion = ask(build_history(400), [*drop, *flip([replace(row, document_id=f"{row.document_id} flipped") for row in drop])])
    assert (opinion.drop.own[:30] > 0.5).all()
    assert (opinion.drop.contradictions[:30] == 0).all()
    assert (opinion.drop.contradictions[30:] > 1).all()
    assert np.allclose(opinion.drop.chances.sum(axis=1), 1)


def test_the_newer_history_is_asked_about_and_not_learned_from() -> None:
    history = build_history(400)
    border = round(OLDER * len(history))
    known = ask(history, [build_labelled(999)]).known
    assert [claim.digest for claim in known.claims] == [row.digest for row in history[border:]]
    # what is asked about teaches nothing: with its labels flipped the model is as it was, and contradicts all of them
    flipped = ask((*history[:border], *flip(history[border:])), [build_labelled(999)]).known
    assert np.array_equal(flipped.chances, known.chances)
    assert (flipped.contradictions > 0).all()


def test_a_family_that_was_learned_from_is_not_asked_about() -> None:
    history = build_history(400)
    same = tuple(replace(row, family_id=FamilyId("event 0")) for row in history[-10:])
    known = ask((*history[:-10], *same), [build_labelled(999)]).known
    assert len(known.claims) == 90


def test_the_newest_rows_count_equally_many_of_each_source() -> None:
    other = tuple(replace(row, source=SourceName("other")) for row in build_history(300, first=5_000))
    known = ask((*build_history(900), *other), [build_labelled(999)]).known
    assert [sum(claim.source == source for claim in known.claims) for source in ("folder", "other")] == [75, 75]
    assert known.claims[0].text == build_labelled(825).text


def test_a_label_that_the_model_does_not_know_is_not_asked_about() -> None:
    history = tuple(row for row in build_history(600) if row.labels != ("Class III",))
    drop = ask(history, [build_labelled(0), build_labelled(1), build_labelled(2)]).drop
    assert [claim.label for claim in drop.claims] == ["Class I", "Class II"]


def test_too_short_a_history_or_one_label_forms_no_opinion() -> None:
    drop = claim_all([build_labelled(999)])
    assert form_opinion(claim_all(build_history(99)), drop, FEW) is None
    assert form_opinion(claim_all([row for row in build_history(600) if row.labels == ("Class I",)]), drop, FEW) is None


def test_the_same_history_gives_the_same_opinion() -> None:
    history, drop = build_history(400), [build_labelled(999)]
    assert np.array_equal(ask(history, drop).known.chances, ask(history, drop).known.chances)
