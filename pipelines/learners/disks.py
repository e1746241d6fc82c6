"""A disk that is full says so in many ways; whoever runs the stage is told once, and what to do."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

from pipelines.domain.errors import DiskFullError

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


@contextmanager
def refuse_full_disk(target: Path) -> Iterator[None]:
    """Raise :class:`DiskFullError` naming ``target`` for what is raised inside because no more can be written."""
    try:
        yield
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise DiskFullError(_explain(target, os.strerror(error.errno))) from error
    except SafetensorError as error:
        # its library hands the system's error on as text alone
        found = [number for number in _FULL if f"os error {number})" in str(error)]
        if not found:
            raise
        raise DiskFullError(_explain(target, os.strerror(found[0]))) from error


def _explain(target: Path, reason: str) -> str:
    return f"train: {target} cannot be written: {reason}: make room there and run it again; nothing half-written is left"
