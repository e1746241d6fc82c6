"""PubMed: abstracts, and above all what became of them, for a retracted paper reads as well as it did before.

Speaks E-utilities (https://www.ncbi.nlm.nih.gov/books/NBK25499/): ESearch leaves what it found on the history server, EFetch
reads it from there page by page, so that nothing moves between two pages. One look asks for what was entered (``edat``) and for
what was modified (``mdat``), because a retraction modifies a record that was entered long ago.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pipelines.detect.client import Client
from pipelines.detect.fields import Fields
from pipelines.detect.pubmed_articles import Article, ArticleSet, read_articles, read_deletion
from pipelines.detect.pubmed_searches import MOST_FOUND, Found, read_search
from pipelines.detect.sources import Access
from pipelines.detect.windows import Window, read_position, write_position
from pipelines.domain.drops import Cursor, Detection
from pipelines.domain.errors import ResponseError
from pipelines.domain.identities import Json, SourceName
from pipelines.domain.revisions import Revision

OFFICIAL = "https://eutils.ncbi.nlm.nih.gov/entrez/eutils"
SPACING_S = 0.34
SPACING_WITH_KEY_S = 0.1
"""NCBI allows three requests a second, ten with a key."""


class PubMed(BaseModel):
    """Papers that ``query`` (PubMed's search syntax) finds, by day of entry and of modification.

    ``spacing_s`` is the pause before each request; by default what NCBI asks for. ``page_size`` is the papers of one EFetch.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["pubmed"] = "pubmed"
    label: str | None = None
    query: str = Field(default="all[sb]", min_length=1)
    labels: dict[str, str] = Field(default_factory=dict)
    start: date = date(2024, 1, 1)
    overlap_days: int = Field(default=7, ge=0)
    page_size: int = Field(default=200, ge=1, le=MOST_FOUND)
    spacing_s: float | None = Field(default=None, ge=0)

    @property
    def name(self) -> SourceName:
        """The name in the corpus and the ledger."""
        return SourceName(self.label or self.kind)

    def detect(self, since: Cursor | None, access: Access) -> Detection:
        """Return what was entered, modified or deleted since ``since``; see :class:`~pipelines.detect.sources.Source`.

        Papers that a search named and no fetch brought are remembered in the cursor and asked for again.
        """
        position = read_position(self.name, since)
        seen = position.date("until") if position else None
        window = Window.after(seen, start=self.start, overlap_days=self.overlap_days, today=access.now.date())
        with Client(self.name) as client:
            asking = self._open(client, access)
            if position:
                asking.fetch_papers(_read_owed(position))
            for day in ("edat", "mdat"):
                asking.look(window, day)
            asking.fetch_papers(sorted(asking.owed, key=int))
            responses = client.responses
        owed: list[Json] = [*sorted(asking.owed, key=int)]
        cursor = write_position({"until": window.last.isoformat(), "owed": owed})
        return Detection(revisions=self._resolve(asking, access), responses=responses, cursor=cursor)

    def _open(self, client: Client, access: Access) -> _Asking:
        key = access.secrets.get("ncbi")
        spacing = self.spacing_s if self.spacing_s is not None else SPACING_WITH_KEY_S if key else SPACING_S
        return _Asking(
            source=self,
            client=client,
            base=access.base_url(self.kind, OFFICIAL),
            common={"db": "pubmed", "tool": "addendum", **({"api_key": key} if key else {})},
            spacing_s=spacing,
            recorded_at=access.now,
        )

    def _resolve(self, asking: _Asking, access: Access) -> tuple[Revision, ...]:
        """Return each paper once, in its latest version, each tombstone, and no paper that was deleted."""
        papers: dict[str, Article] = {}
        for article in asking.articles:
            document = article.revision.document_id
            if document not in asking.deleted and (document not in papers or papers[document].version <= article.version):
                papers[document] = article
        tombs = [tomb for article in asking.articles for tomb in article.tombs]
        tombs += [read_deletion(document, self.name, self.start, access.now) for document in asking.deleted]
        found = {revision.digest: revision for revision in [*(article.revision for article in papers.values()), *tombs]}
        return tuple(sorted(found.values(), key=lambda each: (each.document_id, each.effective_from, each.digest)))


@dataclass(slots=True, kw_only=True)
class _Asking:
    """One look while it lasts: what was received, and the ids that a search named and no fetch has brought yet."""

    source: PubMed
    client: Client
    base: str
    common: dict[str, str]
    spacing_s: float
    recorded_at: datetime
    articles: list[Article] = field(default_factory=list)
    deleted: set[str] = field(default_factory=set)
    owed: set[str] = field(default_factory=set)
    brought: set[str] = field(default_factory=set)

    def look(self, window: Window, day: str) -> None:
        """Search a window and fetch all of it, in halves where it holds more than PubMed shows of one search."""
        found = self._search(window, day)
        if found.count <= MOST_FOUND:
            return self._fetch_found(found)
        halves = window.halve()
        if halves is None:
            problem = f"{found.count} papers on {window.first}, and PubMed shows {MOST_FOUND} at most: narrow the query"
            raise ResponseError(self.source.name, "", "Count", problem)
        for half in halves:
            self.look(half, day)
        return None

    def fetch_papers(self, documents: list[str]) -> None:
        """Fetch papers by id, in pages."""
        self.owed |= set(documents) - self.brought
        for start in range(0, len(documents), self.source.page_size):
            self._fetch({"id": ",".join(documents[start : start + self.source.page_size])})

    def _search(self, window: Window, day: str) -> Found:
        query = {"term": self.source.query, "datetype": day, "mindate": f"{window.first:%Y/%m/%d}"}
        body = self._ask("esearch", {**query, "maxdate": f"{window.last:%Y/%m/%d}", "usehistory": "y", "retmax": MOST_FOUND})
        return read_search(self.source.name, body)

    def _fetch_found(self, found: Found) -> None:
        self.owed |= found.documents - self.brought
        for start in range(0, found.count, self.source.page_size):
            page: dict[str, str | int] = {"retstart": start, "retmax": self.source.page_size}
            self._fetch({"query_key": found.query_key, "WebEnv": found.web_env, **page})

    def _fetch(self, which: dict[str, str | int]) -> None:
        page = ArticleSet.parse(self.source.name, self._ask("efetch", which))
        self.articles += read_articles(page, self.source.name, self.source.labels, self.recorded_at)
        self.deleted |= page.deleted
        self.brought |= page.documents | page.deleted
        self.owed -= self.brought

    def _ask(self, tool: str, query: dict[str, str | int]) -> bytes:
        time.sleep(self.spacing_s)
        answer = self.client.get(f"{self.base}/{tool}.fcgi", {**self.common, **query, "retmode": "xml"})
        if answer.status == 404:
            raise ResponseError(self.source.name, "", "", f"{self.base} has no {tool}: check the source's address")
        return answer.body


def _read_owed(position: Fields) -> list[str]:
    owed = position.texts_or("owed")
    if not all(document.isdecimal() for document in owed):
        raise position.error("owed", "is no list of PubMed ids: start the source afresh")
    return list(owed)
