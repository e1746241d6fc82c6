"""Several processes that train one network: each takes its share of every batch, and their gradients are summed.

What starts them (``torchrun``, ``accelerate launch``) says who they are; :func:`join` makes them one group. Each holds the whole
model (DDP), or a part of it where it does not fit (FSDP2). The first one alone writes, shows and keeps anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from copy import deepcopy
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel

from pipelines.domain.errors import DismissedError, StageError
from pipelines.learners.devices import find_device


class Trained(Protocol):
    """What of a task is needed to run it in several processes."""

    network: torch.nn.Module

    def loss(self, places: Sequence[int]) -> torch.Tensor:
        """Return the sum of the losses of a batch of rows."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """The processes that train together, as one of them sees them."""

    device: torch.device
    rank: int = 0
    size: int = 1

    @property
    def is_first(self) -> bool:
        """Whether this is the one that writes, shows and keeps."""
        return self.rank == 0

    def add(self, *values: float) -> tuple[float, ...]:
        """Return the sums of all processes' values, the same in each of them."""
        if self.size == 1:
            return values
        # NCCL takes no tensor of the CPU
        sums = torch.tensor(values, dtype=torch.float64, device=self.device)
        distributed.all_reduce(sums)
        return tuple(sums.tolist())

    def dismiss(self) -> None:
        """Let all but the first go: raises :class:`DismissedError` in them, since what remains is done by one."""
        if self.size == 1:
            return
        distributed.barrier()
        distributed.destroy_process_group()
        if not self.is_first:
            raise DismissedError(f"process {self.rank} of {self.size} has helped to train, and is done")


def join(rank: int, size: int, local_rank: int) -> None:
    """Join the group of ``size`` processes that this one was started with; its accelerator is the one of its ``local_rank``.

    The address stands in ``MASTER_ADDR`` and ``MASTER_PORT``, as torch wants it.
    """
    device = find_device()
    if device.type != "cpu":
        torch.accelerator.set_device_index(local_rank)
    backend = distributed.get_default_backend_for_device(device)
    distributed.init_process_group(backend, rank=rank, world_size=size)


def find_crew(device: torch.device) -> Crew:
    """Return the processes that were joined, or this one alone."""
    if not distributed.is_initialized():
        return Crew(device=device)
    return Crew(rank=distributed.get_rank(), size=distributed.get_world_size(), device=device)


class Engine:
    """How a piece of a batch becomes gradients: alone, replicated or sharded. ``scale`` undoes torch's mean over processes."""

    def __init__(self, task: Trained, crew: Crew, *, is_sharded: bool) -> None:
        self._task, self._crew = task, crew
        self._whole: torch.nn.Module | None = None
        self._replicas: DistributedDataParallel | None = None
        self.scale = float(crew.size)
        if crew.size == 1:
            if is_sharded:
                raise StageError("train: one process has nobody to share the model with: start several (torchrun)")
        elif is_sharded:
            self._whole, task.network = task.network, shard(deepcopy(task.network))
            self._whole.to("cpu")
        else:
            # weights that no loss depends on (a pooler) never get a gradient, and nobody may wait for it
            self._replicas = DistributedDataParallel(_Losses(task), broadcast_buffers=False, find_unused_parameters=True)

    def loss(self, rows: Sequence[int]) -> torch.Tensor:
        """Return the sum of the losses of some rows of this process."""
        loss: torch.Tensor = self._task.loss(rows) if self._replicas is None else self._replicas(rows)
        return loss

    @contextmanager
    def summing(self, *, is_last: bool) -> Iterator[None]:
        """Run a piece forward and back: gradients are summed over the processes with the ``is_last`` of a step alone."""
        if self._whole is not None:
            self._task.network.set_requires_gradient_sync(is_last)
        with nullcontext() if is_last or self._replicas is None else self._replicas.no_sync():
            yield

    def finish(self) -> None:
        """Leave the task with a whole network again, which holds what was learned."""
        if self._whole is None:
            return
        learned = {name: _gather(tensor) for name, tensor in self._task.network.state_dict().items()}
        self._whole.load_state_dict(learned)
        self._task.network = self._whole.to(self._crew.device)


def shard(network: torch.nn.Module) -> torch.nn.Module:
    """Divide a network's weights among all processes (FSDP2), a unit for each layer of its longest list of them."""
    from torch.distributed.fsdp import fully_shard

    lists = [module for module in network.modules() if isinstance(module, torch.nn.ModuleList)]
    for layer in max(lists, key=len, default=()):
        fully_shard(layer)
    sharded: torch.nn.Module = fully_shard(network)
    return sharded


class _Losses(torch.nn.Module):  # type: ignore[misc]  # torch is not followed
    """A task as a module, since DDP watches what is run through its own."""

    def __init__(self, task: Trained) -> None:
        super().__init__()
        self.network = task.network
        self._loss = task.loss

    def forward(self, rows: Sequence[int]) -> torch.Tensor:
        return self._loss(rows)


def _gather(tensor: Any) -> torch.Tensor:  # noqa: ANN401  # a plain tensor has no such method
    whole: torch.Tensor = tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor
    return whole.cpu()
