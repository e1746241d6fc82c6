"""openFDA's enforcement reports: recalls of drugs, food and devices, and how grave the FDA classifies each.

Reads ``/{product}/enforcement.json`` of https://open.fda.gov/apis/drug/enforcement/ by the day of the report. Paging follows
https://open.fda.gov/apis/paging/: by the ``search_after`` of the ``Link`` header, which has no limit, and by ``skip`` where
there is no such header, up to 25,000. The key is sent as https://open.fda.gov/apis/authentication/ allows.
"""

from __future__ import annotations

import base64
import json
import re
from datetime import date, datetime
from functools import partial
from typing import Literal

import httpx
from pydantic import BaseModel, ConfigDict, Field

from pipelines.detect.bounding import bound_text
from pipelines.detect.client import Client, Response
from pipelines.detect.fields import Fields
from pipelines.detect.sources import Access
from pipelines.detect.steadying import Listing, read_steadily
from pipelines.detect.windows import Window, read_position, write_position
from pipelines.domain.drops import Cursor, Detection
from pipelines.domain.errors import ResponseError
from pipelines.domain.identities import DocumentId, FamilyId, SourceName, digest_value, shorten
from pipelines.domain.revisions import Revision

OFFICIAL = "https://api.fda.gov"
LARGEST_PAGE = 1_000
LARGEST_SKIP = 25_000
LICENCE = "CC0"
_DAY = ("%Y%m%d",)
_TITLE_CHARS, _REASON_CHARS, _PRODUCT_CHARS = 200, 2_000, 2_000
_NEXT = re.compile(r'<([^<>]*)>\s*;[^,]*\brel\s*=\s*"?next\b', re.IGNORECASE)

Query = dict[str, str | int]


class OpenFdaEnforcement(BaseModel):
    """Enforcement reports by day of report, optionally those that ``query`` (openFDA's search syntax) finds.

    A classification that ``labels`` does not know passes as it is, so that admission can say that it was never seen before.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["openfda_enforcement"] = "openfda_enforcement"
    label: str | None = None
    product_types: tuple[Literal["drug", "food", "device"], ...] = Field(default=("drug",), min_length=1)
    query: str = ""
    labels: dict[str, str] = Field(default_factory=dict)
    start: date = date(2012, 1, 1)
    overlap_days: int = Field(default=14, ge=0)
    page_size: int = Field(default=LARGEST_PAGE, ge=1, le=LARGEST_PAGE)

    @property
    def name(self) -> SourceName:
        """The name in the corpus and the ledger."""
        return SourceName(self.label or self.kind)

    def detect(self, since: Cursor | None, access: Access) -> Detection:
        """Return the reports since ``since``, less the overlap; see :class:`~pipelines.detect.sources.Source`."""
        position = read_position(self.name, since)
        seen = position.date("reported") if position else None
        window = Window.after(seen, start=self.start, overlap_days=self.overlap_days, today=access.now.date())
        base = access.base_url(self.kind, OFFICIAL)
        query = self._compose_query(window)
        reports: list[Fields] = []
        with Client(self.name, headers=_sign(access)) as client:
            for product in dict.fromkeys(self.product_types):
                read = partial(self._list, client, f"{base}/{product}/enforcement.json", query)
                reports += read_steadily(self.name, read).values()
            responses = client.responses
        revisions = {revision.digest: revision for revision in (self._read(report, access.now) for report in reports)}
        newest = max((report.date("report_date", _DAY) for report in reports), default=seen or self.start)
        cursor = write_position({"reported": max(newest, seen or newest).isoformat()})
        return Detection(revisions=tuple(sorted(revisions.values(), key=_order)), responses=responses, cursor=cursor)

    def _compose_query(self, window: Window) -> Query:
        days = f"report_date:[{window.first:%Y%m%d} TO {window.last:%Y%m%d}]"
        search = f"{days} AND ({self.query})" if self.query else days
        return {"search": search, "sort": "report_date:asc", "limit": self.page_size}

    def _list(self, client: Client, url: str, query: Query) -> Listing:
        """Read all pages. Of a ``Link`` only the place in the list counts: an answer's address is never followed elsewhere."""
        rows: dict[str, Fields] = {}
        totals: set[int] = set()
        place: Query | None = {}
        asked: list[Query] = []
        while place is not None and place not in asked:
            asked.append(place)
            answer = client.get(url, {**query, **place})
            page = self._read_page(answer)
            reports = page.children("results") if page else ()
            # A report is known by all that it says, since a recall number was once left blank.
            rows |= {json.dumps(report.mapping, sort_keys=True): report for report in reports}
            totals.add(page.integer("meta.results.total") if page else 0)
            place = self._find_place(answer, place, len(reports), max(totals)) if reports else None
        return Listing(rows=rows, is_whole=totals == {len(rows)})

    def _read_page(self, answer: Response) -> Fields | None:
        """Return a page, or ``None`` where openFDA says, as it does by a 404, that nothing matches."""
        body = Fields.read(self.name, "", answer.json())
        if answer.status != 404:
            return body
        if body.has("error") and body.child("error").text_or("code") == "NOT_FOUND":
            return None
        raise body.error("error.code", "a 404 that is not openFDA's own NOT_FOUND: check the source's address")

    def _find_place(self, answer: Response, place: Query, received: int, total: int) -> Query | None:
        link = _NEXT.search(answer.headers.get("link", ""))
        if link:
            params = httpx.URL(link.group(1)).params
            for name in ("search_after", "skip"):
                if params.get(name, "0") != "0":
                    return {name: params[name]}
        skipped = int(place.get("skip", 0)) + received
        if "search_after" in place or skipped >= total:
            return None
        if skipped > LARGEST_SKIP:
            problem = f"{total} reports, and without a Link header no more than {LARGEST_SKIP} can be skipped: narrow the query"
            raise ResponseError(self.name, "", "meta.results.total", problem)
        return {"skip": skipped}

    def _read(self, report: Fields, recorded_at: datetime) -> Revision:
        event = report.identifier("event_id")
        document = _find_number(report, event)
        report = report.of(document)
        reason = bound_text(report.text("reason_for_recall"), _REASON_CHARS)
        product = bound_text(report.text("product_description"), _PRODUCT_CHARS)
        classification = report.text("classification")
        reported = report.date("report_date", _DAY)
        return Revision(
            source=self.name,
            document_id=DocumentId(document),
            family_id=FamilyId(event),
            title=bound_text(reason, _TITLE_CHARS),
            text=f"{reason}\n\n{product}",
            labels=(self.labels.get(classification, classification),),
            published_at=reported,
            effective_from=reported,
            recorded_at=recorded_at,
            url=f"https://www.accessdata.fda.gov/scripts/ires/index.cfm?Event={event}",
            licence=LICENCE,
        )


def _sign(access: Access) -> dict[str, str]:
    """Return the key as the user name of Basic authentication: as a parameter it would come back in every ``Link``."""
    key = access.secrets.get("openfda")
    return {"Authorization": f"Basic {base64.b64encode(f'{key}:'.encode()).decode()}"} if key else {}


def _find_number(report: Fields, event: str) -> str:
    """Return the recall number; one that is there but blank, as happened in 2022, is made up from event and product."""
    if not report.has("recall_number"):
        raise report.error("recall_number", "is gone")
    if report.text_or("recall_number"):
        return report.identifier("recall_number")
    return f"event {event} {shorten(digest_value(report.text('product_description')))}"


def _order(revision: Revision) -> tuple[str, date, str]:
    return revision.document_id, revision.effective_from, revision.digest
