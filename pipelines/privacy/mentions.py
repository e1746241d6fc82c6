"""What a recogniser says it found, and how the findings of several become one: nothing that any of them covers is lost."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

REPLACED = "replaced personal data"
"""The reason that a row carries once a surrogate stands for something in it; whoever reads it again leaves it alone."""


class MentionKind(StrEnum):
    """Kinds of identifiers after 45 CFR 164.514(b)(2)(i), letters (A) to (R); photographs, letter (Q), are no text.

    The first four are all that ``identifiers: names`` knows: there ``RECORD`` is any number that names somebody.
    """

    NAME = "NAME"
    EMAIL = "EMAIL"
    PHONE = "PHONE"
    RECORD = "RECORD"
    PLACE = "PLACE"
    DATE = "DATE"
    AGE = "AGE"
    FAX = "FAX"
    SSN = "SSN"
    PLAN = "PLAN"
    ACCOUNT = "ACCOUNT"
    LICENCE = "LICENCE"
    VEHICLE = "VEHICLE"
    DEVICE = "DEVICE"
    URL = "URL"
    IP = "IP"
    BIOMETRIC = "BIOMETRIC"
    CODE = "CODE"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Mention:
    """One piece of personal data: characters ``start`` to ``end`` (exclusive) of the text it was found in."""

    start: int
    end: int
    kind: MentionKind


SURROGATE = re.compile(rf"\[(?:{'|'.join(MentionKind)})-[0-9a-f]{{8}}\]")
"""What a mention is replaced by where tags are asked for; nothing is ever looked for inside one."""

GAPS = {MentionKind.NAME: (" ", ", "), MentionKind.DATE: (" ",)}
"""What may lie between two neighbours of a kind that are one mention: a first name and a last one."""


def find_tags(text: str) -> list[Mention]:
    """Return where tags stand, as mentions that nothing may overlap."""
    return [Mention(start=found.start(), end=found.end(), kind=MentionKind.NAME) for found in SURROGATE.finditer(text)]


def unite(text: str, ranked: Sequence[Mention], taken: Sequence[Mention] = ()) -> list[Mention]:
    """Return mentions without overlaps that cover every character that one of ``ranked`` covers, ``taken`` excepted.

    Where two kinds meet the earlier one keeps the character. What is left of a mention without a letter or digit is dropped.
    """
    owners: dict[int, MentionKind] = {}
    blocked = {place for one in taken for place in range(one.start, one.end)}
    wholes = set(ranked)
    for mention in ranked:
        for place in range(mention.start, mention.end):
            if place not in blocked:
                owners.setdefault(place, mention.kind)
    return _join_neighbours(text, _collect_runs(text, owners, wholes))


def is_overlapping(mention: Mention, others: Sequence[Mention]) -> bool:
    """Return whether ``mention`` has a character in common with any of ``others``."""
    return any(mention.start < other.end and other.start < mention.end for other in others)


def _collect_runs(text: str, owners: dict[int, MentionKind], wholes: set[Mention]) -> list[Mention]:
    runs: list[Mention] = []
    places = sorted(owners)
    first = 0
    for number, place in enumerate(places):
        is_last = number + 1 == len(places) or places[number + 1] != place + 1 or owners[places[number + 1]] != owners[place]
        if is_last:
            run = _trim(text, Mention(start=places[first], end=place + 1, kind=owners[place]))
            runs += [run] if run in wholes or _is_telling(run.kind, text[run.start : run.end]) else []
            first = number + 1
    return runs


def _is_telling(kind: MentionKind, value: str) -> bool:
    """Return whether what is left of a mention names something: "clinic" of "Dr. Patel's clinic" does not."""
    if kind in {MentionKind.NAME, MentionKind.PLACE}:
        return any(letter.isupper() or letter.isdigit() for letter in value)
    return any(letter.isalnum() for letter in value)


def _trim(text: str, run: Mention) -> Mention:
    start, end = run.start, run.end
    start += 2 if text[start : start + 2] in {"'s", "’s"} else 0
    while start < end and text[start] in " ,;:\n\t":
        start += 1
    while end > start and text[end - 1] in " ,;:\n\t":
        end -= 1
    return Mention(start=start, end=end, kind=run.kind)


def _join_neighbours(text: str, runs: Sequence[Mention]) -> list[Mention]:
    joined: list[Mention] = []
    for run in runs:
        last = joined[-1] if joined else None
        if last is not None and last.kind is run.kind and text[last.end : run.start] in GAPS.get(run.kind, ()):
            joined[-1] = Mention(start=last.start, end=run.end, kind=run.kind)
        else:
            joined.append(run)
    return joined
