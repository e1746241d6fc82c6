"""Which earlier model a training may start from, so that what must be forgotten is forgotten exactly.

Weights that grew from a document keep something of it, however long they are trained on. They are not repaired: training starts
again from the newest model that never saw it, or from the base, and the result is what it would have been without the document.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pipelines.domain.identities import Digest
from pipelines.domain.revisions import Entry, Status

FORGOTTEN = frozenset({Status.RETRACTED, Status.ERASED})
"""What a model must not have seen. A rule that was superseded or withdrawn was true while it stood: it is taught no more, as
replay and news leave it out, and is no reason to give up all that was learned since."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """A model that can be started from: its digest, the model it grew out of, and all that it and its ancestors saw."""

    digest: Digest
    parent: Digest | None
    seen: frozenset[Digest]


def list_allowed(resolved: Iterable[Entry]) -> frozenset[Digest]:
    """Return what a model may have seen: all that the corpus holds, statuses resolved, but what was retracted or erased.

    What a withdrawn drop brought is held no more, and so is not among it.
    """
    return frozenset(entry.digest for entry in resolved if entry.revision.status not in FORGOTTEN)


def find_tainted(seen: Iterable[Digest], allowed: frozenset[Digest]) -> frozenset[Digest]:
    """Return what a model saw and may not have seen."""
    return frozenset(seen) - allowed


def find_untainted(checkpoints: Sequence[Checkpoint], allowed: frozenset[Digest]) -> Checkpoint | None:
    """Return the last of ``checkpoints`` (oldest first) that saw nothing but what is allowed; ``None``: start from the base."""
    return next((one for one in reversed(checkpoints) if not find_tainted(one.seen, allowed)), None)


def trace_ancestors(checkpoints: Sequence[Checkpoint], digest: Digest) -> list[Checkpoint]:
    """Return the chain of models that led to ``digest``, oldest first and itself last, as far as ``checkpoints`` know it."""
    known = {one.digest: one for one in checkpoints}
    chain, present = list[Checkpoint](), known.get(digest)
    while present is not None and present not in chain:
        chain.append(present)
        present = known.get(present.parent) if present.parent else None
    return chain[::-1]
