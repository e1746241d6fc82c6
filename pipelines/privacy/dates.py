"""Finds every element of a date but the year (45 CFR 164.514(b)(2)(i)(C)), and moves dates without changing how they are written.

A year alone stays. A weekday alone stays too: dates are moved by whole weeks, so it stays true.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from pipelines.privacy.mentions import Mention, MentionKind

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
FULL = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_MONTH = (
    r"(?P<month>Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?|Sept?(?:ember)?|Oct(?:ober)?"
    r"|Nov(?:ember)?|Dec(?:ember)?)\b\.?"
)
_DAY = r"(?P<day>0?[1-9]|[12]\d|3[01])(?P<ordinal>st|nd|rd|th)?(?![\d])(?!-year|\.\d)"
_YEAR = r"(?P<year>(?:1[89]|20)\d\d|['’]\d\d)(?!\w)"
_NOT_A_DOSE = r"(?!\s?(?:mg|mcg|g|ml|mL|units?|tablets?|%|years?|yo|y/o))"
_BEFORE = r"(?<![\w/.,-])"

WRITTEN = (
    re.compile(rf"\b{_MONTH}[ -]{_DAY}(?:,? |-){_YEAR}", re.IGNORECASE),
    re.compile(rf"\b{_MONTH} {_DAY}(?:,? of)?,? {_YEAR}", re.IGNORECASE),
    re.compile(rf"{_BEFORE}{_DAY}(?: of)?[ -]?{_MONTH},?[ -]?{_YEAR}", re.IGNORECASE),
    re.compile(rf"{_BEFORE}{_DAY}-{_MONTH}-(?P<year>\d\d)(?![\w-])", re.IGNORECASE),
    re.compile(rf"\b{_MONTH}(?: of|,)?[ -]{_YEAR}", re.IGNORECASE),
    re.compile(rf"\b{_MONTH} {_DAY}{_NOT_A_DOSE}\b"),
    re.compile(rf"{_BEFORE}{_DAY}(?: of)? {_MONTH}\b"),
    re.compile(
        r"\b(?:[Ii]n|[Ss]ince|[Uu]ntil|[Bb]y|[Dd]uring|(?P<near>[Ll]ast|[Nn]ext|[Tt]his|[Pp]ast)|[Ee]arly"
        r"|[Mm]id|[Ll]ate|of|between|and)[ -]"
        rf"{_MONTH}(?! (?:be|have|not|also))"
    ),
)
NUMERIC = (
    re.compile(
        rf"{_BEFORE}(?P<month>0?[1-9]|1[0-2])(?P<mark>[/.-])(?P<day>0?[1-9]|[12]\d"
        r"|3[01])(?P=mark)(?P<year>(?:1[89]|20)\d\d|\d\d)(?![\w-])"
    ),
    re.compile(
        rf"{_BEFORE}(?P<day>1[3-9]|2\d|3[01])(?P<mark>[/.-])(?P<month>0?[1-9]"
        r"|1[0-2])(?P=mark)(?P<year>(?:1[89]|20)\d\d|\d\d)(?![\w-])"
    ),
    re.compile(
        rf"{_BEFORE}(?P<year>(?:1[89]|20)\d\d)(?P<mark>[/.-])(?P<month>0?[1-9]|1[0-2])(?P=mark)(?P<day>0?[1-9]"
        r"|[12]\d|3[01])(?![\d-])"
    ),
    re.compile(r"(?<![\w/.-])(?P<month>0?[1-9]|1[0-2])[/-](?P<year>(?:19|20)\d\d)(?![\w/-])"),
    re.compile(
        r"\b(?:[Oo]n|[Ss]ince|[Dd]ated?:?|DOB:?|[Uu]ntil|[Tt]hrough|[Vv]isit|[Ss]een|[Aa]dmitted|[Dd]ischarged|[Ss]urgery) "
        r"(?P<month>0?[1-9]|1[0-2])[/](?P<day>0?[1-9]|[12]\d|3[01])(?![\w/-])"
    ),
)
BARE = re.compile(r"^(?P<month>0?[1-9]|1[0-2])/(?P<day>0?[1-9]|[12]\d|3[01])$")
HOLIDAY = re.compile(
    r"\b(?:Christmas(?: Eve| Day)?(?! (?:disease|factor|tree))|Thanksgiving|Easter(?: Sunday)?|Halloween"
    r"|New Year['’]s(?: Eve| Day)?"
    r"|Valentine['’]s Day|Labor Day|Memorial Day|Independence Day|Mother['’]s Day|Father['’]s Day|Hanukkah|Ramadan|Passover)"
)
SEASON = re.compile(r"\b(?:[Ss]pring|[Ss]ummer|[Ff]all|[Aa]utumn|[Ww]inter)(?:,? of|,)? (?P<year>(?:1[89]|20)\d\d)\b")
RELATIVE = re.compile(
    r"\b(?:(?:last|past|previous|next|earlier this) (?:month|week)|yesterday|the day before yesterday)\b", re.IGNORECASE
)
"""Dates nothing by itself; beside a person it does."""

OLD_YEAR = re.compile(r"(?<!\d)(?:1[89]|20)\d\d(?!\d)")


def find_dates(text: str) -> list[Mention]:
    """Return dates, parts of dates with a month, and holidays, without overlaps."""
    taken: list[tuple[int, int]] = []
    for start, end in _scan(text):
        if not any(start < other_end and other_start < end for other_start, other_end in taken):
            taken.append((start, end))
    return sorted(Mention(start=start, end=end, kind=MentionKind.DATE) for start, end in taken)


def find_relative_dates(text: str) -> list[Mention]:
    """Return words that date something by the day of writing, such as "last month"."""
    return [Mention(start=found.start(), end=found.end(), kind=MentionKind.DATE) for found in RELATIVE.finditer(text)]


def move_date(value: str, days: int, year: int) -> str:
    """Return the date ``days`` later, written as it was; ``year`` is taken where it has none.

    Days that no month has are taken for the last that it has. Of a season its year stays, and what is no date (a holiday,
    "last month") becomes "recently".
    """
    found = next((hit for form in (*WRITTEN, *NUMERIC, BARE) if (hit := form.search(value))), None)
    if found is None:
        season = SEASON.search(value)
        return season.group("year") if season else "recently"
    groups = found.groupdict()
    moved = _read(groups, year) + timedelta(days=days)
    is_padded = (groups.get("month") or "").isdigit()
    text = value
    for name in sorted((name for name in groups if groups[name] and name not in {"mark", "near"}), key=found.start, reverse=True):
        text = text[: found.start(name)] + _write(name, groups[name], moved, is_padded=is_padded) + text[found.end(name) :]
    return text


def hide_birth(value: str, year: int) -> str:
    """Return the date with a year that makes nobody older than 90 in ``year``: a day of birth would tell an age over 89."""
    return OLD_YEAR.sub(lambda found: str(max(int(found.group()), year - 90)), value)


def read_years(text: str) -> list[int]:
    """Return the four-digit years that a text names."""
    return [int(found) for found in re.findall(r"(?<![\w.,-])(?:19|20)\d\d(?![\w]|[.,]\d)", text)] + [
        int(found.group("year")) for form in NUMERIC[:4] for found in form.finditer(text) if len(found.group("year")) == 4
    ]


def _scan(text: str) -> Iterator[tuple[int, int]]:
    for form in (*WRITTEN, *NUMERIC):
        for found in form.finditer(text):
            spans = [found.span(name) for name, value in found.groupdict().items() if value]
            yield min(start for start, _ in spans), max(end for _, end in spans)
    for form in (HOLIDAY, SEASON):
        yield from (found.span() for found in form.finditer(text))


def _read(groups: dict[str, str | None], year: int) -> date:
    written = groups.get("year")
    if written is not None:
        digits = int(written.strip("'’"))
        year = digits if digits >= 100 else (2000 if digits <= 40 else 1900) + digits
    month = groups["month"] or "1"
    number = int(month) if month.isdigit() else MONTHS.index(month[:3].casefold()) + 1
    day = int(groups.get("day") or 15)
    last = (date(year + number // 12, number % 12 + 1, 1) - timedelta(days=1)).day
    return date(year, number, min(day, last))


def _write(name: str, old: str, moved: date, *, is_padded: bool) -> str:
    if name == "ordinal":
        return "th" if 11 <= moved.day <= 13 else {1: "st", 2: "nd", 3: "rd"}.get(moved.day % 10, "th")
    if name == "month" and not old.isdigit():
        word = FULL[moved.month - 1] if len(old) > 4 or old.casefold() in {"may", "june", "july"} else FULL[moved.month - 1][:3]
        return word.upper() if old.isupper() else word.lower() if old.islower() else word
    if name == "year":
        mark = old[0] if old[0] in "'’" else ""
        return mark + (f"{moved.year:04d}" if len(old) == 4 else f"{moved.year % 100:02d}")
    number = getattr(moved, name)
    return f"{number:02d}" if old.startswith("0") or (len(old) == 2 and is_padded) else str(number)
