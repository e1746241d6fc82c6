"""A checkpoint is whole or is not there, and one that is damaged or another's is passed over with its reason."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from pipelines.learners.attempts import Attempt
from pipelines.learners.checkpoints import Keeper, Position, State, find_checkpoint, write_checkpoint
from pipelines.learners.protocols import Step
from tests.builders.installations import REPOSITORY
from tests.builders.models import flip_byte

CURVE = [
    Step(step=1, steps=9, loss=0.1, rate=1e-5, tokens=3),
    Step(step=2, steps=9, loss=1 / 3, rate=2e-5, tokens=4, dev_loss=0.7),
]
FULL = """
import resource, sys
from pathlib import Path
from tests.learners.test_checkpoints import build_attempt, build_state, write_checkpoint
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
write_checkpoint(build_attempt(Path(sys.argv[1])), build_state(7, size=100_000))
"""


def build_attempt(root: Path, name: str = "attempt") -> Attempt:
    return Attempt(folder=root / name, seconds=0.0)


def build_state(step: int, *, size: int = 3, device: str = "cpu") -> State:
    position = Position(step=step, epoch=1, batch=2, micro_tokens=None, device=device)
    return State(position=position, curve=CURVE, tensors={"weight": torch.arange(size, dtype=torch.float32) / 7})


def names(attempt: Attempt) -> list[str]:
    return sorted(path.name for path in attempt.folder.iterdir())


def test_what_is_read_is_what_was_written_to_the_last_bit(tmp_path: Path) -> None:
    write_checkpoint(build_attempt(tmp_path), build_state(2))
    found = find_checkpoint(build_attempt(tmp_path), "cpu")
    assert found is not None
    assert (found.position, list(found.curve)) == (build_state(2).position, CURVE)
    assert torch.equal(found.tensors["weight"], build_state(2).tensors["weight"])


def test_the_last_two_are_kept_and_the_newest_is_read(tmp_path: Path) -> None:
    for step in (1, 2, 12):
        write_checkpoint(build_attempt(tmp_path), build_state(step))
    assert names(build_attempt(tmp_path)) == ["step-000000002", "step-000000012"]
    found = find_checkpoint(build_attempt(tmp_path), "cpu")
    assert found is not None
    assert found.position.step == 12


def test_there_is_nothing_to_find_where_nothing_was_kept(tmp_path: Path) -> None:
    assert find_checkpoint(build_attempt(tmp_path), "cpu") is None


@pytest.mark.parametrize("name", ["state.safetensors", "curve.json", "checkpoint.json"])
@pytest.mark.parametrize("harm", [flip_byte, Path.unlink, lambda path: os.truncate(path, path.stat().st_size // 2)])
def test_a_damaged_one_is_passed_over_with_its_reason_and_the_one_before_it_read(
    tmp_path: Path, name: str, harm: object, caplog: pytest.LogCaptureFixture
) -> None:
    attempt = build_attempt(tmp_path)
    for step in (1, 2):
        write_checkpoint(attempt, build_state(step))
    assert callable(harm)
    harm(attempt.folder / "step-000000002" / name)
    with caplog.at_level(logging.WARNING, logger="addendum.stage"):
        found = find_checkpoint(attempt, "cpu")
    assert found is not None
    assert found.position.step == 1
    assert "step-000000002 is passed over: " in caplog.text


def test_another_lessons_and_another_devices_are_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write_checkpoint(build_attempt(tmp_path), build_state(1, device="cuda: NVIDIA H100"))
    assert find_checkpoint(build_attempt(tmp_path), "cpu") is None
    assert "it was made on cuda: NVIDIA H100, and this is cpu" in caplog.text
    (tmp_path / "attempt").rename(tmp_path / "other")
    assert find_checkpoint(build_attempt(tmp_path, "other"), "cuda: NVIDIA H100") is None
    assert "it belongs to another lesson" in caplog.text


def test_a_half_written_one_is_none(tmp_path: Path) -> None:
    attempt = build_attempt(tmp_path)
    write_checkpoint(attempt, build_state(1))
    (attempt.folder / "step-000000001").rename(attempt.folder / "step-000000001.incomplete")
    assert find_checkpoint(attempt, "cpu") is None
    write_checkpoint(attempt, build_state(1))
    assert names(attempt) == ["step-000000001"]


def test_a_full_disk_is_refused_and_leaves_what_was_there(tmp_path: Path) -> None:
    """A limit on the size of files is what a process without rights can have of a full disk."""
    write_checkpoint(build_attempt(tmp_path), build_state(6))
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)], env=environment, capture_output=True, text=True, check=False
    )
    assert "DiskFullError: train: " in done.stderr
    assert "make room there and run it again" in done.stderr
    assert names(build_attempt(tmp_path)) == ["step-000000006"]


def test_what_goes_wrong_beside_the_training_is_raised_in_it(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    keeper = Keeper(Attempt(folder=tmp_path / "file", seconds=0.0))
    keeper.keep(build_state(1))
    with pytest.raises(NotADirectoryError):
        keeper.finish()


def test_none_is_due_before_its_time(tmp_path: Path) -> None:
    keeper = Keeper(Attempt(folder=tmp_path, seconds=3600.0))
    assert not keeper.is_due()
    keeper.finish()
    now = Keeper(Attempt(folder=tmp_path, seconds=0.0))
    assert now.is_due()
    now.leave()
