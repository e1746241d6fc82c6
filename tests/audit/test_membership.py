"""The attack finds members of a model that overfits, finds none by chance, and takes no more of the others than it may."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.audit.membership import measure_membership, set_threshold
from pipelines.audit.params import Membership
from pipelines.domain.errors import NotMeasurableError
from pipelines.learners.causal_lm import CausalLm
from pipelines.train.params import TrainParams
from pipelines.train.training import train
from tests.builders.audits import LINEAR, TINY_LANGUAGE, build_babble, build_subject, index, lay_audited, succeed, write_splits
from tests.builders.lessons import LABELS, Watcher

PROBE = Membership()


def test_a_model_that_learned_its_rows_by_heart_gives_them_away(tmp_path: Path) -> None:
    learner = CausalLm(base="scratch:tiny", epochs=40, rate=5e-3, batch_tokens=512, max_tokens=48, precision="fp32")
    training = TINY_LANGUAGE.model_copy(update={"learner": learner})
    folder = lay_audited(tmp_path)
    write_splits(folder, {name: build_babble(name, 12) for name in ("train", "dev", "holdout")})
    train(folder, training, LABELS, None, Watcher())
    subject = build_subject(folder, training)
    found = index(measure_membership(PROBE, subject))
    assert found["members found"].value > 0.5
    assert found["kept back"].value == 0
    assert found["members found"].lower is not None
    assert found["kept back"].upper is not None
    assert found["members found"].lower > found["kept back"].upper


@pytest.mark.parametrize("training", [LINEAR, TINY_LANGUAGE], ids=["linear", "causal_lm"])
def test_only_what_arrived_since_the_champions_cut_off_is_asked_about(training: TrainParams, tmp_path: Path) -> None:
    folder = lay_audited(tmp_path, training)
    succeed(folder, training, news=7)
    found = index(measure_membership(PROBE, build_subject(folder, training)))
    assert (found["members found"].count, found["kept back"].count) == (7, 14)


def test_no_news_is_no_measurement(tmp_path: Path) -> None:
    folder = lay_audited(tmp_path)
    succeed(folder, news=4, cut_off=5)
    with pytest.raises(NotMeasurableError, match="no row has arrived"):
        measure_membership(PROBE, build_subject(folder))


def test_so_many_rows_a_side_and_no_more(tmp_path: Path) -> None:
    found = index(measure_membership(Membership(rows=9), build_subject(lay_audited(tmp_path))))
    assert [reading.count for reading in found.values()] == [9, 9]


@given(st.lists(st.floats(-100, 100), min_size=1, max_size=300), st.floats(0.001, 0.5))
def test_no_more_than_the_share_of_false_alarms_lies_above_the_threshold(scores: list[float], false_alarms: float) -> None:
    threshold = set_threshold(scores, false_alarms)
    assert sum(score > threshold for score in scores) <= false_alarms * len(scores)
    lower = [score for score in scores if score < threshold]
    if lower:
        assert sum(score > max(lower) for score in scores) > false_alarms * len(scores)


def test_scores_that_say_nothing_find_about_as_many_members_as_false_alarms() -> None:
    generator = np.random.default_rng(8)
    rates = []
    for _ in range(200):
        members, others = generator.normal(size=500), generator.normal(size=500)
        rates.append((members > set_threshold(others.tolist(), 0.01)).mean())
    assert np.mean(rates) == pytest.approx(6 / 501, abs=0.002)
