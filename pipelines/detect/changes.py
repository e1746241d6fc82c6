"""What has changed in a place full of files since we last looked.

The cursor remembers every file with its stamp and the records it brought. So an unchanged file is not opened again, a record
that is known is not told again, and a document whose last record is gone from all files is withdrawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from pipelines.detect.holdings import HeldFile, HeldRecord, Holdings, read_holdings, write_holdings
from pipelines.detect.records import Record, media_type_of, parse_file
from pipelines.domain.drops import Cursor, Detection, RawResponse
from pipelines.domain.errors import ResponseError, UnreachableError
from pipelines.domain.identities import DocumentId, FamilyId, SourceName, encode_canonically, shorten
from pipelines.domain.revisions import Revision, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A file as a listing shows it: ``stamp`` changes with the content; ``modified_on`` is the day (UTC) of the last change."""

    name: str
    stamp: str
    size: int
    modified_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the files are and how they are read; ``address`` is what a name is appended to for a URL.

    ``boilerplate`` are the CSS selectors of what is left out of a page of HTML.
    """

    source: SourceName
    address: str
    now: datetime
    labels: Mapping[str, str]
    licence: str
    max_bytes: int
    may_be_empty: bool
    boilerplate: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that is new or has changed."""

    item: Item
    body: bytes
    records: tuple[Record, ...]


def detect_changes(place: Place, since: Cursor | None, items: Sequence[Item], fetch: Callable[[Item], bytes | None]) -> Detection:
    """Return what has changed since ``since``; ``fetch`` gets a file's content, or ``None`` where it is gone since the listing.

    Raises:
        ResponseError: for a file that is too large or holds a record that does not parse.
        UnreachableError: when every file that was there is gone at once and ``may_be_empty`` does not allow for it.
    """
    before = read_holdings(place.source, since)
    # a clock that was set back (a rehearsal's) must not see news from its future
    dated = (replace(item, modified_on=min(item.modified_on, place.now.date())) for item in items if media_type_of(item.name))
    readable = sorted(dated, key=lambda item: item.name)
    _check_not_vanished(place, before, readable)
    unchanged = {item.name for item in readable if item.name in before.files and before.files[item.name].stamp == item.stamp}
    opened = list(_open_files(place, (item for item in readable if item.name not in unchanged), fetch))
    files = {name: before.files[name] for name in sorted(unchanged)} | {each.item.name: _hold(each) for each in opened}
    gone = _find_gone(before, Holdings(files))
    vanished = dict(before.vanished) | {held.document_id: before.vanished.get(held.document_id, 0) + 1 for held in gone}
    revisions = [*_tell_new(place, before, opened), *(_withdraw(place, held, vanished[held.document_id]) for held in gone)]
    return Detection(
        revisions=tuple(sorted(revisions, key=lambda each: (each.document_id, each.effective_from, each.digest))),
        responses=tuple(_keep_responses(place, opened, readable)) if opened or gone else (),
        cursor=write_holdings(Holdings(files, vanished)),
    )


def _check_not_vanished(place: Place, before: Holdings, readable: Sequence[Item]) -> None:
    if before.files and not readable and not place.may_be_empty:
        raise UnreachableError(
            f"{place.source}: {place.address} holds none of the {len(before.files)} files it held, which looks like a place that "
            "is not mounted and not like a withdrawal of everything: set may_be_empty where it is one"
        )


def _open_files(place: Place, items: Iterable[Item], fetch: Callable[[Item], bytes | None]) -> Iterator[Opened]:
    for item in items:
        if item.size > place.max_bytes:
            raise ResponseError(
                place.source, item.name, "", f"is larger than {place.max_bytes} bytes: split it, or raise max_bytes"
            )
        body = fetch(item)
        if body is not None:
            yield Opened(item, body, parse_file(place.source, item.name, body, place.max_bytes, place.boilerplate))


def _hold(opened: Opened) -> HeldFile:
    return HeldFile(opened.item.stamp, tuple(_hold_record(record, opened.item) for record in opened.records))


def _hold_record(record: Record, item: Item) -> HeldRecord:
    published = _published(record, item)
    begins = record.effective_from or published
    return HeldRecord(record.document_id, record.family_id, shorten(record.digest), published, begins)


def _published(record: Record, item: Item) -> date:
    return record.published_at or record.effective_from or item.modified_on


def _find_gone(before: Holdings, after: Holdings) -> list[HeldRecord]:
    remaining = {held.document_id for held in after.records()}
    latest: dict[str, HeldRecord] = {}
    for held in before.records():
        if held.document_id not in remaining:
            latest[held.document_id] = max(held, latest.get(held.document_id, held), key=lambda each: each.effective_from)
    return list(latest.values())


def _tell_new(place: Place, before: Holdings, opened: Iterable[Opened]) -> list[Revision]:
    known = {(held.document_id, held.digest) for held in before.records()}
    present = {document_id for document_id, _ in known}
    told: dict[tuple[str, str], Revision] = {}
    for file in opened:
        for record in file.records:
            key = record.document_id, shorten(record.digest)
            if key not in known and key not in told:
                times = 0 if record.document_id in present else before.vanished.get(record.document_id, 0)
                told[key] = _revise(place, record, file.item, times)
    return list(told.values())


def _revise(place: Place, record: Record, item: Item, times_vanished: int) -> Revision:
    published = _published(record, item)
    labels = [place.labels[raw] for raw in record.labels if raw in place.labels] if place.labels else record.labels
    # what comes back as it was must not be taken for the revision that was withdrawn
    mark = f"#back-{times_vanished}" if times_vanished else ""
    return Revision(
        source=place.source,
        document_id=DocumentId(record.document_id),
        family_id=FamilyId(record.family_id),
        title=record.title,
        text=record.text,
        labels=tuple(sorted(set(labels))),
        published_at=published,
        effective_from=record.effective_from or published,
        effective_to=record.effective_to,
        recorded_at=place.now,
        status=record.status,
        url=(record.url or f"{place.address}{item.name}") + mark,
        licence=record.licence or place.licence,
    )


def _withdraw(place: Place, held: HeldRecord, times: int) -> Revision:
    # no date of today in it: the same disappearance, seen again after a crash, must be the same revision
    return Revision(
        source=place.source,
        document_id=DocumentId(held.document_id),
        family_id=FamilyId(held.family_id),
        title="",
        text="",
        published_at=held.published_at,
        effective_from=held.effective_from,
        recorded_at=place.now,
        status=Status.WITHDRAWN,
        url=f"{place.address}#gone-{times}",
        licence=place.licence,
    )


def _keep_responses(place: Place, opened: Iterable[Opened], readable: Iterable[Item]) -> Iterator[RawResponse]:
    listing = encode_canonically([{"name": item.name, "stamp": item.stamp, "size": item.size} for item in readable])
    yield RawResponse(url=place.address, media_type="application/json", body=listing)
    for file in opened:
        kind = media_type_of(file.item.name) or "application/octet-stream"
        yield RawResponse(url=f"{place.address}{file.item.name}", media_type=kind, body=file.body)
