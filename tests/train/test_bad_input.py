"""What cannot be learned from is refused in words; nothing is left half-written, and the champion is as it was."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.domain.errors import DivergedError, EmptyLessonError, OutOfMemoryError, PreemptedError, StageError
from pipelines.files import digest_folder, read_json, write_json
from pipelines.learners.causal_lm import CausalLm
from pipelines.learners.classifier import Classifier
from pipelines.learners.linear import Linear
from pipelines.learners.protocols import Conduct
from pipelines.train.params import TrainParams
from pipelines.train.training import TrainingReport, train
from pipelines.workspace import DomainFolder
from tests.builders.domains import build_pin, build_row, lay_domain, lay_snapshot, pin_model, write_split
from tests.builders.installations import REPOSITORY
from tests.builders.lessons import LABELS, Watcher
from tests.builders.tasks import Ending, KilledError, kill

CLASSIFIER = Classifier(base="scratch:tiny", epochs=1, rate=2e-3, max_tokens=32, batch_tokens=128)
DECODER = CausalLm(base="scratch:tiny", max_tokens=32)
KINDS = ("linear", "classifier", "causal_lm")
TINY = TrainParams(learner=CLASSIFIER, threads=1)
FULL = """
import resource, sys
from pathlib import Path
from pipelines.workspace import DomainFolder
from tests.train.test_bad_input import LABELS, TINY, Watcher, train
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
train(DomainFolder(Path(sys.argv[1])), TINY, LABELS, None, Watcher())
"""


@pytest.fixture
def folder(tmp_path: Path) -> DomainFolder:
    """A domain with a champion, and nothing made yet."""
    folder = lay_domain(tmp_path / "clinical")
    params = TrainParams(learner=CLASSIFIER.model_copy(update={"max_steps": 1}), threads=1)
    train(folder, params, LABELS, None, Watcher())
    folder.model.rename(folder.champion)
    for made in folder.training.iterdir():
        made.unlink()
    write_json(folder.pin, build_pin(champion=pin_model(folder.champion)))
    return folder


def assert_untouched(folder: DomainFolder, champion: str) -> None:
    assert digest_folder(folder.champion) == champion
    assert not folder.model.exists()
    assert [path.name for path in folder.root.iterdir() if path.name.startswith(".")] == []
    assert list(folder.training.iterdir()) == []


def refuse(folder: DomainFolder, params: TrainParams, error: type[StageError], match: str) -> None:
    champion = digest_folder(folder.champion)
    with pytest.raises(error, match=match):
        train(folder, params, LABELS, None, Watcher())
    assert_untouched(folder, champion)


def test_an_empty_snapshot_is_refused(folder: DomainFolder) -> None:
    write_split(folder, "train", [])
    lay_snapshot(folder)
    refuse(folder, TINY, EmptyLessonError, "no labelled row to learn from: check the split's report")
    refuse(folder, TrainParams(learner=CausalLm(base="scratch:tiny"), threads=1), EmptyLessonError, "no text to learn from")


def test_one_label_alone_is_refused(folder: DomainFolder) -> None:
    write_split(folder, "train", [build_row("train", number, label=LABELS[0]) for number in range(100, 120)])
    lay_snapshot(folder)
    refuse(folder, TINY.model_copy(update={"is_warm": False}), EmptyLessonError, "every row has the label 'recall'")


@pytest.mark.parametrize("learner", [Linear(), CLASSIFIER], ids=["linear", "classifier"])
def test_a_declared_label_without_a_row_is_trained_without_and_said(
    tmp_path: Path, learner: Linear | Classifier, caplog: pytest.LogCaptureFixture
) -> None:
    folder = lay_domain(tmp_path)
    train(folder, TrainParams(learner=learner, threads=1), (*LABELS, "licence"), None, Watcher())
    assert read_json(folder.training / "report.json", TrainingReport).absent == ("licence",)
    assert "no row of the lesson has the label licence" in caplog.text


@pytest.mark.parametrize("learner", [Linear(), CLASSIFIER, DECODER], ids=lambda one: one.kind)
def test_a_text_of_ten_megabytes_is_cut_and_learned(tmp_path: Path, learner: Linear | Classifier | CausalLm) -> None:
    folder = lay_domain(tmp_path)
    huge = build_row("train", 99, text="contaminated tablets, lot 7. " * 360_000)
    write_split(folder, "train", [*(build_row("train", number) for number in range(12)), huge])
    train(folder, TrainParams(learner=learner, threads=1), LABELS, None, Watcher())
    assert read_json(folder.training / "report.json", TrainingReport).news == 13


def test_a_loss_that_is_not_a_number_is_refused(folder: DomainFolder) -> None:
    steep = CLASSIFIER.model_copy(update={"rate": 1e36, "head_rate": 1e36, "warmup": 0.0})
    refuse(folder, TrainParams(learner=steep, threads=1), DivergedError, "not a number at step 2: lower `rate`")


def test_a_full_disk_is_refused(folder: DomainFolder) -> None:
    """A limit on the size of files is what a process without rights can have of a full disk."""
    champion = digest_folder(folder.champion)
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", FULL, str(folder.root)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert f"DiskFullError: train: {folder.model} cannot be written: File too large: make room there" in done.stderr
    assert_untouched(folder, champion)


def test_a_training_that_was_killed_leaves_its_checkpoints_and_no_model_and_one_that_is_done_the_reverse(
    folder: DomainFolder, tmp_path: Path
) -> None:
    champion, conduct = digest_folder(folder.champion), Conduct(checkpoints=tmp_path / "checkpoints", checkpoint_seconds=0.0)
    with pytest.raises(KilledError):
        train(folder, TINY, LABELS, conduct, Ending(3, kill))
    assert_untouched(folder, champion)
    assert list(tmp_path.glob("checkpoints/*/*/step-*"))
    watcher = Watcher()
    train(folder, TINY, LABELS, conduct, watcher)
    assert watcher.steps[0].step > 1
    assert (folder.model / "model.json").is_file()
    assert list((tmp_path / "checkpoints").iterdir()) == []


def test_what_is_raised_on_purpose_is_a_refusal_of_the_stage() -> None:
    assert all(issubclass(error, StageError) for error in (DivergedError, EmptyLessonError, OutOfMemoryError, PreemptedError))


def test_another_rate_does_not_take_up_the_checkpoints(
    folder: DomainFolder, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    conduct = Conduct(checkpoints=tmp_path / "checkpoints", checkpoint_seconds=0.0)
    with pytest.raises(KilledError):
        train(folder, TINY, LABELS, conduct, Ending(3, kill))
    watcher = Watcher()
    other = TrainParams(learner=CLASSIFIER.model_copy(update={"rate": 1e-3}), threads=1)
    with caplog.at_level(logging.INFO, logger="addendum.stage"):
        train(folder, other, LABELS, conduct, watcher)
    assert watcher.steps[0].step == 1
    assert "goes on after" not in caplog.text
