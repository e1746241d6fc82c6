"""One retraining of a domain at a time on one home: whoever comes second is told so and ends well.

The operating system holds the lock for the process, so that a killed flow gives it back whatever killed it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from pipelines.domain.identities import DomainName
from pipelines.workspace import Home


@contextmanager
def take_turn(home: Home, domain: DomainName) -> Iterator[bool]:
    """Yield whether the turn is ours; it is given back when the block ends."""
    path = home.turn(domain)
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()
