"""Puts a decided drop on disk, in an order in which a crash at any point leaves something that the next try completes.

What the source said comes first (it cannot be had again), then the quarantine, then the decision, whose presence says that
the drop has landed. Whoever calls appends :attr:`LandedDrop.admitted` to the corpus after that, and may do so again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.admit.admission import Admission
from pipelines.admit.archives import AdmissionRecord, read_archived_drop, read_decision, write_decision, write_received
from pipelines.admit.quarantines import write_quarantine
from pipelines.domain.drops import Drop
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import shorten
from pipelines.domain.revisions import Revision
from pipelines.workspace import Home


@dataclass(frozen=True, slots=True, kw_only=True)
class LandedDrop:
    """A drop on disk: where, what was decided, and the revisions to append. ``is_new`` is false when it had landed before."""

    folder: Path
    record: AdmissionRecord
    admitted: tuple[Revision, ...]
    is_new: bool

    @property
    def is_refused(self) -> bool:
        """Whether the drop was refused as a whole."""
        return bool(self.record.refusals)


def land_drop(drop: Drop, admission: Admission, home: Home) -> LandedDrop:
    """Write the drop and what was decided about it, once.

    A drop that has landed stays as decided then, whatever ``admission`` says now: after a crash the corpus may already know
    its rows, and deciding again would call them known. Only a refusal gives way, so that a drop refused under too narrow
    limits can be admitted under better ones.

    Raises:
        WorkspaceError: ``admission`` is about another drop, or the archive is damaged.
    """
    if admission.drop_id != drop.drop_id:
        raise WorkspaceError(f"the admission of drop {shorten(admission.drop_id)} is not about drop {shorten(drop.drop_id)}")
    folder = home.drop(drop.domain, drop.drop_id)
    earlier = read_decision(home, drop.domain, drop.drop_id)
    if earlier is not None and (admission.is_refused or not earlier.refusals):
        return LandedDrop(folder=folder, record=earlier, admitted=_read_admitted(drop, earlier, home), is_new=False)
    write_received(drop, folder)
    write_quarantine(home, drop.domain, drop.drop_id, admission.quarantined)
    record = write_decision(drop, admission, folder)
    return LandedDrop(folder=folder, record=record, admitted=admission.admitted, is_new=True)


def _read_admitted(drop: Drop, record: AdmissionRecord, home: Home) -> tuple[Revision, ...]:
    revisions = {row.digest: row for row in read_archived_drop(home, drop.domain, drop.drop_id).drop.revisions}
    # the archive is checked as it is read: what is missing was erased
    return tuple(revisions[digest] for digest in record.admitted if digest in revisions)
