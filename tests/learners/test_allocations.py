"""Memory is kept while a network learns, and given back afterwards."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pipelines.learners.allocations import keep_memory

MEASURE = """
import resource, torch
from contextlib import nullcontext
from pipelines.learners.allocations import keep_memory
def count(context):
    with context:
        for _ in range(20):  # until the allocator has found its places
            torch.zeros(12_000_000)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        for _ in range(5):
            torch.zeros(12_000_000)
        return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
print(count(nullcontext()), count(keep_memory()))
"""


def test_nothing_is_lost_by_keeping_it_twice() -> None:
    with keep_memory(), keep_memory():
        assert len(bytearray(1 << 26)) == 1 << 26


def test_it_is_left_in_order_after_an_error() -> None:
    with pytest.raises(RuntimeError), keep_memory():
        raise RuntimeError


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only glibc's allocator is told anything")
def test_what_was_freed_is_not_fetched_again_from_the_system() -> None:
    found = subprocess.run([sys.executable, "-c", MEASURE], capture_output=True, text=True, check=True)
    plain, kept = (int(word) for word in found.stdout.split())
    assert kept < plain / 5
