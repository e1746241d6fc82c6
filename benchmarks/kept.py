"""What a long benchmark has measured is kept on disk, so that a run that was cut short goes on where it was."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import TypeVar

from pipelines.domain.identities import Digest, digest_bytes
from pipelines.files import read_json, write_json

LEARNERS = Path(__file__).parents[1] / "pipelines" / "learners"
KEPT = Path(__file__).parents[1] / ".benchmarks"
"""Each benchmark keeps in a folder of its name here, which git ignores."""
Result = TypeVar("Result")


def keep(file: Path, shape: type[Result], measure: Callable[[], Result]) -> Result:
    """Return what ``file`` holds; where there is none, measure and write it. ``file`` is named by all that it depends on."""
    if file.is_file():
        return read_json(file, shape)
    found = measure()
    file.parent.mkdir(parents=True, exist_ok=True)
    write_json(file, found)
    return found


@cache
def digest_learners() -> tuple[Digest, ...]:
    """Return the digests of the learners' code: once a process, since what it has imported stays, whatever becomes of files."""
    return tuple(digest_bytes(file.read_bytes()) for file in sorted(LEARNERS.glob("*.py")))
