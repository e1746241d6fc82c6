"""Candidate and champion are asked about the same changed rows; gains, losses and errors are those of plain arithmetic."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from pipelines.audit.params import Robustness
from pipelines.audit.perturbations import Perturbation
from pipelines.audit.robustness import Answers, Witness, compare_answers, compare_bits, judge_answers, measure_robustness
from pipelines.domain.audits import Reading
from pipelines.domain.errors import NotMeasurableError
from pipelines.domain.identities import Digest
from pipelines.learners.protocols import Document, Prediction
from pipelines.train.params import TrainParams
from pipelines.workspace import DomainFolder
from tests.builders.audits import LINEAR, TINY_CLASSIFIER, TINY_LANGUAGE, build_subject, index, lay_audited, succeed
from tests.builders.domains import write_split

LEARNERS = {"linear": LINEAR, "classifier": TINY_CLASSIFIER, "causal_lm": TINY_LANGUAGE}


def build_predictions(losses: Sequence[float], labels: Sequence[str] = (), size: int = 10) -> list[Prediction]:
    return [
        Prediction(
            row_id=Digest(str(place)),
            predicted=labels[place] if labels else "",
            loss=loss,
            size=size + place,
            confidence=0.9 if labels else None,
        )
        for place, loss in enumerate(losses)
    ]


def measure(folder: DomainFolder, training: TrainParams, **probe: object) -> tuple[Reading, ...]:
    return measure_robustness(Robustness.model_validate(probe), build_subject(folder, training))


@pytest.fixture(scope="module", params=list(LEARNERS))
def audited(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[DomainFolder, TrainParams]:
    training = LEARNERS[request.param]
    folder = lay_audited(tmp_path_factory.mktemp("audited"), training)
    succeed(folder, training)
    return folder, training


def test_every_kind_is_measured_beside_the_champion_on_real_models(audited: tuple[DomainFolder, TrainParams]) -> None:
    folder, training = audited
    found = index(measure(folder, training))
    assert len(found) == 15
    for kind in Perturbation:
        assert found[kind].count == 40
        assert found[kind].reference is not None
        if f"{kind} gains" in found:
            difference = (found[f"{kind} gains"].value - found[f"{kind} losses"].value) / 40
            assert found[kind].value - found[kind].reference == pytest.approx(difference)
        else:
            assert training is TINY_LANGUAGE
            assert found[f"{kind} difference"].value == pytest.approx(found[kind].reference - found[kind].value)
            assert found[f"{kind} error"].value > 0


def test_the_same_look_gives_the_same_readings(audited: tuple[DomainFolder, TrainParams]) -> None:
    folder, training = audited
    kinds = ["typos", "case"]
    assert measure(folder, training, rows=9, kinds=kinds) == measure(folder, training, rows=9, kinds=kinds)
    assert {reading.count for reading in measure(folder, training, rows=9, kinds=kinds)} == {9}


@pytest.mark.parametrize("name", ["linear", "causal_lm"])
def test_without_a_champion_a_models_own_value_stands_beside_it(name: str, tmp_path: Path) -> None:
    folder = lay_audited(tmp_path, LEARNERS[name])
    found = index(measure(folder, LEARNERS[name]))
    assert list(found) == list(Perturbation)
    assert all((found[kind].reference is not None) == (kind not in ("numbers", "negation")) for kind in found)


def test_a_kind_that_finds_nothing_to_change_says_so_and_no_rows_at_all_are_no_measurement(tmp_path: Path) -> None:
    from tests.builders.domains import build_row

    folder = lay_audited(tmp_path)
    write_split(folder, "holdout", [build_row("holdout", number, text="tablets meeting") for number in range(4)])
    found = index(measure(folder, LINEAR))
    assert (found["dates"].count, found["negation"].count, found["typos"].count) == (0, 0, 2)
    write_split(folder, "holdout", [])
    with pytest.raises(NotMeasurableError, match="no row to change"):
        measure(folder, LINEAR)


def test_gains_and_losses_are_rows_on_which_only_one_does_well() -> None:
    share, gains, losses = compare_answers("typos", [True, True, True, False], [True, False, False, True])
    assert (share.value, share.reference, share.count) == (0.75, 0.5, 4)
    assert (gains.value, losses.value) == (2.0, 1.0)


def test_a_classifier_must_be_right_where_the_label_stays_and_steady_where_it_may_not() -> None:
    answers = Answers(build_predictions([1, 1, 1], ["a", "b", "b"]), build_predictions([1, 1, 1], ["a", "b", "a"]))
    assert judge_answers(Perturbation.TYPOS, answers, ["a", "a", "a"]) == [True, False, True]
    assert judge_answers(Perturbation.NEGATION, answers, ["a", "a", "a"]) == [True, True, False]


def test_a_language_model_must_find_the_true_text_likelier() -> None:
    answers = Answers(build_predictions([1.0, 3.0, 2.0]), build_predictions([2.0, 2.0, 2.0]))
    assert judge_answers(Perturbation.NUMBERS, answers, ["", "", ""]) == [True, False, False]


def test_bits_a_byte_are_those_of_all_rows_together_and_their_error_that_of_resampled_rows() -> None:
    generator = np.random.default_rng(5)
    hard = generator.gamma(4.0, 5.0, size=400)
    mine, theirs = (build_predictions((hard + generator.normal(shift, 2.0, size=400)).tolist()) for shift in (20.0, 21.0))
    whole, difference, error = compare_bits("typos", mine, theirs)
    sizes = sum(found.size for found in mine)
    assert whole.value == pytest.approx(sum(found.loss for found in mine) / math.log(2) / sizes)
    assert difference.value == pytest.approx((whole.reference or 0) - whole.value)
    drawn = []
    for _ in range(800):
        places = generator.integers(0, 400, size=400)
        bytes_drawn = sum(mine[place].size for place in places)
        drawn.append(sum(theirs[place].loss - mine[place].loss for place in places) / math.log(2) / bytes_drawn)
    assert error.value == pytest.approx(np.std(drawn), rel=0.15)


def test_a_model_compared_with_itself_differs_in_nothing() -> None:
    same = build_predictions([1.0, 2.0, 3.0])
    _, difference, error = compare_bits("case", same, same)
    assert (difference.value, error.value) == (0.0, 0.0)


def test_a_row_is_read_unchanged_once_however_many_changes_it_goes_through() -> None:
    asked: list[str] = []

    class Counting:
        def predict(self, documents: Sequence[Document]) -> list[Prediction]:
            asked.extend(document.text for document in documents)
            return [Prediction(row_id=one.row_id, predicted="a", loss=1.0, size=1, confidence=1.0) for one in documents]

        def prefer(self, pairs: object) -> None: ...

        def complete(self, prompts: object, tokens: object) -> None: ...

    rows = [Document(row_id=Digest("1"), text="clean", label="a")]
    witness = Witness(Counting(), rows)
    for text in ("once", "twice"):
        witness.answer([(rows[0], Document(row_id=Digest("1"), text=text))])
    assert asked == ["clean", "once", "twice"]
