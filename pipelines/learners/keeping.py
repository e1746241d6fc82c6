"""What the loop does between two steps for the day it is killed: look for what is left, keep the state, heed a notice to end."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pipelines.domain.errors import PreemptedError, StageError
from pipelines.learners.attempts import Attempt
from pipelines.learners.checkpoints import Keeper, State, find_checkpoint, write_checkpoint
from pipelines.learners.interruptions import Notice, heed_termination
from pipelines.learners.parallel import Crew

LOG = logging.getLogger("addendum.stage")


class Keeping:
    """The checkpoints of one training. All processes agree at every step, since a sharded state takes all of them."""

    def __init__(self, attempt: Attempt | None, crew: Crew, notice: Notice) -> None:
        self._attempt, self._crew, self._notice = attempt, crew, notice
        self._keeper = Keeper(attempt) if attempt is not None else None

    def find(self, device: str) -> State | None:
        """Return the state to go on from, ``None`` for a training from its first step.

        Raises :class:`StageError` where the processes do not see the same checkpoints.
        """
        found = find_checkpoint(self._attempt, device) if self._attempt is not None else None
        step = found.position.step if found is not None else 0
        if self._crew.add(float(step))[0] != step * self._crew.size:
            raise StageError("train: the processes see different checkpoints: let all of them share one ADDENDUM_HOME")
        if found is not None and self._crew.is_first:
            LOG.info("train: goes on after step %d, from a checkpoint in %s", step, self._attempt.folder if self._attempt else "")
            if found.position.processes != self._crew.size:
                LOG.warning(
                    "train: %d processes go on where %d stopped: the last bits are those of neither",
                    self._crew.size,
                    found.position.processes,
                )
        return found

    def look(self, copy: Callable[[], State]) -> None:
        """Keep a copy of the state where it is time; raises :class:`PreemptedError` when a notice to end was given."""
        if self._attempt is None or self._keeper is None:
            return
        is_due = self._crew.is_first and self._keeper.is_due()
        endings, dues = self._crew.add(float(self._notice.is_given), float(is_due))
        if endings:
            state = copy()
            self._keeper.finish()
            if self._crew.is_first:
                write_checkpoint(self._attempt, state)
            raise PreemptedError(f"ended as asked after step {state.position.step}: run it again, and it goes on from there")
        if dues:
            state = copy()
            if self._crew.is_first:
                self._keeper.keep(state)

    def finish(self) -> None:
        """Wait for what is being written; raises what went wrong there."""
        if self._keeper is not None:
            self._keeper.finish()

    def leave(self) -> None:
        """Wait for what is being written, while something else is being raised."""
        if self._keeper is not None:
            self._keeper.leave()


@contextmanager
def keep_state(attempt: Attempt | None, crew: Crew) -> Iterator[Keeping]:
    """Yield the keeping of a training, and heed SIGTERM meanwhile where there is somewhere to keep its state."""
    with heed_termination(is_wanted=attempt is not None) as notice:
        keeping = Keeping(attempt, crew, notice)
        try:
            yield keeping
            keeping.finish()
        finally:
            keeping.leave()
