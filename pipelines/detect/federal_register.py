"""The Federal Register: what the agencies of the United States proposed, decided, corrected and withdrew, day by day.

Reads ``documents.json`` of https://www.federalregister.gov/developers/documentation/api/v1. One search gives at most 2,000
documents, so a window with more is halved by days. A correction is a new revision of the document that it corrects.
"""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Literal
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field

from pipelines.detect.client import Client
from pipelines.detect.federal_register_rows import FIELDS, Reader
from pipelines.detect.fields import Fields
from pipelines.detect.sources import Access
from pipelines.detect.steadying import Listing, read_steadily
from pipelines.domain.drops import Cursor, Detection
from pipelines.domain.errors import ResponseError
from pipelines.domain.identities import SourceName
from pipelines.domain.revisions import Revision

OFFICIAL = "https://www.federalregister.gov/api/v1"
MOST_ROWS = 2_000


class FederalRegister(BaseModel):
    """Documents by day of publication, optionally of some agencies (slugs), types and terms (any of them, as phrases)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["federal_register"] = "federal_register"
    label: str | None = None
    agencies: tuple[str, ...] = ()
    types: tuple[Literal["RULE", "PRORULE", "NOTICE", "PRESDOCU"], ...] = ("RULE", "PRORULE")
    terms: tuple[str, ...] = ()
    labels: dict[str, str] = Field(default_factory=dict)
    start: date = date(2024, 1, 1)
    overlap_days: int = Field(default=7, ge=0)
    per_page: int = Field(default=1_000, ge=1, le=1_000)

    @property
    def name(self) -> SourceName:
        """The name in the corpus and the ledger."""
        return SourceName(self.label or self.kind)

    def detect(self, since: Cursor | None, access: Access) -> Detection:
        """Return the documents published since ``since``, less the overlap; see :class:`~pipelines.detect.sources.Source`."""
        base = access.base_url(self.kind, OFFICIAL)
        published = self._read_cursor(since)
        first = self.start if published is None else max(self.start, published - timedelta(days=self.overlap_days))
        with Client(self.name) as client:
            rows = self._read_window(client, base, first, max(first, access.now.date()))
            reader = Reader(client=client, base=base, source=self.name, classes=self.labels, recorded_at=access.now)
            revisions = [revision for key in sorted(rows) for revision in reader.read(rows[key])]
            newest = max([row.date("publication_date") for row in rows.values()], default=published or self.start)
            responses = client.responses
        position = json.dumps({"published": max(newest, published or newest).isoformat()})
        return Detection(revisions=tuple(sorted(revisions, key=_order)), responses=responses, cursor=Cursor(position))

    def _read_cursor(self, since: Cursor | None) -> date | None:
        if since is None:
            return None
        try:
            return Fields.read(self.name, "cursor", json.loads(since.position)).date("published")
        except ValueError as error:
            raise ResponseError(self.name, "cursor", "published", "is not this source's cursor: start it afresh") from error

    def _read_window(self, client: Client, base: str, first: date, last: date) -> dict[str, Fields]:
        opening = self._ask(client, base, first, last, 1)
        if opening.integer("count") <= MOST_ROWS:
            openings = iter([opening])
            return read_steadily(self.name, lambda: self._list(client, base, first, last, next(openings, None)))
        if first == last:
            problem = f"more than {MOST_ROWS} documents on {first}, and the API shows no more: narrow by agencies, types or terms"
            raise ResponseError(self.name, "", "count", problem)
        middle = first + (last - first) // 2
        earlier = self._read_window(client, base, first, middle)
        return {**earlier, **self._read_window(client, base, middle + timedelta(days=1), last)}

    def _list(self, client: Client, base: str, first: date, last: date, opening: Fields | None) -> Listing:
        """Read all pages. Of ``next_page_url`` only its being there counts: an answer's address is never followed elsewhere."""
        rows: dict[str, Fields] = {}
        counts = set()
        for number in range(1, MOST_ROWS // self.per_page + 2):
            page = opening if opening and number == 1 else self._ask(client, base, first, last, number)
            counts.add(page.integer("count"))
            for row in page.children("results") if page.integer("count") else ():
                document = row.identifier("document_number")
                # Numbers of past decades were given twice, on different days.
                rows[f"{document} {row.of(document).date('publication_date')}"] = row.of(document)
            if not page.has("next_page_url"):
                break
        return Listing(rows=rows, is_whole=counts == {len(rows)})

    def _ask(self, client: Client, base: str, first: date, last: date, page: int) -> Fields:
        query = [
            ("conditions[publication_date][gte]", first.isoformat()),
            ("conditions[publication_date][lte]", last.isoformat()),
        ]
        query += [("conditions[agencies][]", slug) for slug in self.agencies]
        query += [("conditions[type][]", kind) for kind in self.types]
        if self.terms:
            query.append(("conditions[term]", " | ".join(f'"{term}"' for term in self.terms)))
        query += [("fields[]", field) for field in FIELDS]
        query += [("order", "oldest"), ("per_page", str(self.per_page)), ("page", str(page))]
        answer = client.get(f"{base}/documents.json?{urlencode(query)}")
        if answer.status == 404:
            raise ResponseError(self.name, "", "", f"{base} has no documents.json: check the source's address")
        return Fields.read(self.name, "", answer.json())


def _order(revision: Revision) -> tuple[str, date, str]:
    return revision.document_id, revision.effective_from, revision.digest
