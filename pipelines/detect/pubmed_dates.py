"""When a paper appeared: PubMed says it in four ways, some of them prose.

The forms are those of https://www.nlm.nih.gov/bsd/licensee/elements_descriptions.html (PubDate, MedlineDate).
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date

from pipelines.detect.markup import Element, read_text
from pipelines.domain.errors import ResponseError

_NAMES = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, start=1)}
_SEASONS = {"winter": 1, "spring": 4, "summer": 7, "fall": 10, "autumn": 10}
_YEAR = re.compile(r"\b(1[6-9]\d\d|2\d\d\d)\b")
_MONTH = re.compile(rf"\b({'|'.join(_MONTHS)})[a-z]*\b(?:\s+(\d\d?)\b)?", re.IGNORECASE)
_SEASON = re.compile(rf"\b({'|'.join(_SEASONS)})\b", re.IGNORECASE)


def read_published(source: str, document: str, article: Element) -> date:
    """Return the day on which a paper appeared, as exactly as it is known.

    That is the day of the electronic article, else the issue's. An issue is often dated ahead, so a paper never appeared after
    the day on which PubMed had it. Raises :class:`ResponseError` where there is no date at all.
    """
    electronic = _read_parts(_find(article, ".//ArticleDate", ".//ContributionDate"))
    issue = electronic or _read_issue(_find(article, ".//JournalIssue/PubDate", ".//Book/PubDate"))
    entered = _read_parts(article.find(".//PubMedPubDate[@PubStatus='entrez']"))
    known = [day for day in (issue, entered) if day is not None]
    if not known:
        raise ResponseError(source, document, "PubDate", "is gone or says no year")
    return min(known)


def _read_issue(element: Element | None) -> date | None:
    if element is None:
        return None
    return _read_parts(element) or _read_prose(read_text(element.find("MedlineDate")))


def _read_parts(element: Element | None) -> date | None:
    if element is None or not read_text(element.find("Year")).isdecimal():
        return None
    parts = {name: read_text(element.find(name)) for name in ("Year", "Month", "Day", "Season")}
    month, day = parts["Month"], parts["Day"]
    number = int(month) if month.isdecimal() else _month_of(month) or _season_of(parts["Season"]) or 1
    return _make(int(parts["Year"]), number, int(day) if day.isdecimal() else 1)


def _read_prose(written: str) -> date | None:
    """Return the first day of such as ``1998 Dec-1999 Jan``, ``2000 Spring-Summer``, ``2000 Nov 20-Dec 3`` or ``1999-2000``."""
    year, month = _YEAR.search(written), _MONTH.search(written)
    if year is None:
        return None
    number = _month_of(month.group(1)) if month else _season_of(written)
    return _make(int(year.group(1)), number or 1, int(month.group(2) or 1) if month else 1)


def _month_of(written: str) -> int | None:
    return _MONTHS.get(written[:3].lower())


def _season_of(written: str) -> int | None:
    season = _SEASON.search(written)
    return _SEASONS[season.group(1).lower()] if season else None


def _make(year: int, month: int, day: int) -> date | None:
    if not (1 <= year <= 9999 and 1 <= month <= 12):
        return None
    return date(year, month, min(max(day, 1), monthrange(year, month)[1]))


def _find(article: Element, *paths: str) -> Element | None:
    return next((found for path in paths if (found := article.find(path)) is not None), None)
