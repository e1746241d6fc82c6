"""The Code of Federal Regulations at any point in time: every amendment of a section is a new revision of that section.

Reads the versioner of https://www.ecfr.gov/developers/documentation/api/v1: ``versions`` says when a section was amended or
removed, ``full`` gives the text as of a day. What was in force at the start is read too, so that a later change has a before.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import date, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pipelines.detect.client import Client
from pipelines.detect.ecfr_histories import Version, read_count, read_version
from pipelines.detect.ecfr_texts import Passage, read_passages
from pipelines.detect.fields import Fields
from pipelines.detect.labelling import map_labels
from pipelines.detect.sources import Access
from pipelines.detect.steadying import Listing, read_steadily
from pipelines.domain.drops import Cursor, Detection
from pipelines.domain.errors import ResponseError
from pipelines.domain.identities import DocumentId, FamilyId, SourceName
from pipelines.domain.revisions import Revision, Status

OFFICIAL = "https://www.ecfr.gov/api/versioner/v1"
LICENCE = "US government work"
MOST_PAGES = 50


class Ecfr(BaseModel):
    """Sections and appendices of some parts of one title; ``start`` is the day whose text is the first that is learned."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["ecfr"] = "ecfr"
    label: str | None = None
    title: int = Field(ge=1, le=50)
    parts: tuple[str, ...] = Field(min_length=1)
    labels: dict[str, str] = Field(default_factory=dict)
    start: date = date(2017, 1, 3)
    overlap_days: int = Field(default=7, ge=0)

    @property
    def name(self) -> SourceName:
        """The name in the corpus and the ledger."""
        return SourceName(self.label or self.kind)

    def detect(self, since: Cursor | None, access: Access) -> Detection:
        """Return the amendments issued since ``since``, less the overlap; see :class:`~pipelines.detect.sources.Source`."""
        base = access.base_url(self.kind, OFFICIAL)
        issued = self._read_cursor(since)
        with Client(self.name) as client:
            versions = [version for part in self.parts for version in self._read_history(client, base, part)]
            # A text that is not in force yet cannot be read yet: the cursor waits for it.
            ready = [version for version in versions if version.day <= access.now.date()]
            wanted = self._choose(ready, issued)
            texts = self._read_texts(client, base, wanted)
            revisions = [self._make_revision(version, texts, access) for version in wanted]
            responses = client.responses
        newest = max([*(version.issued for version in ready), issued or self.start])
        waiting = [version.issued for version in versions if version.day > access.now.date()]
        position = json.dumps({"issued": min([newest, *waiting]).isoformat()})
        ordered = sorted(revisions, key=lambda revision: (revision.document_id, revision.effective_from, revision.digest))
        return Detection(revisions=tuple(ordered), responses=responses, cursor=Cursor(position))

    def _read_cursor(self, since: Cursor | None) -> date | None:
        if since is None:
            return None
        try:
            return Fields.read(self.name, "cursor", json.loads(since.position)).date("issued")
        except ValueError as error:
            raise ResponseError(self.name, "cursor", "issued", "is not this source's cursor: start it afresh") from error

    def _read_history(self, client: Client, base: str, part: str) -> list[Version]:
        rows = read_steadily(self.name, lambda: self._list(client, base, part))
        return [read_version(rows[key]) for key in sorted(rows)]

    def _list(self, client: Client, base: str, part: str) -> Listing:
        """Read the pages of a part's history until as many lines came as ``meta.result_count`` promises."""
        rows: dict[str, Fields] = {}
        for number in range(1, MOST_PAGES + 1):
            query: dict[str, str | int] = {"part": part} if number == 1 else {"part": part, "page": number}
            answer = client.get(f"{base}/versions/title-{self.title}.json", query)
            if answer.status == 404:
                raise ResponseError(self.name, f"{self.title} CFR {part}", "", "the API knows no such title or part")
            page = Fields.read(self.name, f"{self.title} CFR {part}", answer.json())
            before = len(rows)
            for row in page.children("content_versions"):
                identifier = row.identifier("identifier")
                rows[json.dumps([identifier, row.text("date"), row.text("issue_date"), row.flag("removed")])] = row.of(
                    f"{self.title} CFR {identifier}"
                )
            promised = read_count(page)
            if len(rows) >= promised or len(rows) == before:
                return Listing(rows=rows, is_whole=len(rows) >= promised)
        return Listing(rows=rows, is_whole=False)

    def _choose(self, versions: Iterable[Version], issued: date | None) -> list[Version]:
        """Return what is new: at first all that was in force at ``start`` or came later, then what was issued since."""
        histories: defaultdict[str, list[Version]] = defaultdict(list)
        for version in versions:
            if version.kind in {"section", "appendix"}:
                histories[version.identifier].append(version)
        chosen: list[Version] = []
        for identifier in sorted(histories):
            history = sorted(histories[identifier], key=lambda version: (version.day, version.issued))
            telling = [version for version in history if version.is_substantive or version.is_removed or version is history[0]]
            standing = [version for version in telling if version.day <= self.start][-1:]
            learned = [version for version in standing if not version.is_removed]
            learned += [version for version in telling if version.day > self.start]
            horizon = None if issued is None else issued - timedelta(days=self.overlap_days)
            chosen += [version for version in learned if horizon is None or version.issued >= horizon]
        return chosen

    def _read_texts(self, client: Client, base: str, versions: Iterable[Version]) -> Mapping[tuple[date, str], Passage]:
        """Read the texts, a request for each day and part: the section alone where only one is wanted."""
        wanted: defaultdict[tuple[date, str], list[Version]] = defaultdict(list)
        for version in versions:
            if not version.is_removed:
                wanted[self._day_of(version), version.part].append(version)
        texts: dict[tuple[date, str], Passage] = {}
        for (day, part), group in sorted(wanted.items()):
            query: dict[str, str | int] = {"part": part}
            if len(group) == 1:
                query[group[0].kind] = group[0].identifier
            texts.update({(day, name): passage for name, passage in self._read_day(client, f"{base}/full/{day}", query)})
        return texts

    def _read_day(self, client: Client, place: str, query: Mapping[str, str | int]) -> Iterator[tuple[str, Passage]]:
        document = f"{self.title} CFR {query.get('section') or query.get('appendix') or query['part']}"
        answer = client.get(f"{place}/title-{self.title}.xml", query)
        if answer.status == 404:
            day = place.rsplit("/", 1)[-1]
            raise ResponseError(self.name, document, "", f"has no text as of {day}: start later, or look again later")
        yield from read_passages(self.name, document, answer.body)

    def _day_of(self, version: Version) -> date:
        return max(version.day, self.start)

    def _make_revision(self, version: Version, texts: Mapping[tuple[date, str], Passage], access: Access) -> Revision:
        citation = f"{self.title} CFR {version.identifier}"
        passage = None if version.is_removed else texts.get((self._day_of(version), version.identifier))
        if passage is None and not version.is_removed:
            raise ResponseError(self.name, citation, "DIV8", f"is not in the text as of {self._day_of(version)}")
        is_gone = passage is None or passage.is_reserved
        return Revision(
            source=self.name,
            document_id=DocumentId(citation),
            family_id=FamilyId(citation),
            title=passage.title if passage else version.name,
            text=passage.text if passage and not is_gone else "",
            labels=map_labels((f"title:{self.title}", f"part:{self.title} CFR {version.part}"), self.labels),
            published_at=version.issued,
            effective_from=version.day,
            recorded_at=access.now,
            status=Status.WITHDRAWN if is_gone else Status.ACTIVE,
            url=f"https://www.ecfr.gov/on/{self._day_of(version)}/title-{self.title}/part-{version.part}",
            licence=LICENCE,
        )
