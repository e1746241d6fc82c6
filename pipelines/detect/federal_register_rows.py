"""What one row of the Federal Register means: a document, a correction of another document, or the end of one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from urllib.parse import urlencode, urlsplit

from pipelines.detect.client import Client
from pipelines.detect.fields import Fields, normalise_dashes
from pipelines.detect.labelling import map_labels
from pipelines.domain.identities import DocumentId, FamilyId, SourceName
from pipelines.domain.revisions import Revision, Status

FIELDS = (
    "abstract",
    "action",
    "agencies",
    "cfr_references",
    "correction_of",
    "corrections",
    "docket_ids",
    "dockets",
    "document_number",
    "effective_on",
    "html_url",
    "publication_date",
    "title",
    "topics",
    "type",
)
LICENCE = "US government work"
_WITHDRAWS = re.compile(r"\bwithdraw", re.IGNORECASE)
_NUMBERS = re.compile(r"\bFR\s+Doc(?:ument)?s?\.?\s+(?:Nos?\.?\s+)?((?:[A-Z]\d-)?(?:\d{4}|E\d|\d{2})-\d{3,6})\b")
_DOCKET_WORDS = re.compile(r"^(?:internal agency\s+)?docket(?:\s+(?:id|nos?\.?|numbers?|#))?\s*[:.#]*\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Turns rows into revisions; asks the API again only for the documents that a correction corrects."""

    client: Client
    base: str
    source: SourceName
    classes: Mapping[str, str]
    recorded_at: datetime

    def read(self, row: Fields) -> Iterator[Revision]:
        """Yield the revisions that a row stands for: one, and one more for each document that it says it withdraws."""
        own = self._read_document(row)
        yield self._correct(row, own) if row.has("correction_of") else own
        if _WITHDRAWS.search(row.text_or("action")) and row.text("type") in {"Rule", "Proposed Rule"}:
            for number in _find_numbers(row) - {own.document_id}:
                yield self._withdraw(number, own)

    def _read_document(self, row: Fields) -> Revision:
        number, title, published = row.identifier("document_number"), row.text("title"), row.date("publication_date")
        return Revision(
            source=self.source,
            document_id=DocumentId(number),
            family_id=FamilyId(_find_docket(row) or number),
            title=title,
            text=row.text_or("abstract", title),
            labels=map_labels(_read_labels(row), self.classes),
            published_at=published,
            effective_from=row.date_or_none("effective_on") or published,
            recorded_at=self.recorded_at,
            status=Status.WITHDRAWN if _is_withdrawn(row) else Status.ACTIVE,
            url=row.text_or("html_url"),
            licence=LICENCE,
        )

    def _correct(self, row: Fields, own: Revision) -> Revision:
        """Return the correction as a revision of what it corrects: in its family, with its labels, its text if it has none."""
        corrected = _last_segment(row, row.text("correction_of"))
        found = self._find(corrected)
        if found is None:
            family = FamilyId(_find_docket(row) or corrected)
            return replace(own, document_id=DocumentId(corrected), family_id=family, effective_from=own.published_at)
        original = self._read_document(found)
        return replace(
            own,
            document_id=original.document_id,
            family_id=original.family_id,
            labels=original.labels,
            text=own.text if row.has("abstract") else original.text,
            effective_from=_follow(own, original, _place_of(row, found)),
        )

    def _find(self, number: str) -> Fields | None:
        query = urlencode([("fields[]", field) for field in FIELDS])
        answer = self.client.get(f"{self.base}/documents/{number}.json?{query}")
        return None if answer.status == 404 else Fields.read(self.source, number, answer.json())

    def _withdraw(self, number: str, notice: Revision) -> Revision:
        return replace(
            notice,
            document_id=DocumentId(number),
            text="",
            effective_from=notice.published_at,
            status=Status.WITHDRAWN,
        )


def _is_withdrawn(row: Fields) -> bool:
    return row.flag_or("withdrawn", default=False) or row.text_or("action").lower().startswith("withdrawn")


def _find_numbers(row: Fields) -> set[str]:
    said = f"{row.text('title')} {row.text_or('abstract')} {row.text('action')}"
    return set(_NUMBERS.findall(normalise_dashes(said)))


def _find_docket(row: Fields) -> str:
    """Return the first docket: its id at regulations.gov where there is one, else as the agency writes it, less the words."""
    dockets = [docket.identifier("id") for docket in row.children_or("dockets") if docket.has("id")]
    written = [_DOCKET_WORDS.sub("", normalise_dashes(docket)) for docket in row.texts_or("docket_ids")]
    return next(iter([*dockets, *filter(None, written)]), "")


def _read_labels(row: Fields) -> Iterator[str]:
    yield f"type:{row.text('type')}"
    for agency in row.children("agencies"):
        if agency.has("slug"):
            yield f"agency:{agency.text('slug')}"
    for topic in row.texts_or("topics"):
        yield f"topic:{topic}"
    for reference in row.children_or("cfr_references"):
        if reference.has("title") and reference.has("part"):
            yield f"cfr:{reference.integer('title')} CFR {reference.integer('part')}"


def _last_segment(row: Fields, url: str) -> str:
    number = normalise_dashes(urlsplit(url).path.rstrip("/").rsplit("/", 1)[-1]).removesuffix(".json")
    if not re.fullmatch(r"[A-Za-z0-9-]{4,30}", number):
        raise row.error("correction_of", "does not end in a document number")
    return number


def _place_of(row: Fields, found: Fields) -> int:
    """Return which of the original's corrections this is, counted from 1."""
    numbers = [_last_segment(found, url) for url in found.texts_or("corrections")]
    number = row.identifier("document_number")
    return numbers.index(number) + 1 if number in numbers else 1


def _follow(correction: Revision, original: Revision, place: int) -> date:
    """Return when the correction takes over: at its publication, but never before what it corrects, a rule not yet in force."""
    return max(correction.published_at, original.effective_from + timedelta(days=place))
