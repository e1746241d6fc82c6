"""Identifiers that their form or the words before them give away: letters (D) to (P) and (R) of 45 CFR 164.514(b)(2)(i)."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Sequence
from functools import cache
from typing import TypeAlias

from pipelines.privacy.mentions import Mention, MentionKind
from pipelines.privacy.recognising import FORMS as PLAIN_FORMS
from pipelines.privacy.recognising import MARK

Form: TypeAlias = tuple[MentionKind, re.Pattern[str]]
"""What is found, and the pattern whose group ``value`` it is."""

_LINK = r"(?:[ (,]{0,2}(?:" + MARK + r"|=|\b(?:is|was|of|policy|plan|ending in|under|as)\b))"
_VALUE = (
    r"[ (]{0,2}(?P<value>#?(?:\d{2,}(?: \d{2,}){1,4}|(?!(?:19|20)\d\d\b(?![-/]))(?=[A-Za-z/-]*\d)(?=[A-Za-z0-9/-]{3})"
    r"[A-Za-z0-9]+(?:[-/][A-Za-z0-9]+)*))(?![\w-])"
)
"""Three characters or more with a digit among them, and not a year; or groups of digits."""

SURE: Sequence[tuple[MentionKind, str]] = (
    (
        MentionKind.RECORD,
        (
            r"MRN|EMR|EHR|med(?:ical)?\.?[ -]rec(?:ord)?s?|chart (?:no|number|id)|patient(?: id| identifier| no"
            r"| number)"
        ),
    ),
    (MentionKind.SSN, r"SSN|social security(?: number| no)?|last four of (?:his|her|the) social"),
    (
        MentionKind.PLAN,
        (
            r"MBI|HICN|(?:health )?plan (?:id|number|no)|(?:subscriber|beneficiary|policy|member(?:ship)?"
            r"|group) (?:id|number|no)"
        ),
    ),
    (MentionKind.ACCOUNT, r"(?:account|acct|billing|invoice|routing) ?(?:id|number|no|#)"),
    (
        MentionKind.LICENCE,
        (
            r"DEA|NPI|(?:driver['’]?s? )?licen[cs]e (?:id|number|no|#)|passport(?: number| no)?|certificate (?:id"
            r"|number|no)"
        ),
    ),
    (
        MentionKind.VEHICLE,
        (
            r"VIN|licen[cs]e plates?|(?:number )?plates?(?= (?:number|no|#|is)|[:#])"
            r"|vehicle id(?:entification)?(?: number)?"
        ),
    ),
    (
        MentionKind.DEVICE,
        (
            r"UDI|IMEI|S/N|serial (?:number|no|#)|device (?:id|identifier|number|serial(?: number)?)"
            r"|lot (?:number|no|#)"
        ),
    ),
    (
        MentionKind.BIOMETRIC,
        (
            r"(?:finger|voice|palm|face)[ -]?print(?: id| code| template| hash)?|(?:iris|retina(?:l)?) (?:scan"
            r"|code)(?: id)?"
        ),
    ),
    (
        MentionKind.CODE,
        (
            r"(?:accession|specimen|encounter|visit|claim|order|study|site|subject|participant|user|login) (?:id"
            r"|number|no|#)"
        ),
    ),
)
"""Words after which a code is an identifier, whatever stands between."""

LIKELY: Sequence[tuple[MentionKind, str]] = (
    (MentionKind.RECORD, r"patient|pt|chart|records?|file"),
    (
        MentionKind.PLAN,
        (
            r"member(?:ship)?|beneficiary|subscriber|policy|insurance|ins|health plan|plan|medicare|medicaid|HMO"
            r"|PPO|payer"
        ),
    ),
    (MentionKind.ACCOUNT, r"account|acct|billing|credit card|card"),
    (MentionKind.LICENCE, r"licen[cs]e|lic|certificate|cert|registration"),
    (MentionKind.DEVICE, r"pacemaker|implant|device|pump|defibrillator|ICD"),
    (MentionKind.CODE, r"ref(?:erence)?|case|specimen|sample|claim|confirmation|tracking|identified as|(?=ID\b)"),
)
"""Words after which it is one where a mark follows them too: "number", "#", a colon."""

_PHONE = r"(?:(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}|\+\d{1,3}[ .-]?(?:\(?\d{1,4}\)?[ .-]?){2,5}\d{2,4})"
_EXTENSION = r"(?:,? ?(?:ext|x|extension)\.? ?\d{1,6})?"
URL = re.compile(
    r"\b(?P<value>(?:https?://|ftp://|www\.)[^\s<>\")]+[^\s<>\").,;:!?']|(?:[a-z0-9-]+\.)+(?:com|org|net"
    r"|edu|gov|health|info)(?:/[^\s<>\")]*"
    r"[^\s<>\").,;:!?'])?)(?![\w@])"
)
ADDRESS = re.compile(r"(?<![\w.:])(?P<value>\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{1,4})(?![\w:]|\.\d)")
SHAPES: Sequence[Form] = (
    (MentionKind.EMAIL, PLAIN_FORMS[0][1]),
    (MentionKind.URL, URL),
    (
        MentionKind.FAX,
        re.compile(
            r"\b(?:fax|facsimile)\b[^\w\n]{0,4}(?:number|no\.?|is|at|to"
            rf"|:)?[^\w\n]{{0,3}}(?P<value>{_PHONE}{_EXTENSION})",
            re.IGNORECASE,
        ),
    ),
    (MentionKind.SSN, re.compile(r"\b(?:SSN|[Ss]ocial [Ss]ecurity)\b[^\d\n]{0,16}(?P<value>\d{3}[- ]?\d{2}[- ]?\d{4})(?![\w-])")),
    (MentionKind.DEVICE, re.compile(r"(?<![\w:])(?P<value>(?:[0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2})(?![\w:])")),
    (MentionKind.VEHICLE, re.compile(r"(?<!\w)(?P<value>(?=[A-HJ-NPR-Z0-9]*[A-Z])(?=(?:[A-Z]*\d){4})[A-HJ-NPR-Z0-9]{17})(?!\w)")),
)
LATER: Sequence[Form] = (
    (MentionKind.SSN, PLAIN_FORMS[1][1]),
    (MentionKind.PHONE, re.compile(rf"(?<![\w-])(?P<value>{_PHONE}{_EXTENSION})(?![\w-])")),
    (
        MentionKind.PHONE,
        re.compile(
            r"\b(?:phone|tel(?:ephone)?|cell|mobile|pager|call|contact|ext(?:ension)?)\b[^\w\n]{0,4}(?:number"
            r"|no\.?|is|at|:)?[^\w\n]{0,3}(?P<value>\d{3}[-.]\d{4}|\d{4,11})(?![\w-])",
            re.IGNORECASE,
        ),
    ),
    (MentionKind.CODE, re.compile(r"\b(?P<value>(?:MRN|HMO|PPO|HPN?|ID)-\d[\w-]*)")),
)
LOOSE = re.compile(
    r"(?<![\w/.,#-])(?P<value>#?[A-Z]{1,5}-?\d{4,}[A-Z]{0,2}|\d{4,}-?[A-Z]{1,4}|\d{7,}|\d{2,}(?:-\d{2,}){1,3}(?<=\d\d\d)"
    r"|#[A-Z0-9-]{5,}|[A-Z0-9]++(?:-[A-Z0-9]++)+)(?![\w-]|[.,]\d|%)"
)
"""Numbers that name nothing by themselves; beside a person they do."""
PUBLIC = re.compile(
    r"#?(?:NCT|PMC|PMID|ISRCTN|AZD|LY|BMS|PF|GSK|JNJ|MK|ABT|ABBV|RO|RG|MEDI|SAR|TAK|BAY|GS|AMG|REGN|VX"
    r"|INCB|CPT|ICD|COVID|ISO)-?\d|(?:19|20)\d\d-(?:19|20)\d\d$"
)
"""Registers of trials and papers, and the names that sponsors give to drugs."""

DIGITS = re.compile(r"\d+")
REACH = 70
"""Letters before a number within which the words stand that say what it is."""


def find_identifiers(text: str) -> list[Mention]:
    """Return the identifiers in ``text``, the surest first; they may overlap."""
    near = [found for start, end in _list_windows(text) for found in _match(text, _compile_cues(), start, end)]
    return [*_match(text, SHAPES), *near, *_find_addresses(text), *_match(text, LATER)]


def find_loose_numbers(text: str) -> list[Mention]:
    """Return numbers and codes without any word that says what they are, registers of trials and drugs left out."""
    spans = [found.span("value") for found in LOOSE.finditer(text) if not PUBLIC.match(found.group("value"))]
    return [
        Mention(start=start, end=end, kind=MentionKind.CODE)
        for start, end in spans
        if sum(map(str.isdigit, text[start:end])) >= 4
    ]


@cache
def _compile_cues() -> tuple[Form, ...]:
    sure = ((kind, rf"\b(?:{cues})(?!\w)\.?{_LINK}{{0,4}}{_VALUE}") for kind, cues in SURE)
    near = rf"(?=[^.;?]{{0,24}}?(?:{MARK}))"
    likely = ((kind, rf"\b(?:{cues})\b\.?{near}{_LINK}{{1,4}}{_VALUE}") for kind, cues in LIKELY)
    return tuple((kind, re.compile(form, re.IGNORECASE)) for kind, form in (*sure, *likely))


def _list_windows(text: str) -> list[tuple[int, int]]:
    """Return where a cue and its number can stand: the surroundings of digits, from space to space, merged where they meet."""
    windows: list[tuple[int, int]] = []
    for digits in DIGITS.finditer(text):
        start, end = max(text.rfind(" ", 0, max(digits.start() - REACH, 0)), 0), text.find(" ", digits.end() + REACH // 2)
        end = len(text) if end < 0 else end
        if windows and start <= windows[-1][1]:
            windows[-1] = (windows[-1][0], max(end, windows[-1][1]))
        else:
            windows.append((start, end))
    return windows


def _match(text: str, forms: Sequence[Form], start: int = 0, end: int | None = None) -> Iterator[Mention]:
    for kind, form in forms:
        for found in form.finditer(text, start, len(text) if end is None else end):
            first = found.start("value")
            yield Mention(start=first - (text[first - 1 : first] == "#"), end=found.end("value"), kind=kind)


def _find_addresses(text: str) -> Iterator[Mention]:
    for found in ADDRESS.finditer(text):
        try:
            ipaddress.ip_address(found.group("value"))
        except ValueError:
            continue
        yield Mention(start=found.start("value"), end=found.end("value"), kind=MentionKind.IP)
