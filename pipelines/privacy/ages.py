"""Finds ages over 89 and years of birth that give one away: all such ages are one class, "90 or older" (164.514(b)(2)(i)(C))."""

from __future__ import annotations

import re

from pipelines.privacy.mentions import Mention, MentionKind

OLDEST_TOLD = 89
_UNITS = "one|two|three|four|five|six|seven|eight|nine|ten"
_NUMBER = r"(?P<value>9\d|1[0-4]\d)"
_SPELT = rf"(?P<value>ninety(?:[ -](?:{_UNITS}))?|(?:a|one) hundred(?: and)?(?: (?:{_UNITS}))?)"
_OLD = r"[ -]?(?:years?|yrs?|y)\.?[ -]?(?:old|of age|o\b|/o|\.o)"
FORMS = (
    re.compile(
        rf"(?<![\w.,/-]){_NUMBER}(?:{_OLD}|[ -]?(?:yo|y\.o\.|y/o)\b| ?(?:[MF]\b|males?\b|females?\b|man\b"
        r"|woman\b))",
        re.IGNORECASE,
    ),
    re.compile(
        rf"\b(?:age[ds]?|aged?:|age is|age of|ages of|turned|turning)[ :]{{1,2}}(?:at )?{_NUMBER}(?![\d.%/])", re.IGNORECASE
    ),
    re.compile(rf"(?<![\w.,/-]){_NUMBER}th birthday", re.IGNORECASE),
    re.compile(rf"\bborn {_NUMBER} years ago", re.IGNORECASE),
    re.compile(rf"\b{_SPELT}{_OLD}", re.IGNORECASE),
    re.compile(rf"\b(?:aged?|turned|turning|age of) {_SPELT}\b", re.IGNORECASE),
    re.compile(r"\b(?P<value>ninet(?:ieth|y-[a-z]+th)|(?:one )?hundred(?:th| and [a-z]+th)) birthday", re.IGNORECASE),
    re.compile(r"\bin (?:his|her|their|the)(?: early| mid| late)?[ -](?P<value>90s|90['’]s|nineties)\b", re.IGNORECASE),
    re.compile(r"\b(?P<value>(?:super)?centenarians?|nonagenarians?)\b", re.IGNORECASE),
)
BIRTH = re.compile(r"\b(?:born|birth year|year of birth|YOB)(?: in|:| is)? (?P<value>(?:18|19|20)\d\d)(?![\d/-])", re.IGNORECASE)


def find_ages(text: str, year: int) -> list[Mention]:
    """Return what says that somebody is older than 89; ``year`` is the one that the text was written in."""
    spans = [found.span("value") for form in FORMS for found in form.finditer(text)]
    spans += [found.span("value") for found in BIRTH.finditer(text) if year - int(found.group("value")) > OLDEST_TOLD]
    return sorted({Mention(start=start, end=end, kind=MentionKind.AGE) for start, end in spans})


def generalise_age(value: str, year: int) -> str:
    """Return what stands for an age of 90 or older, however it was written; a year of birth becomes the latest such year."""
    if value.isdigit():
        return str(year - OLDEST_TOLD - 1) if len(value) == 4 else "90+"
    if value.casefold().endswith(("s", "naire", "ian")):
        return "90s or older" if "n" not in value.casefold()[:1] or value.casefold() == "nineties" else "person aged 90 or older"
    return "ninetieth or later" if value.casefold().endswith("th") else "ninety or more"
