"""Real series as drops that arrive one after the other, each decided by the product's own admission as things stood that day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby

from benchmarks.series import Item
from pipelines.admit.admission import Admission, AdmissionContext, admit_drop
from pipelines.admit.frames import Document, count_labels
from pipelines.admit.params import AdmitParams
from pipelines.domain.drops import Cursor, Drop
from pipelines.domain.identities import DocumentId, DomainName, FamilyId, SourceName
from pipelines.domain.revisions import Revision

TITLE = 60
"""Characters of the text that serve as its title, which the series lack; a text that begins with its title is read once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stream:
    """A series in the order of arrival. ``drops`` are ranges of ``revisions``; what lies before the first is the backlog."""

    name: str
    params: AdmitParams
    revisions: tuple[Revision, ...]
    drops: tuple[range, ...]

    def history(self, drop: range) -> tuple[Revision, ...]:
        """Return what had arrived before ``drop``."""
        return self.revisions[: drop.start]

    def arrive(self, drop: range) -> tuple[Revision, ...]:
        """Return what the source really published in ``drop``."""
        return self.revisions[drop.start : drop.stop]


def build_stream(name: str, items: Sequence[Item], backlog: int, months: int, params: AdmitParams) -> Stream:
    """Cut a series into a backlog of ``backlog`` years and drops of ``months`` each; the labels are those of all items."""
    revisions = tuple(revise(name, item) for item in items)
    first = items[0].published.year + backlog

    def period(position: int) -> int:
        day = items[position].published
        return max((day.year - first) * 12 + day.month - 1, -1) // months

    ranges = [list(group) for _, group in groupby(range(len(items)), key=period)]
    drops = tuple(range(group[0], group[-1] + 1) for group in ranges if period(group[0]) >= 0)
    labelled = params.model_copy(update={"labels": tuple(sorted({item.label for item in items}))})
    return Stream(name=name, params=labelled, revisions=revisions, drops=drops)


def admit(stream: Stream, drop: range, arrived: Sequence[Revision] | None = None) -> Admission:
    """Decide about a drop of the series, or about ``arrived`` in its place, as admission would have on the day after."""
    revisions = stream.arrive(drop) if arrived is None else tuple(arrived)
    history = stream.history(drop)
    earlier = [len(one) for one in stream.drops if one.stop <= drop.start]
    context = AdmissionContext(
        today=max(revision.published_at for revision in revisions),
        reference_labels=count_labels(history),
        previous_volumes=tuple(earlier[-20:]),
        history=history,
    )
    return admit_drop(build_drop(revisions), stream.params, context)


def admit_amendments(revisions: Sequence[Revision], in_force: Mapping[Document, str]) -> Admission:
    """Decide about revised paragraphs of rules, which have no label, given the texts in force."""
    context = AdmissionContext(today=max(revision.effective_from for revision in revisions), in_force=in_force)
    return admit_drop(build_drop(revisions), AdmitParams(min_chars=1), context)


def build_drop(revisions: Sequence[Revision]) -> Drop:
    """Return the revisions as one drop of their source."""
    source = revisions[0].source
    return Drop(domain=DomainName(source), source=source, revisions=tuple(revisions), responses=(), cursor=Cursor(""))


def revise(name: str, item: Item) -> Revision:
    """Return an item of a series as the revision that a source would have sent."""
    return build_revision(name, item.document_id, item.text, item.published, family=item.family, labels=(item.label,))


def build_revision(source: str, document: str, text: str, day: date, *, family: str, labels: tuple[str, ...] = ()) -> Revision:
    """Return a revision that was published, took effect and was recorded on one day."""
    return Revision(
        source=SourceName(source),
        document_id=DocumentId(document),
        family_id=FamilyId(family),
        title=text[:TITLE],
        text=text,
        labels=labels,
        published_at=day,
        effective_from=day,
        recorded_at=datetime(day.year, day.month, day.day, tzinfo=UTC),
        licence="for measurement",
    )
