"""One retraining of a domain at a time on one home: whoever comes second is told so and ends well. Admission waits its turn.

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


@contextmanager
def hold_admission(home: Home, domain: DomainName) -> Iterator[None]:
    """Let nothing else be admitted to the domain, or erased from it, until the block ends; whoever comes second waits.

    What a look has found and not yet archived could otherwise outlive the erasure of the very document.
    """
    path = home.admission(domain)
    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path):
        yield
