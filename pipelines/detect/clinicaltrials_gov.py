"""ClinicalTrials.gov: what trials say of themselves, and what becomes of them.

Reads ``/studies`` of https://clinicaltrials.gov/data-api/api by the day of the last posted update. Only the fields that are
taught are asked for: contacts and officials are persons, and what is never received need not be removed.
"""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pipelines.detect.client import Client
from pipelines.detect.clinicaltrials_gov_studies import PIECES, UPDATED, read_study
from pipelines.detect.fields import Fields
from pipelines.detect.sources import Access
from pipelines.detect.steadying import Listing, read_steadily
from pipelines.detect.windows import Window, read_position, write_position
from pipelines.domain.drops import Cursor, Detection
from pipelines.domain.errors import ResponseError
from pipelines.domain.identities import SourceName

OFFICIAL = "https://clinicaltrials.gov/api/v2"
LARGEST_PAGE = 1_000
MOST_PAGES = 10_000


class ClinicalTrialsGov(BaseModel):
    """Studies by day of the last posted update, optionally those that ``query`` (the API's search syntax) finds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["clinicaltrials_gov"] = "clinicaltrials_gov"
    label: str | None = None
    query: str = ""
    labels: dict[str, str] = Field(default_factory=dict)
    start: date = date(2024, 1, 1)
    overlap_days: int = Field(default=7, ge=0)
    page_size: int = Field(default=500, ge=1, le=LARGEST_PAGE)

    @property
    def name(self) -> SourceName:
        """The name in the corpus and the ledger."""
        return SourceName(self.label or self.kind)

    def detect(self, since: Cursor | None, access: Access) -> Detection:
        """Return the studies updated since ``since``, less the overlap; see :class:`~pipelines.detect.sources.Source`."""
        position = read_position(self.name, since)
        seen = position.date("updated") if position else None
        window = Window.after(seen, start=self.start, overlap_days=self.overlap_days, today=access.now.date())
        base = access.base_url(self.kind, OFFICIAL)
        with Client(self.name) as client:
            studies = read_steadily(self.name, lambda: self._list(client, base, window))
            responses = client.responses
        revisions = [
            revision
            for document in sorted(studies)
            if (revision := read_study(studies[document], self.name, self.labels, access.now)) is not None
        ]
        newest = max((study.date(UPDATED) for study in studies.values()), default=seen or self.start)
        cursor = write_position({"updated": max(newest, seen or newest).isoformat()})
        return Detection(revisions=tuple(revisions), responses=responses, cursor=cursor)

    def _list(self, client: Client, base: str, window: Window) -> Listing:
        """Read all pages, oldest update first: a study that is updated meanwhile moves to the end, where it is seen again.

        Its later update then stands. A token is only ever sent back to the address that it came from.
        """
        studies: dict[str, Fields] = {}
        total, token = 0, ""
        for _ in range(MOST_PAGES):
            page = self._ask(client, base, window, token)
            total = total if token else page.integer("totalCount")
            for study in page.children("studies"):
                document = study.identifier("protocolSection.identificationModule.nctId")
                studies[document] = study.of(document)
            following = page.text_or("nextPageToken")
            if not following:
                return Listing(rows=studies, is_whole=len(studies) >= total)
            if following == token:
                break
            token = following
        raise ResponseError(self.name, "", "nextPageToken", "leads round in a circle: look again later")

    def _ask(self, client: Client, base: str, window: Window, token: str) -> Fields:
        term = f"AREA[LastUpdatePostDate]RANGE[{window.first},{window.last}]"
        query: dict[str, str | int] = {
            "query.term": f"{term} AND ({self.query})" if self.query else term,
            "fields": ",".join(PIECES),
            "sort": "LastUpdatePostDate:asc",
            "countTotal": "true",
            "pageSize": self.page_size,
            "format": "json",
        }
        answer = client.get(f"{base}/studies", {**query, "pageToken": token} if token else query)
        if answer.status == 404:
            raise ResponseError(self.name, "", "", f"{base} has no studies: check the source's address")
        return Fields.read(self.name, "", answer.json())
