"""Where a network runs and how: the device, the number of threads, the arithmetic, and nothing left to chance.

Two OpenMP threads on busy cores can be sixty times slower than one, and their number changes the last bits of every sum: so it is
a parameter, set here, and put back afterwards. The environment (``OMP_NUM_THREADS``, ``OMP_WAIT_POLICY`` and, on CUDA,
``CUBLAS_WORKSPACE_CONFIG``) is set by whoever starts the process, before torch is imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Literal

import torch

from pipelines.learners.allocations import keep_memory

Precision = Literal["auto", "bf16", "fp32"]


def find_device() -> torch.device:
    """Return the accelerator where there is one, else the CPU."""
    found = torch.accelerator.current_accelerator(check_available=True)
    return found if found is not None else torch.device("cpu")


@contextmanager
def run_exactly(threads: int, seed: int = 0) -> Iterator[torch.device]:
    """Yield the device, with deterministic algorithms, ``threads`` threads and seeded generators, and restore all of it."""
    before = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    has_filling = torch.utils.deterministic.fill_uninitialized_memory
    devices = [torch.accelerator.current_device_index()] if torch.accelerator.is_available() else []
    with keep_memory(), torch.random.fork_rng(devices, device_type=find_device().type if devices else "cuda"):
        torch.set_num_threads(threads)
        torch.use_deterministic_algorithms(mode=True)
        # Filling fresh memory finds bugs in kernels and costs time; every kernel here writes all that it reads.
        torch.utils.deterministic.fill_uninitialized_memory = False
        torch.manual_seed(seed)
        try:
            yield find_device()
        finally:
            torch.set_num_threads(before[0])
            torch.use_deterministic_algorithms(mode=before[1])
            torch.utils.deterministic.fill_uninitialized_memory = has_filling


def cast(device: torch.device, precision: Precision) -> AbstractContextManager[Any]:
    """Return the context in which a network is run: bf16 where asked for, or on ``auto`` where the device is fast at it."""
    is_bf16 = precision == "bf16" or (precision == "auto" and is_fast_at_bf16(device))
    context: AbstractContextManager[Any] = torch.autocast(device.type, dtype=torch.bfloat16, enabled=is_bf16)
    return context


def is_fast_at_bf16(device: torch.device) -> bool:
    """Return whether the device computes in bf16 itself, so that it is faster than in single precision."""
    if device.type == "cpu":
        return bool(torch.cpu.get_capabilities().get("avx512_bf16", False))
    return device.type != "cuda" or bool(torch.cuda.is_bf16_supported(including_emulation=False))


def describe_device() -> str:
    """Say where a network would run and with which arithmetic: ``cpu (2 threads, bf16)``, or ``cuda: NVIDIA H100``."""
    device = find_device()
    if device.type == "cuda":
        return f"cuda: {torch.cuda.get_device_name(device)}"
    arithmetic = "bf16" if is_fast_at_bf16(device) else "fp32"
    return f"cpu ({torch.get_num_threads()} threads, {arithmetic})" if device.type == "cpu" else f"{device.type} ({arithmetic})"
