"""One step: a global batch to one gradient, in as many pieces as it takes, and the gradient to new weights."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch

from pipelines.domain.errors import DivergedError, OutOfMemoryError
from pipelines.learners.devices import cast
from pipelines.learners.dividing import Piece, plan_pieces
from pipelines.learners.parallel import Crew, Engine
from pipelines.learners.protocols import Step
from pipelines.learners.schedules import Schedule

LOG = logging.getLogger("addendum.stage")
_SIGNS = ("DefaultCPUAllocator: can't allocate memory", "DefaultCPUAllocator: not enough memory", "std::bad_alloc")
"""By which a lack of the CPU's memory is told: torch has no class of its own for it."""


class Divisible(Protocol):
    """What of a task a step needs."""

    network: torch.nn.Module
    lengths: Sequence[int]

    def count(self, places: Sequence[int]) -> int:
        """Return how many losses a batch's is the sum of."""
        ...


@dataclass(slots=True, kw_only=True)
class Stepper:
    """Takes steps. ``micro_tokens`` is what a piece may hold, ``None`` for a whole batch; a lack of memory halves it once."""

    task: Divisible
    schedule: Schedule
    seed: int
    optimiser: torch.optim.Optimizer
    engine: Engine
    crew: Crew
    micro_tokens: int | None

    def take(self, batch: Sequence[int], step: int, steps: int) -> Step:
        """Take step ``step`` of ``steps``; raises :class:`DivergedError` and :class:`OutOfMemoryError`."""
        rate = self.schedule.rate_at(step, steps)
        for group in self.optimiser.param_groups:
            group["lr"] = rate * group["scale"]
        loss = self._differentiate_somehow(batch, step)
        _check(loss, step)
        norm = torch.nn.utils.clip_grad_norm_(self.task.network.parameters(), self.schedule.clip)
        _check(float(norm.full_tensor() if hasattr(norm, "full_tensor") else norm), step)
        try:
            self.optimiser.step()
        except (torch.OutOfMemoryError, RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise OutOfMemoryError(f"train: no memory for the optimiser's state at step {step}: train an `adapter`") from error
        tokens = sum(self.task.lengths[row] for row in batch)
        return Step(step=step, steps=steps, loss=loss, rate=rate, tokens=tokens)

    def _differentiate_somehow(self, batch: Sequence[int], step: int) -> float:
        try:
            return self._differentiate(batch, step)
        except (torch.OutOfMemoryError, RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            reason = str(error).splitlines()[0]
        # outside of the handler, so that the error holds none of the tensors that did not fit
        self._halve(step, reason)
        try:
            return self._differentiate(batch, step)
        except (torch.OutOfMemoryError, RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            raise OutOfMemoryError(self._advise(step, str(error).splitlines()[0])) from error

    def _halve(self, step: int, reason: str) -> None:
        if self.micro_tokens != self.schedule.micro_tokens or self.crew.size > 1:
            raise OutOfMemoryError(self._advise(step, reason))
        self.micro_tokens = (self.micro_tokens or self.schedule.batch_tokens) // 2
        LOG.warning("train: out of memory at step %d: micro-batches of %d tokens from here on", step, self.micro_tokens)
        self.optimiser.zero_grad(set_to_none=True)
        if self.crew.device.type == "cuda":
            torch.cuda.empty_cache()

    def _advise(self, step: int, reason: str) -> str:
        held = f"micro-batches of {self.micro_tokens or self.schedule.batch_tokens} tokens"
        return f"train: out of memory at step {step} with {held}: set a lower `micro_tokens`, or `max_tokens` ({reason})"

    def _differentiate(self, batch: Sequence[int], step: int) -> float:
        """Leave the gradient of the batch's mean loss, and return that loss."""
        # Seeded by the step, not once: dropout at a step is then the same however training came to it.
        torch.manual_seed(self.seed * 1_000_003 + step + (self.crew.rank << 48))
        self.task.network.train()
        self.optimiser.zero_grad(set_to_none=True)
        # rows of one token alone have nothing to predict: no loss, and no gradient that is not a number
        count, losses = max(self.task.count(batch), 1), list[torch.Tensor]()
        pieces = plan_pieces(batch, self.task.lengths, self.micro_tokens, self.crew.size)[self.crew.rank]
        for turn, piece in enumerate(pieces, start=1):
            with self.engine.summing(is_last=turn == len(pieces)):
                losses.append(self._run(piece, count))
        return self.crew.add(math.fsum(float(loss) for loss in losses))[0]

    def _run(self, piece: Piece, count: int) -> torch.Tensor:
        with cast(self.crew.device, self.schedule.precision):
            loss = self.engine.loss(piece.rows) * (0.0 if piece.is_filler else 1.0) / count
        (loss * self.engine.scale).backward()
        return loss.detach()


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether the error is a lack of memory, on an accelerator or on the CPU."""
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or any(sign in str(error) for sign in _SIGNS)


def _check(value: float, step: int) -> None:
    if not math.isfinite(value):
        raise DivergedError(f"train: the loss is not a number at step {step}: lower `rate` or raise `warmup`")
