"""What was in force on a day: valid time, beside the time in which we learned of it.

A corpus answers both questions at once, as bitemporal tables do (Snodgrass, *Developing Time-Oriented Database Applications in
SQL*, 1999, chapter 10): choose the entries that were known by then, and ask here which of them held on the day.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise

from pipelines.domain.revisions import RETIRING, Entry, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdrawal:
    """The end of a document on a day, and ``undone``: from when it holds again, by the first that arrived afterwards."""

    arrival: tuple[int, str]
    day: date
    undone: date | None

    def voids(self, entry: Entry) -> bool:
        """Tell whether it takes the entry with it before its first day."""
        start = entry.revision.effective_from
        return _arrival(entry) < self.arrival and start >= self.day and (self.undone is None or start < self.undone)

    def ends(self, entry: Entry) -> bool:
        """Tell whether it ends the entry on its day."""
        is_before = _arrival(entry) < self.arrival and entry.revision.effective_from < self.day
        return is_before and (self.undone is None or self.undone >= self.day)


def find_in_force(entries: Iterable[Entry], day: date) -> list[Entry]:
    """Return the revision of each document that was in force on ``day``, ordered by source and document; most have one or none.

    Each comes with the day on which it ended or is going to, as far as the entries say, in ``effective_to``. The rules, a
    document at a time, are those of :func:`~pipelines.domain.revisions.resolve_statuses` with their days kept. A revision holds
    from its ``effective_from`` until its ``effective_to`` or the start of the next. A withdrawal ends at its own
    ``effective_from`` what arrived before it, scheduled revisions included; the first arrival after it undoes it from that one's
    start on. Some sources do not say when: a withdrawal that is dated no later than the document itself ends it on the day that
    we learned of it. A retraction or erasure leaves nothing on any day: what is retracted never held.
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
    withdrawals = list(_list_withdrawals(arrivals, living))
    held = [entry for entry in living if not any(one.voids(entry) for one in withdrawals)]
    nexts = {earlier.digest: later.revision.effective_from for earlier, later in pairwise(held)}
    for entry in held:
        limits = [nexts.get(entry.digest), entry.revision.effective_to, *(one.day for one in withdrawals if one.ends(entry))]
        end = min((limit for limit in limits if limit is not None), default=None)
        if entry.revision.effective_from <= day and (end is None or day < end):
            return replace(entry, revision=replace(entry.revision, effective_to=end))
    return None


def _list_withdrawals(arrivals: Sequence[Entry], living: Sequence[Entry]) -> Iterable[Withdrawal]:
    in_order = sorted(living, key=_arrival)
    for entry in arrivals:
        if entry.revision.status is not Status.WITHDRAWN:
            continue
        before = [other.revision.effective_from for other in in_order if _arrival(other) < _arrival(entry)]
        is_dated = bool(before) and entry.revision.effective_from > min(before)
        day = entry.revision.effective_from if is_dated else entry.revision.recorded_at.date()
        after = (other.revision.effective_from for other in in_order if _arrival(other) > _arrival(entry))
        yield Withdrawal(arrival=_arrival(entry), day=day, undone=next(after, None))


def _arrival(entry: Entry) -> tuple[int, str]:
    return entry.ingest_seq, entry.digest


def _in_effect(entry: Entry) -> tuple[date, int, str]:
    return entry.revision.effective_from, entry.ingest_seq, entry.digest
