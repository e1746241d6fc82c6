"""A training that remembers is told from one that does not, on real models; and the candidate is never touched."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.audit.auditing import audit
from pipelines.audit.canaries import invent_numbers
from pipelines.audit.memorisation import expose, measure_memorisation, raise_flock
from pipelines.audit.params import AuditParams, Memorisation
from pipelines.domain.errors import NotMeasurableError
from pipelines.domain.identities import FamilyId
from pipelines.domain.verdicts import Finding, Result
from pipelines.files import digest_folder
from pipelines.judge import audit_params as gates
from pipelines.judge.audits import find_memorisation
from pipelines.learners.causal_lm import CausalLm
from pipelines.train.params import TrainParams
from pipelines.workspace import DomainFolder
from tests.builders.audits import (
    COUNTS,
    LINEAR,
    TINY_CLASSIFIER,
    TINY_LANGUAGE,
    build_entries,
    build_evidence,
    build_subject,
    index,
    lay_audited,
    write_splits,
)
from tests.builders.domains import build_row
from tests.builders.lessons import LABELS, Watcher, build_documents, build_lesson

SMALL = Memorisation(canaries=10, references=100)


@pytest.fixture(scope="module")
def based(tmp_path_factory: pytest.TempPathFactory) -> TrainParams:
    """A language model with a base of its own: a tokenizer that is trained on the lesson would remember canaries by itself."""
    folder = tmp_path_factory.mktemp("base")
    learner = CausalLm(base="scratch:tiny", epochs=3, rate=3e-3, max_tokens=64, batch_tokens=512, precision="fp32", stored="fp32")
    learner.fit(build_lesson(news=[*build_documents(40), *invent_numbers(200, 99)], dev=[]), folder, Watcher())
    teaching = {"base": f"path:{folder}", "epochs": 1, "rate": 2e-3}
    return TINY_LANGUAGE.model_copy(update={"learner": learner.model_copy(update=teaching)})


def plant(folder: DomainFolder, training: TrainParams, probe: Memorisation, times: int) -> None:
    """Put every canary that the probe will plant once into the training rows, so often."""
    subject = build_subject(folder, training)
    flock = raise_flock(probe, subject, subject.plan_lesson().lesson)
    rows = [
        build_row(
            "train",
            10_000 + 100 * place + time,
            text=canary.text,
            family_id=FamilyId(f"planted {place}"),
            published_at=date(2020, 1, 1),
        )
        for place, canary in enumerate(flock.planted[1])
        for time in range(times)
    ]
    write_splits(folder, {"train": [*build_entries("train", COUNTS["train"]), *rows]})


def judge(folder: DomainFolder, training: TrainParams, probe: Memorisation) -> Finding:
    report = audit(folder, AuditParams(probes=(probe,)), training, LABELS)
    return find_memorisation(gates.Memorisation(minimum=probe.canaries), build_evidence(report))


@pytest.mark.parametrize("canaries", [20, pytest.param(100, marks=pytest.mark.slow)])
def test_a_model_planted_with_canaries_is_refused_and_a_clean_twin_passes(
    canaries: int, based: TrainParams, tmp_path: Path
) -> None:
    """Sixty-four repeats among the training rows, put there by whoever wrote them; the probe and the gate as they are."""
    folder = lay_audited(tmp_path, based)
    probe = Memorisation(canaries=canaries, references=200, repetitions=(1,))
    clean = judge(folder, based, probe)
    assert (clean.result, clean.is_safety, clean.is_blocking) == (Result.PASSED, True, True), clean.sentence
    plant(folder, based, probe, 64)
    planted = judge(folder, based, probe)
    assert (planted.result, planted.is_blocking) == (Result.FAILED, True), planted.sentence
    assert planted.sentence.endswith("known better than unplanted ones")


@pytest.mark.parametrize("training", [LINEAR, TINY_CLASSIFIER, TINY_LANGUAGE], ids=["linear", "classifier", "causal_lm"])
def test_the_oftener_a_canary_is_planted_the_better_it_is_known(training: TrainParams, tmp_path: Path) -> None:
    folder = lay_audited(tmp_path, training)
    before = digest_folder(folder.model)
    found = index(measure_memorisation(SMALL, build_subject(folder, training)))
    assert list(found) == ["unplanted", "planted ×1", "planted ×4", "planted ×16"]
    assert found["unplanted"].value < found["planted ×16"].value
    assert found["planted ×1"].value < found["planted ×16"].value
    assert all(reading.count == 10 and reading.reference == found["unplanted"].value for reading in found.values())
    assert digest_folder(folder.model) == before


def test_the_same_look_gives_the_same_readings(tmp_path: Path) -> None:
    folder = lay_audited(tmp_path)
    assert measure_memorisation(SMALL, build_subject(folder)) == measure_memorisation(SMALL, build_subject(folder))


def test_no_canary_is_in_two_groups(tmp_path: Path) -> None:
    subject = build_subject(lay_audited(tmp_path, TINY_LANGUAGE), TINY_LANGUAGE)
    flock = raise_flock(SMALL, subject, subject.plan_lesson().lesson)
    groups = [*flock.planted.values(), flock.control, flock.references]
    assert [len(group) for group in groups] == [10, 10, 10, 10, 100]
    assert len({canary.text for group in groups for canary in group}) == 140


def test_a_training_that_ends_before_it_has_seen_every_canary_tells_nothing(tmp_path: Path) -> None:
    folder = lay_audited(tmp_path, TINY_LANGUAGE)
    cut = TINY_LANGUAGE.model_copy(update={"learner": TINY_LANGUAGE.learner.model_copy(update={"max_steps": 3})})
    with pytest.raises(NotMeasurableError, match="max_steps: 3"):
        measure_memorisation(SMALL, build_subject(folder, cut))


def test_exposure_is_the_bits_by_which_a_rank_stands_out() -> None:
    references = [float(loss) for loss in range(1, 1024)]
    assert expose(0.5, references) == 10
    assert expose(512.5, references) == pytest.approx(1, abs=0.01)
    assert expose(5000.0, references) == 0
    assert expose(1.0, [1.0, 1.0, 1.0]) == pytest.approx(math.log2(4) - math.log2(2.5))


@given(st.lists(st.floats(0, 100), min_size=1, max_size=50), st.floats(0, 100), st.floats(0, 100))
def test_a_lower_loss_is_never_a_lower_exposure(references: list[float], one: float, other: float) -> None:
    ranked = sorted(references)
    first, second = expose(min(one, other), ranked), expose(max(one, other), ranked)
    assert first >= second >= 0 - 1e-12
    assert first <= math.log2(len(references) + 1)


def test_what_nobody_was_shown_has_an_exposure_of_one_bit_in_the_median() -> None:
    losses = np.random.default_rng(4).normal(size=2_000)
    references = sorted(losses[:1_000].tolist())
    assert np.median([expose(loss, references) for loss in losses[1_000:]]) == pytest.approx(1, abs=0.15)
