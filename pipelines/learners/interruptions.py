"""A node that is about to be taken away says so with SIGTERM: the step that runs is finished, and what was learned is kept."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Notice:
    """Whether this process was asked to end."""

    def __init__(self) -> None:
        self.is_given = False

    def receive(self, _number: int, _frame: FrameType | None) -> None:
        """Take note of the signal; the loop looks between two steps."""
        self.is_given = True


@contextmanager
def heed_termination(*, is_wanted: bool) -> Iterator[Notice]:
    """Yield a notice that SIGTERM gives instead of ending the process; where none ``is_wanted`` the signal does what it did.

    Python hands signals to the main thread alone: elsewhere nothing is heeded.
    """
    notice = Notice()
    if not is_wanted or threading.current_thread() is not threading.main_thread():
        yield notice
        return
    before = signal.signal(signal.SIGTERM, notice.receive)
    try:
        yield notice
    finally:
        signal.signal(signal.SIGTERM, before)
