"""A training's state as plain tensors by name, and back: what learns, its moments, and the generators.

A sharded tensor is gathered on the way out and divided again on the way in, so that a checkpoint knows of no number of processes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import torch

from pipelines.domain.errors import WorkspaceError
from pipelines.learners.checkpoints import Position, State
from pipelines.learners.protocols import Step

_NETWORK, _OPTIMISER, _CPU, _DEVICE = "network.", "optimiser.", "random.cpu", "random.device"


def copy_state(
    network: torch.nn.Module, optimiser: torch.optim.Optimizer, position: Position, curve: Sequence[Step], device: torch.device
) -> State:
    """Return the state as copies in the CPU's memory; with a sharded network every process must ask at the same step."""
    tensors = {_NETWORK + name: _copy(tensor) for name, tensor in _list_learning(network)}
    for index, moments in optimiser.state_dict()["state"].items():
        tensors |= {f"{_OPTIMISER}{index}.{name}": _copy(torch.as_tensor(moment)) for name, moment in moments.items()}
    tensors[_CPU] = torch.get_rng_state()
    if device.type != "cpu":
        tensors[_DEVICE] = torch.get_device_module(device).get_rng_state()
    return State(position=position, curve=tuple(curve), tensors=tensors)


def restore_state(network: torch.nn.Module, optimiser: torch.optim.Optimizer, state: State, device: torch.device) -> None:
    """Put a state back into the same network and optimiser, in place; raises :class:`WorkspaceError` where it does not fit."""
    learning = dict(_list_learning(network))
    kept = {name.removeprefix(_NETWORK): it for name, it in state.tensors.items() if name.startswith(_NETWORK)}
    if {name: tensor.shape for name, tensor in learning.items()} != {name: tensor.shape for name, tensor in kept.items()}:
        raise WorkspaceError("train: the checkpoint does not fit the network: remove the attempt's folder of checkpoints")
    with torch.no_grad():
        for name, tensor in learning.items():
            tensor.copy_(_divide_like(kept[name], tensor))
    _restore_optimiser(optimiser, state.tensors)
    torch.set_rng_state(state.tensors[_CPU])
    if device.type != "cpu":
        torch.get_device_module(device).set_rng_state(state.tensors[_DEVICE])


def _restore_optimiser(optimiser: torch.optim.Optimizer, tensors: Mapping[str, torch.Tensor]) -> None:
    parameters = [parameter for group in optimiser.param_groups for parameter in group["params"]]
    moments: dict[int, dict[str, Any]] = {}
    for name, tensor in tensors.items():
        if name.startswith(_OPTIMISER):
            index, _, kind = name.removeprefix(_OPTIMISER).partition(".")
            # a count of steps is one number, whatever its parameter is divided into; and nothing may point into the file
            parameter = parameters[int(index)]
            is_moment = tensor.shape == parameter.shape and tensor.dim() > 0
            moments.setdefault(int(index), {})[kind] = _divide_like(tensor, parameter) if is_moment else tensor.clone()
    optimiser.load_state_dict({"state": moments, "param_groups": optimiser.state_dict()["param_groups"]})


def _list_learning(network: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """What a step may change: a frozen weight follows from the lesson."""
    yield from ((name, parameter) for name, parameter in network.named_parameters() if parameter.requires_grad)
    kept = network.state_dict().keys()
    yield from ((name, buffer) for name, buffer in network.named_buffers() if name in kept)


def _copy(tensor: torch.Tensor) -> torch.Tensor:
    whole = tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor
    return torch.empty(whole.shape, dtype=whole.dtype, device="cpu").copy_(whole.detach())


def _divide_like(whole: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    if not hasattr(like, "full_tensor"):
        return whole.to(like.device, copy=True)
    from torch.distributed.tensor import distribute_tensor

    return distribute_tensor(whole.to(like.device), like.device_mesh, like.placements)
