"""Whoever watches a training when nobody needs to."""

from __future__ import annotations

from pipelines.learners.protocols import Step


class Unwatched:
    """Takes note of nothing."""

    def observe(self, step: Step) -> None:
        """Let the step pass."""
