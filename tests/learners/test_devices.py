"""Threads, determinism and arithmetic, and that they are put back."""

from __future__ import annotations

import pytest
import torch

from pipelines.learners.devices import cast, find_device, run_exactly


def state() -> tuple[int, bool, bool]:
    filling = bool(torch.utils.deterministic.fill_uninitialized_memory)
    return torch.get_num_threads(), torch.are_deterministic_algorithms_enabled(), filling


def test_sets_threads_and_determinism_and_restores_them() -> None:
    before = state()
    with run_exactly(1, seed=3):
        assert state() == (1, True, False)
    assert state() == before


def test_restores_them_after_an_error_too() -> None:
    before = state()
    with pytest.raises(RuntimeError, match="shape"), run_exactly(1):
        torch.ones(2).view(3)
    assert state() == before


def test_the_seed_decides_what_is_drawn_and_the_callers_generator_is_untouched() -> None:
    torch.manual_seed(11)
    expected = torch.rand(3)
    torch.manual_seed(11)
    drawn = []
    for seed in (1, 1, 2):
        with run_exactly(1, seed):
            drawn.append(torch.rand(3))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    assert torch.equal(torch.rand(3), expected)


def test_arithmetic_is_as_asked_for() -> None:
    device, ones = find_device(), torch.ones(4, 4)
    ones = ones.to(device)
    with cast(device, "bf16"):
        assert (ones @ ones).dtype is torch.bfloat16
    with cast(device, "fp32"):
        assert (ones @ ones).dtype is torch.float32
