"""What was in force on a day: valid time, beside the time in which we learned of it.

A corpus answers both questions at once, as bitemporal tables do (Snodgrass, *Developing Time-Oriented Database Applications in
SQL*, 1999, chapter 10): choose the entries that were known by then, and ask here which of them held on the day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise

from pipelines.domain.revisions import RETIRING, Entry, Status


def find_in_force(entries: Iterable[Entry], day: date) -> list[Entry]:
    """Return the revision of each document that was in force on ``day``, ordered by source and document; most have one or none.

    The rules, a document at a time, are those of :func:`~pipelines.domain.revisions.resolve_statuses` with their days kept. A
    revision holds from its ``effective_from`` until its ``effective_to`` or the start of the next. A withdrawal ends at its own
    ``effective_from`` what arrived before it, scheduled revisions included; one that a later arrival undid leaves the gap before
    the start of that one, if any. A retraction or erasure leaves nothing on any day: what is retracted never held.
    """
    documents: defaultdict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        documents[entry.revision.source, entry.revision.document_id].append(entry)
    found = (_find_one(documents[key], day) for key in sorted(documents))
    return [entry for entry in found if entry is not None]


def _find_one(arrivals: Sequence[Entry], day: date) -> Entry | None:
    if any(entry.revision.status in {Status.RETRACTED, Status.ERASED} for entry in arrivals):
        return None
    living = sorted((entry for entry in arrivals if entry.revision.status not in RETIRING), key=_in_effect)
    withdrawals = [entry for entry in arrivals if entry.revision.status is Status.WITHDRAWN]
    ends = {earlier.digest: later.revision.effective_from for earlier, later in pairwise(living)}
    for entry in living:
        limits = [ends.get(entry.digest), entry.revision.effective_to, *(_end(entry, one, living) for one in withdrawals)]
        if entry.revision.effective_from <= day and all(limit is None or day < limit for limit in limits):
            return entry
    return None


def _end(entry: Entry, withdrawal: Entry, living: Sequence[Entry]) -> date | None:
    """Return the day on which ``withdrawal`` ends ``entry``; ``None`` where it does not."""
    if _arrival(entry) > _arrival(withdrawal):
        return None
    end = withdrawal.revision.effective_from
    undone = [other.revision.effective_from for other in living if _arrival(other) > _arrival(withdrawal)]
    if not undone:
        return end
    return end if entry.revision.effective_from < end <= max(undone) else None


def _arrival(entry: Entry) -> tuple[int, str]:
    return entry.ingest_seq, entry.digest


def _in_effect(entry: Entry) -> tuple[date, int, str]:
    return entry.revision.effective_from, entry.ingest_seq, entry.digest
