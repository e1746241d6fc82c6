"""A network made faster before it learns: no dropout unless asked for, layers compiled, kernels that are installed.

On the CPU drawing the masks of dropout took a tenth of a step, and dropout within attention keeps its fast kernel away: without
any, a step of MiniLM takes three quarters of the time. What is saved is as the base was: nothing of this is in the weights.
"""

from __future__ import annotations

import warnings
from importlib import import_module
from importlib.util import find_spec

import torch

from pipelines.learners.schedules import Schedule
from pipelines.learners.weights import Network


def quicken(network: Network, schedule: Schedule, device: torch.device) -> None:
    """Set a network's dropout, and have its layers compiled and its kernels replaced as ``schedule`` and ``device`` allow.

    Low-rank updates are added afterwards: their dropout is their own.
    """
    if schedule.dropout is not None:
        set_dropout(network, schedule.dropout)
    if device.type == "cuda" and find_spec("liger_kernel") is not None:
        _use_liger(network)
    if schedule.compile == "on" or (schedule.compile == "auto" and device.type == "cuda"):
        compile_layers(network)


def set_dropout(network: Network, share: float) -> None:
    """Let every dropout of the network drop ``share``, that of its attention too."""
    for module in network.modules():
        if isinstance(module, torch.nn.Dropout):
            module.p = share
        if isinstance(getattr(module, "attention_dropout", None), float):
            module.attention_dropout = share


def compile_layers(network: Network) -> None:
    """Have each layer of the longest list of them compiled when it is first run, for batches of any shape.

    The layers are alike: one of them is compiled, and the others find it done.
    """
    lists = [module for module in network.modules() if isinstance(module, torch.nn.ModuleList)]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="torch")  # about itself, when it is imported
        for layer in max(lists, key=len, default=()):
            layer.compile(dynamic=True)


def _use_liger(network: Network) -> None:
    apply = import_module("liger_kernel.transformers")._apply_liger_kernel_to_instance  # noqa: SLF001  # for one network only
    apply(model=network, cross_entropy=False, fused_linear_cross_entropy=False)
