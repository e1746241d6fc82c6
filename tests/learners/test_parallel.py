"""Several processes train as one does: the loss of each step, the weights at the end, and one of them writes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from pipelines.domain.errors import StageError
from pipelines.learners.catalogue import AnyLearner
from pipelines.learners.causal_lm import CausalLm
from pipelines.learners.classifier import Classifier
from pipelines.learners.parallel import Crew, Engine, find_crew
from pipelines.learners.protocols import Conduct, Lesson
from pipelines.learners.schedules import Adapter
from tests.builders.installations import REPOSITORY
from tests.builders.lessons import Watcher, build_lesson
from tests.builders.tasks import Line

CHILD = """
import json, os, signal, sys
from dataclasses import replace
from pathlib import Path
from pipelines.domain.errors import DismissedError, PreemptedError
from pipelines.learners.parallel import join
from pipelines.learners.protocols import Conduct
from tests.builders.tasks import Ending
from tests.learners.test_parallel import LEARNERS, teach
name, root, is_sharded, step = sys.argv[1], Path(sys.argv[2]), sys.argv[3] == 'sharded', int(sys.argv[4])
rank = int(os.environ['RANK'])
join(rank, int(os.environ['WORLD_SIZE']), rank)
taught = replace(teach(name, root), checkpoints=root / 'checkpoints')
taught = replace(taught, conduct=replace(taught.conduct, is_sharded=is_sharded, rank=rank))
try:
    curve = LEARNERS[name].fit(taught, root / 'model', Ending(step, lambda: os.kill(os.getpid(), signal.SIGTERM)))
except DismissedError:
    sys.exit(0)
except PreemptedError as error:
    (root / f'ended-{rank}').write_text(str(error))
    sys.exit(75)
(root / 'curve.json').write_text(json.dumps([[step.loss, step.dev_loss] for step in curve]))
"""
PLAIN = {"base": "scratch:tiny", "epochs": 1, "rate": 2e-3, "max_tokens": 32, "precision": "fp32"}
LEARNERS: dict[str, AnyLearner] = {
    "causal_lm": CausalLm(**PLAIN, batch_tokens=60),
    "causal_lm in micro-batches": CausalLm(**PLAIN, batch_tokens=60, micro_tokens=30),
    "causal_lm with an adapter": CausalLm(**PLAIN, batch_tokens=60, adapter=Adapter(rank=2)),
    "classifier": Classifier(**PLAIN, batch_tokens=60),
}
"""In single precision, so that an order of sums shows in the last bits alone."""


@dataclass(frozen=True, slots=True)
class Trained:
    """The losses of a training's steps, and the weights that it ended in."""

    losses: list[float]
    dev_loss: float
    weights: dict[str, torch.Tensor]


def teach(name: str, root: Path) -> Lesson:
    """Return a lesson without dropout, which would draw other numbers where a batch is divided otherwise."""
    champion = root.parent / "champion" if name == "classifier" else None
    return build_lesson(31, champion=champion, conduct=Conduct(checkpoint_seconds=0.0))


def lay_calm_champion(folder: Path) -> None:
    LEARNERS["classifier"].fit(build_lesson(8), folder, Watcher())
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    calm = config | {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    (folder / "config.json").write_text(json.dumps(calm), encoding="utf-8")


def train_alone(name: str, root: Path) -> Trained:
    curve = LEARNERS[name].fit(teach(name, root), root / "model", Watcher())
    return Trained([step.loss for step in curve], curve[-1].dev_loss or 0.0, load_file(root / "model" / "model.safetensors"))


def start_two(name: str, root: Path, how: str = "replicated", step: int = -1) -> subprocess.CompletedProcess[str]:
    root.mkdir(exist_ok=True)
    (root / "child.py").write_text(CHILD, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2"]
    command += [str(root / "child.py"), name, str(root), how, str(step)]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=280)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("causal_lm in micro-batches", "replicated"),
        ("classifier", "replicated"),
        ("causal_lm", "sharded"),
        ("causal_lm with an adapter", "sharded"),
    ],
)
def test_two_processes_have_the_loss_of_one_at_every_step_and_end_in_its_weights(name: str, how: str, tmp_path: Path) -> None:
    lay_calm_champion(tmp_path / "champion")
    alone = train_alone(name, tmp_path / "alone")
    done = start_two(name, tmp_path / "two", how)
    assert done.returncode == 0, done.stderr
    losses, dev_losses = zip(*json.loads((tmp_path / "two" / "curve.json").read_text(encoding="utf-8")), strict=True)
    assert losses == pytest.approx(alone.losses, abs=1e-4)
    assert dev_losses[-1] == pytest.approx(alone.dev_loss, abs=1e-4)
    weights = load_file(tmp_path / "two" / "model" / "model.safetensors")
    assert weights.keys() == alone.weights.keys()
    assert all(torch.allclose(weights[key].float(), alone.weights[key].float(), atol=2e-3) for key in weights)


@pytest.mark.slow
@pytest.mark.parametrize("how", ["replicated", "sharded"])
def test_all_processes_end_when_one_is_asked_to_and_go_on_together(how: str, tmp_path: Path) -> None:
    alone = train_alone("causal_lm", tmp_path / "alone")
    assert start_two("causal_lm", tmp_path / "two", how, step=2).returncode != 0
    said = [(tmp_path / "two" / f"ended-{rank}").read_text(encoding="utf-8") for rank in (0, 1)]
    assert said[0] == said[1]
    assert "after step 2" in said[0]
    done = start_two("causal_lm", tmp_path / "two", how)
    assert done.returncode == 0, done.stderr
    losses = [loss for loss, _ in json.loads((tmp_path / "two" / "curve.json").read_text(encoding="utf-8"))]
    assert losses == pytest.approx(alone.losses, abs=1e-4)


def test_alone_nothing_is_summed_and_nobody_is_sent_away() -> None:
    crew = find_crew(torch.device("cpu"))
    assert crew == Crew(device=torch.device("cpu"))
    assert crew.add(1.5, 2.0) == (1.5, 2.0)
    crew.dismiss()


def test_one_process_cannot_share_a_model() -> None:
    with pytest.raises(StageError, match="start several"):
        Engine(Line(), Crew(device=torch.device("cpu")), is_sharded=True)
