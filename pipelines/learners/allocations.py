"""Memory that a training frees and asks for again at every step, kept instead of given back to the system.

The C library returns large blocks to the kernel as soon as they are free, and gets them back page by page, each cleared anew. A
step frees and needs hundreds of megabytes: the gradient of an embedding matrix alone took 36 ms instead of 6. Only where the C
library is glibc; elsewhere nothing is done. What is computed is the same.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -2, -3, -4
_KEEP = 2**31 - 1
_AFTERWARDS = 32 * 2**20
"""What glibc lets its threshold grow to by itself (mallopt(3)), and would have come to after a training."""
_AHEAD = 64 * 2**20
"""What is asked for beyond what is needed, so that a step whose blocks are cut a little otherwise finds room."""
_MOST_MAPPED = 65_536
"""Blocks that glibc may have mapped one by one, as it starts."""


@contextmanager
def keep_memory() -> Iterator[None]:
    """Keep what is freed for what is asked for next, and on leaving give it back."""
    library = _find_library()
    if library is None:
        yield
        return
    library.mallopt(_MMAP_MAX, 0)
    library.mallopt(_TOP_PAD, _AHEAD)
    library.mallopt(_TRIM_THRESHOLD, _KEEP)
    try:
        yield
    finally:
        library.mallopt(_MMAP_MAX, _MOST_MAPPED)
        library.mallopt(_TOP_PAD, 128 * 1024)
        library.mallopt(_MMAP_THRESHOLD, _AFTERWARDS)
        library.mallopt(_TRIM_THRESHOLD, 2 * _AFTERWARDS)
        library.malloc_trim(0)


def _find_library() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
