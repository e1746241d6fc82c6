"""A control run from scratch: it learns everything cold, is asked about dev alone, and tells drift from chance."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.domain.errors import NotMeasurableError
from pipelines.domain.identities import Digest, FamilyId
from pipelines.files import digest_folder
from pipelines.learners.causal_lm import CausalLm
from pipelines.learners.classifier import Classifier
from pipelines.learners.linear import Linear
from pipelines.learners.monitors import Unwatched
from pipelines.lessons.controls import Score, compare_with_control, measure_drift, plan_control, score_dev, train_control
from pipelines.lessons.params import LessonParams
from tests.builders.domains import build_row, lay_domain, write_split
from tests.builders.lessons import LABELS

LINEAR = LessonParams(learner=Linear(), threads=1)
TINY = LessonParams(learner=Classifier(base="scratch:tiny", epochs=1, max_tokens=32, rate=2e-3), threads=1)


def build_scores(values: list[float], families: int = 0, weight: float = 1.0) -> list[Score]:
    count = families or len(values)
    return [
        Score(row_id=Digest(f"{place:04d}"), family_id=FamilyId(str(place % count)), value=value, weight=weight)
        for place, value in enumerate(values)
    ]


def draw(seed: int, chance: float, rows: int = 200) -> list[float]:
    return [float(right) for right in np.random.default_rng(seed).random(rows) < chance]


def test_a_control_learns_all_that_the_splits_hold_whatever_the_champion_knows(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    train_control(folder, TINY, LABELS, folder.champion, Unwatched())
    plan = plan_control(folder, TINY, LABELS, None)
    assert (len(plan.lesson.news), plan.history, plan.lesson.champion) == (40, 0, None)


def test_the_control_of_a_cold_training_is_that_training(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    train_control(folder, TINY, LABELS, folder.model, Unwatched())
    train_control(folder, TINY, LABELS, tmp_path / "control", Unwatched())
    assert digest_folder(folder.model) == digest_folder(tmp_path / "control")
    drift = compare_with_control(folder, tmp_path / "control", LABELS, 1)
    assert (drift.difference, drift.lower, drift.upper, drift.rows, drift.families) == (0, 0, 0, 10, 5)
    assert drift.is_within(0.001)
    assert not drift.has_drifted


def test_only_dev_is_asked(tmp_path: Path) -> None:
    """It works where nothing that was kept back is there at all."""
    folder = lay_domain(tmp_path)
    train_control(folder, LINEAR, LABELS, folder.model, Unwatched())
    for name in ("holdout", "anchor"):
        (folder.splits / f"{name}.parquet").unlink()
    train_control(folder, LINEAR, LABELS, tmp_path / "control", Unwatched())
    assert compare_with_control(folder, tmp_path / "control", LABELS, 1).rows == 10


def test_a_model_that_has_unlearned_is_told(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    write_split(folder, "dev", [build_row("dev", number) for number in range(60)])
    train_control(folder, LINEAR, LABELS, tmp_path / "control", Unwatched())
    turned = [build_row("train", number, label=LABELS[(number + 1) % 2]) for number in range(40)]
    turned = [
        replace(row, revision=replace(row.revision, text=build_row("train", number).revision.text))
        for number, row in enumerate(turned)
    ]
    write_split(folder, "train", turned)
    train_control(folder, LINEAR, LABELS, folder.model, Unwatched())
    drift = compare_with_control(folder, tmp_path / "control", LABELS, 1)
    assert (drift.metric, drift.warm, drift.control, drift.has_drifted) == ("accuracy", 0.0, 1.0, True)
    assert not drift.is_within(0.5)


def test_a_language_model_is_compared_in_bits_per_byte(tmp_path: Path) -> None:
    folder = lay_domain(tmp_path)
    learner = CausalLm(base="scratch:tiny", epochs=1, max_tokens=32, rate=3e-3, max_steps=2)
    params = LessonParams(learner=learner, threads=1)
    longer = params.model_copy(update={"learner": learner.model_copy(update={"epochs": 9, "max_steps": None})})
    train_control(folder, params, (), folder.model, Unwatched())
    train_control(folder, longer, (), tmp_path / "control", Unwatched())
    scores = score_dev(folder, tmp_path / "control", (), 1)
    drift = compare_with_control(folder, tmp_path / "control", (), 1)
    bits = sum(score.value * score.weight for score in scores) / sum(score.weight for score in scores)
    assert (drift.metric, drift.has_drifted) == ("bits_per_byte", True)
    assert drift.control == pytest.approx(bits)
    assert drift.difference == pytest.approx(drift.warm - drift.control)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=40))
def test_who_is_compared_with_whom_turns_the_sign_and_nothing_else(pairs: list[tuple[bool, bool]]) -> None:
    first, second = (build_scores([float(pair[side]) for pair in pairs]) for side in (0, 1))
    there, back = measure_drift(first, second), measure_drift(second, first)
    assert there.difference == pytest.approx(-back.difference)
    assert there.lower == pytest.approx(-back.upper)
    assert there.lower - 1e-12 <= there.difference <= there.upper + 1e-12


def test_an_interval_holds_what_it_says() -> None:
    """Of 400 pairs of models of which neither is better, about 5% are told apart."""
    drifts = [measure_drift(build_scores(draw(seed, 0.8)), build_scores(draw(seed + 10_000, 0.8))) for seed in range(400)]
    missed = sum(drift.lower > 0 or drift.upper < 0 for drift in drifts)
    assert 8 <= missed <= 34


@settings(max_examples=20)
@given(st.integers(0, 100))
def test_rows_of_one_family_count_as_one(seed: int) -> None:
    values, others = draw(seed, 0.9, 60), draw(seed + 500, 0.5, 60)
    alone = measure_drift(build_scores(values), build_scores(others))
    repeated = measure_drift(build_scores(values * 4, families=60), build_scores(others * 4, families=60))
    assert repeated.difference == pytest.approx(alone.difference)
    assert repeated.families == 60
    assert repeated.upper - repeated.lower == pytest.approx(alone.upper - alone.lower)


def test_refuses_other_rows_and_a_single_family() -> None:
    with pytest.raises(NotMeasurableError, match="same rows"):
        measure_drift(build_scores([1.0, 0.0, 1.0]), build_scores([1.0, 0.0]))
    with pytest.raises(NotMeasurableError, match="two families"):
        measure_drift(build_scores([1.0, 0.0], families=1), build_scores([1.0, 1.0], families=1))
