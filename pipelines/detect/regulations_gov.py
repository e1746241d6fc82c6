"""Regulations.gov: the titles, agencies and dockets of rules and proposals, and which of them were withdrawn.

Reads ``/documents`` of https://open.gsa.gov/api/regulationsgov/ in the order of modification, each page asked for from the last
modification seen: so the 5,000 rows that one query shows are no limit, and a document that is modified while we read moves ahead
of us, never out of sight. Where the hourly allowance runs out the look ends early, its cursor where it stopped.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pipelines.detect.client import Client, Response
from pipelines.detect.fields import Fields
from pipelines.detect.labelling import map_labels
from pipelines.detect.regulations_gov_times import MOMENT, read_moment, write_eastern
from pipelines.detect.sources import Access
from pipelines.detect.steadying import READINGS
from pipelines.domain.drops import Cursor, Detection
from pipelines.domain.errors import ResponseError, UnreachableError
from pipelines.domain.identities import DocumentId, FamilyId, SourceName
from pipelines.domain.revisions import Revision, Status

OFFICIAL = "https://api.regulations.gov/v4"
LICENCE = "US government work"
MOST_ROWS = 5_000
PAGE_SIZE = 250
MODIFIED = "attributes.lastModifiedDate"

DocumentType = Literal["Rule", "Proposed Rule", "Notice", "Other", "Supporting & Related Material"]


@dataclass(slots=True)
class Place:
    """Where the reading of one type of document is: the last modification seen, and whether the list was read to its end."""

    modified: datetime
    is_ended: bool
    rows: dict[str, Fields] = field(default_factory=dict)


class RegulationsGov(BaseModel):
    """Documents by type, optionally of some agencies; ``spare_calls`` of the hourly allowance are left to others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["regulations_gov"] = "regulations_gov"
    label: str | None = None
    agencies: tuple[str, ...] = ()
    types: tuple[DocumentType, ...] = Field(default=("Rule", "Proposed Rule"), min_length=1)
    labels: dict[str, str] = Field(default_factory=dict)
    start: date = date(2024, 1, 1)
    overlap_days: int = Field(default=2, ge=0)
    spare_calls: int = Field(default=5, ge=0)

    @property
    def name(self) -> SourceName:
        """The name in the corpus and the ledger."""
        return SourceName(self.label or self.kind)

    def detect(self, since: Cursor | None, access: Access) -> Detection:
        """Return the documents modified since ``since``, less the overlap; see :class:`~pipelines.detect.sources.Source`.

        Raises :class:`UnreachableError` when there is no API key.
        """
        key = access.secrets.get(self.kind)
        if not key:
            raise UnreachableError(
                f"{self.name}: no API key: set ADDENDUM_REGULATIONS_GOV_KEY (from https://api.data.gov/signup/)"
            )
        base, places = access.base_url(self.kind, OFFICIAL), self._read_cursor(since)
        with Client(self.name, headers={"X-Api-Key": key}) as client:
            for kind in self.types:
                if not self._read_type(client, base, kind, places[kind]):
                    break
            responses = client.responses
        rows = {document: row for kind in self.types for document, row in places[kind].rows.items()}
        revisions = tuple(self._make_revision(rows[document], access.now) for document in sorted(rows))
        return Detection(revisions=revisions, responses=responses, cursor=_write_cursor(places))

    def _read_cursor(self, since: Cursor | None) -> dict[str, Place]:
        try:
            known = Fields.read(self.name, "cursor", json.loads(since.position) if since else {})
        except ValueError as error:
            raise ResponseError(self.name, "cursor", "", "is not this source's cursor: start it afresh") from error
        start = datetime.combine(self.start, time(), UTC)
        places: dict[str, Place] = {}
        for kind in sorted({*self.types, *known.mapping}):
            place = known.child(kind) if known.has(kind) else None
            modified = read_moment(place, "modified") if place else start
            places[kind] = Place(modified=modified, is_ended=place.flag("is_ended") if place else False)
        return places

    def _read_type(self, client: Client, base: str, kind: str, place: Place) -> bool:
        """Read on at ``place``, moving it; return whether the allowance lets us go on with another type."""
        at = place.modified - timedelta(days=self.overlap_days) if place.is_ended else place.modified
        number, place.is_ended = 1, False
        while True:
            answer, page = self._ask(client, base, self._build_query(kind, at, number))
            last = self._take_page(page, place)
            place.is_ended = not page.flag("meta.hasNextPage")
            if place.is_ended or self._is_allowance_used(answer):
                return not self._is_allowance_used(answer)
            number = number + 1 if last is None or last <= at else 1
            at = at if last is None else max(at, last)
            if number > MOST_ROWS // PAGE_SIZE:
                raise ResponseError(
                    self.name, "", "lastModifiedDate", f"more than {MOST_ROWS} documents share one: narrow by agencies"
                )

    def _build_query(self, kind: str, at: datetime, number: int) -> Mapping[str, str | int]:
        query: dict[str, str | int] = {
            "filter[documentType]": kind,
            "filter[lastModifiedDate][ge]": write_eastern(at),
            "sort": "lastModifiedDate,documentId",
            "page[size]": PAGE_SIZE,
            "page[number]": number,
        }
        return {"filter[agencyId]": ",".join(self.agencies), **query} if self.agencies else query

    def _ask(self, client: Client, base: str, query: Mapping[str, str | int]) -> tuple[Response, Fields]:
        """Return a page whose rows are in order; one that is not was cut while the list changed, and is asked for again."""
        for _ in range(READINGS):
            answer = client.get(f"{base}/documents", query)
            if answer.status == 404:
                raise ResponseError(self.name, "", "", f"{base} has no documents: check the source's address")
            page = Fields.read(self.name, "", answer.json())
            moments = [read_moment(row.of(row.identifier("id")), MODIFIED) for row in page.children("data")]
            if moments == sorted(moments):
                return answer, page
        raise ResponseError(self.name, "", MODIFIED, "is never in order, so rows would be lost: look again later")

    def _take_page(self, page: Fields, place: Place) -> datetime | None:
        """Add a page's rows to ``place``; return its last modification."""
        last: datetime | None = None
        for row in page.children("data"):
            document = row.identifier("id")
            last = read_moment(row, MODIFIED)
            place.rows[document] = row.of(document)
            place.modified = max(place.modified, last)
        return last

    def _is_allowance_used(self, answer: Response) -> bool:
        remaining = answer.headers.get("x-ratelimit-remaining", "")
        return remaining.isdigit() and int(remaining) <= self.spare_calls

    def _make_revision(self, row: Fields, recorded_at: datetime) -> Revision:
        title, document = row.text("attributes.title"), row.document
        published = _read_day(row)
        labels = (f"agency:{row.text('attributes.agencyId')}", f"type:{row.text('attributes.documentType')}")
        docket = row.identifier("attributes.docketId") if row.text_or("attributes.docketId") else document
        return Revision(
            source=self.name,
            document_id=DocumentId(document),
            family_id=FamilyId(docket),
            title=title,
            text=title,
            labels=map_labels(labels, self.labels),
            published_at=published,
            effective_from=published,
            recorded_at=recorded_at,
            status=Status.WITHDRAWN if row.flag("attributes.withdrawn") else Status.ACTIVE,
            url=f"https://www.regulations.gov/document/{document}",
            licence=LICENCE,
        )


def _write_cursor(places: Mapping[str, Place]) -> Cursor:
    position = {kind: {"modified": place.modified.strftime(MOMENT), "is_ended": place.is_ended} for kind, place in places.items()}
    return Cursor(json.dumps(position, sort_keys=True))


def _read_day(row: Fields) -> date:
    """Return the day of posting; old documents have none, and then the first day that the API does tell."""
    for path in ("attributes.postedDate", "attributes.commentStartDate"):
        if row.text_or(path):
            return read_moment(row, path).date()
    return read_moment(row, MODIFIED).date()
