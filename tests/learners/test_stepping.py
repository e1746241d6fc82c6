"""A step's gradient is the batch's, in however many pieces; a lack of memory divides it once and is then said."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from pipelines.domain.errors import OutOfMemoryError
from pipelines.learners.causal_lm import CausalLm
from pipelines.learners.causal_lm_fitting import CausalLmTask
from pipelines.learners.classifier import Classifier
from pipelines.learners.stepping import is_out_of_memory
from pipelines.learners.training import train_network
from tests.builders.lessons import Watcher, build_lesson
from tests.builders.networks import build_decoder, build_rows
from tests.builders.tasks import Ending, KilledError, Line, course, kill


class Greedy(Line):
    """Asks the real allocator for a lot of memory with a batch of more than ``fits`` rows."""

    def __init__(self, fits: int, rows: int = 8) -> None:
        super().__init__(rows=rows)
        self.fits = fits
        self.taken: list[int] = []

    def loss(self, places: Sequence[int]) -> torch.Tensor:
        if len(places) > self.fits:
            torch.empty(2**58, dtype=torch.uint8)
        self.taken.append(len(places))
        return super().loss(places)


@pytest.mark.parametrize(
    "learner",
    [
        Classifier(base="scratch:tiny", epochs=1, rate=1e-3, batch_tokens=200),
        CausalLm(base="scratch:tiny", rate=1e-3, batch_tokens=200),
    ],
    ids=["classifier", "causal_lm"],
)
def test_micro_batches_have_the_loss_of_the_whole_batch(learner: Classifier | CausalLm, tmp_path: Path) -> None:
    """The first step of each: dropout draws other numbers for other pieces, so the classifier's is that of its head alone."""
    plain = learner.model_copy(update={"precision": "fp32", "max_steps": 1})
    whole = plain.fit(build_lesson(), tmp_path / "whole", Watcher())
    pieces = plain.model_copy(update={"micro_tokens": 50}).fit(build_lesson(), tmp_path / "pieces", Watcher())
    assert pieces[0].loss == pytest.approx(whole[0].loss, abs=1e-5)
    assert pieces[0].tokens == whole[0].tokens


def test_texts_of_one_token_alone_have_no_loss_and_end_nothing() -> None:
    """Their network predicts nothing of them; a mean over no losses is not a number."""
    learner = CausalLm(base="scratch:tiny", precision="fp32")
    task = CausalLmTask(learner, build_decoder(), (build_rows(1, 1, 5, 6), build_rows(1)), torch.device("cpu"))
    curve = train_network(task, course(batch_tokens=2, epochs=1), Watcher())
    assert sorted(step.loss > 0 for step in curve) == [False, True, True]
    assert all(math.isfinite(step.loss) and step.dev_loss is None for step in curve)


@pytest.mark.parametrize("micro", [10, 20, 30])
def test_micro_batches_train_the_same_line(micro: int) -> None:
    whole, pieces = Line(), Line()
    expected = train_network(whole, course(batch_tokens=60), Watcher())
    curve = train_network(pieces, course(batch_tokens=60, micro_tokens=micro), Watcher())
    assert [step.loss for step in curve] == pytest.approx([step.loss for step in expected], rel=1e-5)
    assert float(pieces.network.weight.detach()) == pytest.approx(float(whole.network.weight.detach()), abs=1e-5)
    assert max(len(batch) for batch in pieces.batches) == micro // 10


def test_out_of_memory_halves_the_micro_batch_says_so_and_takes_the_same_step(caplog: pytest.LogCaptureFixture) -> None:
    greedy, whole = Greedy(fits=4), Line(rows=8)
    with caplog.at_level(logging.WARNING, logger="addendum.stage"):
        curve = train_network(greedy, course(batch_tokens=80), Watcher())
    assert "out of memory at step 1: micro-batches of 40 tokens from here on" in caplog.text
    assert set(greedy.taken) == {4}
    expected = train_network(whole, course(batch_tokens=80), Watcher())
    assert [step.loss for step in curve] == pytest.approx([step.loss for step in expected], rel=1e-5)


def test_a_second_lack_of_memory_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(
        OutOfMemoryError, match=r"step 1 with micro-batches of 40 tokens: set a lower `micro_tokens`, or `max_tokens`"
    ):
        train_network(Greedy(fits=3), course(batch_tokens=80), Watcher())


def test_a_training_that_goes_on_keeps_its_smaller_pieces(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(KilledError):
        train_network(Greedy(fits=4), course(tmp_path, batch_tokens=80, epochs=6), Ending(4, kill))
    caplog.clear()
    again = Greedy(fits=4)
    train_network(again, course(tmp_path, batch_tokens=80, epochs=6), Watcher())
    assert "out of memory" not in caplog.text
    assert set(again.taken) == {4}


def test_another_error_is_left_as_it_is() -> None:
    class Wrong(Line):
        def loss(self, places: Sequence[int]) -> torch.Tensor:
            return super().loss(places).view(3)

    with pytest.raises(RuntimeError, match="shape"):
        train_network(Wrong(), course(), Watcher())


def test_what_torch_raises_on_an_accelerator_is_a_lack_of_memory() -> None:
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert not is_out_of_memory(RuntimeError("CUDA error: an illegal memory access was encountered"))
