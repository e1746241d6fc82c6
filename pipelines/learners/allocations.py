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

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_KEEP = 2**31 - 1
_AFTERWARDS = 32 * 2**20
"""What glibc lets its threshold grow to by itself (mallopt(3)), and would have come to after a training."""


@contextmanager
def keep_memory() -> Iterator[None]:
    """Keep what is freed for what is asked for next, and on leaving give it back."""
    library = _find_library()
    if library is None:
        yield
        return
    library.mallopt(_MMAP_THRESHOLD, 2**30)
    library.mallopt(_TRIM_THRESHOLD, _KEEP)
    try:
        yield
    finally:
        library.mallopt(_MMAP_THRESHOLD, _AFTERWARDS)
        library.mallopt(_TRIM_THRESHOLD, 2 * _AFTERWARDS)
        library.malloc_trim(0)


def _find_library() -> ctypes.CDLL | None:
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None)
    return library if hasattr(library, "mallopt") and hasattr(library, "malloc_trim") else None
