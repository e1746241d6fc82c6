"""A training that was killed and started again ends in the very bits of one that nobody killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.domain.errors import PreemptedError
from pipelines.files import digest_folder
from pipelines.learners.causal_lm import CausalLm
from pipelines.learners.classifier import Classifier
from pipelines.learners.protocols import Conduct, Lesson, Step
from pipelines.learners.schedules import Adapter
from pipelines.learners.training import train_network
from tests.builders.installations import REPOSITORY
from tests.builders.lessons import Watcher, build_lesson
from tests.builders.tasks import Ending, KilledError, Line, Noisy, course, kill

CLASSIFIER = Classifier(base="scratch:tiny", epochs=2, rate=2e-3, batch_tokens=40, max_tokens=32)
DECODER = CausalLm(base="scratch:tiny", epochs=2, rate=2e-3, batch_tokens=40, max_tokens=32)
LEARNERS = {
    "classifier": CLASSIFIER,
    "causal_lm": DECODER,
    "classifier with an adapter": CLASSIFIER.model_copy(update={"adapter": Adapter(rank=2, dropout=0.1)}),
    "causal_lm with an adapter": DECODER.model_copy(update={"adapter": Adapter(rank=2, dropout=0.1)}),
    "classifier in micro-batches": CLASSIFIER.model_copy(update={"micro_tokens": 20}),
    "causal_lm in micro-batches": DECODER.model_copy(update={"micro_tokens": 20, "decay": "cosine"}),
}
CHILD = """
import os, signal, sys, time
from pathlib import Path
from tests.builders.tasks import Ending
from tests.learners.test_resuming import LEARNERS, lesson
name, root, step = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
def end():
    while not list(root.glob('checkpoints/*/step-*[0-9]')):
        time.sleep(0.001)
    os.kill(os.getpid(), signal.SIGKILL)
ending = Ending(step, end)
LEARNERS[name].fit(lesson(root / 'checkpoints'), root / 'model', ending)
print('first', ending.steps[0].step, 'last', ending.steps[-1].step)
"""
"""Killed at a step, as soon as a whole checkpoint lies there: how fast the disk is decides nothing."""

WRITER = """
import os, signal, sys
from pathlib import Path
from tests.builders.lessons import Watcher
from tests.learners.test_resuming import LEARNERS, lesson
name, root, chosen = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
sync, halves = os.fsync, []
def end(handle):
    halves.extend(root.glob('checkpoints/*/*.incomplete'))
    if len(halves) >= chosen:
        os.kill(os.getpid(), signal.SIGKILL)
    sync(handle)
os.fsync = end
LEARNERS[name].fit(lesson(root / 'checkpoints'), root / 'model', Watcher())
"""
"""Killed in the thread that writes, where a checkpoint is half there."""


def lesson(checkpoints: Path | None) -> Lesson:
    return build_lesson(30, checkpoints=checkpoints, conduct=Conduct(checkpoint_seconds=0.0))


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}


def fit_in_a_process(name: str, root: Path, *, step: int = -1, code: str = CHILD) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, name, str(root), str(step)]
    return subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)


def train_line(folder: Path | None, step: int, *, seconds: float = 0.0, **fields: object) -> tuple[torch.Tensor, list[Step]]:
    """Train a noisy line, killed at ``step`` and started again as often as that step comes."""
    while True:
        line = Noisy(rows=7)
        try:
            curve = train_network(line, course(folder, seconds=seconds, **fields), Ending(step, kill))
        except KilledError:
            step = -1
            continue
        return line.network.weight.detach(), curve


@settings(max_examples=30)
@given(step=st.integers(1, 12), seconds=st.sampled_from([0.0, 0.001, 3600.0]), micro=st.sampled_from([None, 10]))
def test_killed_at_any_step_it_ends_in_the_same_weights_and_the_same_curve(
    tmp_path_factory: pytest.TempPathFactory, step: int, seconds: float, micro: int | None
) -> None:
    fields = {"epochs": 3, "micro_tokens": micro}
    expected, curve = train_line(None, -1, **fields)
    folder = tmp_path_factory.mktemp("attempt")
    weight, again = train_line(folder, step, seconds=seconds, **fields)
    assert torch.equal(weight, expected)
    assert again == curve


def test_it_goes_on_in_the_middle_of_an_epoch_and_repeats_nothing(tmp_path: Path) -> None:
    with pytest.raises(KilledError):
        train_network(Line(rows=8), course(tmp_path, epochs=3), Ending(6, kill))
    kept = sorted(path.name for path in tmp_path.iterdir())
    rest = Ending(-1, kill)
    curve = train_network(Line(rows=8), course(tmp_path, epochs=3), rest)
    first = int(kept[-1].removeprefix("step-")) + 1
    assert 1 < first <= 6
    assert [step.step for step in rest.steps] == list(range(first, 13))
    assert [step.step for step in curve] == list(range(1, 13))


@pytest.mark.parametrize("name", LEARNERS)
def test_every_learner_killed_in_mid_epoch_ends_in_the_bytes_of_the_undisturbed_one(name: str, tmp_path: Path) -> None:
    learner, checkpoints = LEARNERS[name], tmp_path / "checkpoints"
    curve = learner.fit(lesson(None), tmp_path / "undisturbed", Watcher())
    with pytest.raises(KilledError):
        learner.fit(lesson(checkpoints), tmp_path / "killed", Ending(len(curve) * 2 // 3, kill))
    watcher = Watcher()
    assert learner.fit(lesson(checkpoints), tmp_path / "model", watcher) == curve
    assert 1 < watcher.steps[0].step <= len(curve) * 2 // 3
    assert digest_folder(tmp_path / "model") == digest_folder(tmp_path / "undisturbed")


def test_another_lesson_starts_from_its_own_first_step(tmp_path: Path) -> None:
    with pytest.raises(KilledError):
        CLASSIFIER.fit(lesson(tmp_path / "checkpoints"), tmp_path / "killed", Ending(5, kill))
    watcher = Watcher()
    CLASSIFIER.fit(replace(lesson(tmp_path / "checkpoints"), seed=8), tmp_path / "model", watcher)
    assert watcher.steps[0].step == 1


def test_asked_to_end_it_finishes_the_step_keeps_its_state_and_says_so(tmp_path: Path) -> None:
    handler = signal.getsignal(signal.SIGTERM)
    asked = Ending(4, lambda: os.kill(os.getpid(), signal.SIGTERM))
    with pytest.raises(PreemptedError, match="after step 4: run it again"):
        train_network(Line(), course(tmp_path, seconds=3600.0), asked)
    assert signal.getsignal(signal.SIGTERM) is handler
    rest = Watcher()
    train_network(Line(), course(tmp_path, seconds=3600.0), rest)
    assert [step.step for step in rest.steps] == [5, 6]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "step"), [("classifier", 9), ("causal_lm with an adapter", 14)])
def test_a_process_that_was_killed_9_ends_in_the_bytes_of_the_undisturbed_one(name: str, step: int, tmp_path: Path) -> None:
    LEARNERS[name].fit(lesson(None), tmp_path / "undisturbed", Watcher())
    assert fit_in_a_process(name, tmp_path, step=step).returncode == -signal.SIGKILL
    assert not (tmp_path / "model").exists()
    done = fit_in_a_process(name, tmp_path)
    assert done.returncode == 0, done.stderr
    assert digest_folder(tmp_path / "model") == digest_folder(tmp_path / "undisturbed")
    assert not done.stdout.startswith("first 1 ")


@pytest.mark.slow
def test_a_process_that_is_killed_while_it_writes_ends_in_the_same_bytes(tmp_path: Path) -> None:
    name = "causal_lm in micro-batches"
    LEARNERS[name].fit(lesson(None), tmp_path / "undisturbed", Watcher())
    assert fit_in_a_process(name, tmp_path, step=7, code=WRITER).returncode == -signal.SIGKILL
    assert list(tmp_path.glob("checkpoints/*/*.incomplete"))
    done = fit_in_a_process(name, tmp_path)
    assert done.returncode == 0, done.stderr
    assert digest_folder(tmp_path / "model") == digest_folder(tmp_path / "undisturbed")
