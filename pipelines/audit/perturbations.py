"""Texts changed a little, on purpose: by typing errors, by case, by how a date is written, by a number, by a "not".

Each is a plain function of a text and a seed. The first three keep what a text says and so what its label must be; the other
two may change it. A text without anything to change comes back as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


class Perturbation(StrEnum):
    """The kinds of change there are."""

    TYPOS = "typos"
    CASE = "case"
    DATES = "dates"
    NUMBERS = "numbers"
    NEGATION = "negation"


KEEPING = frozenset({Perturbation.TYPOS, Perturbation.CASE, Perturbation.DATES})
"""What leaves the meaning, and with it the label, as it was."""

NEIGHBOURS: Mapping[str, str] = {
    "q": "wa", "w": "qes", "e": "wrd", "r": "etf", "t": "ryg", "y": "tuh", "u": "yij", "i": "uok", "o": "ipl", "p": "ol",
    "a": "qsz", "s": "awdx", "d": "sefc", "f": "drgv", "g": "fthb", "h": "gyjn", "j": "hukm", "k": "jil", "l": "ko",
    "z": "ax", "x": "zsc", "c": "xdv", "v": "cfb", "b": "vgn", "n": "bhm", "m": "nj",
}  # fmt: skip
"""The letters beside each on a QWERTY keyboard."""

TYPED_SHARE = 0.05
"""Share of the words of four letters or more that get one wrong letter, and at least one word."""

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_WORD = re.compile(r"(?<![^\W\d_])[A-Za-z]{4,}(?![^\W\d_])")
_NUMBER = re.compile(r"[0-9]+")
_MONTH = "|".join(MONTHS)
DATE = re.compile(
    rf"\b(?:(?P<iso>(?P<y1>[12][0-9]{{3}})-(?P<m1>[0-9]{{2}})-(?P<d1>[0-9]{{2}}))(?![0-9-])"
    rf"|(?P<m2>{_MONTH}) (?P<d2>[0-9]{{1,2}}), (?P<y2>[12][0-9]{{3}})\b"
    rf"|(?P<d3>[0-9]{{1,2}}) (?P<m3>{_MONTH}) (?P<y3>[12][0-9]{{3}})\b)"
)
"""A day written so that nobody can mistake it: with its month by name, or year first."""
_VERB = re.compile(
    r"\b(?P<verb>is|are|was|were|has|have|had|must|shall|should|may|might|will|would|can|could|does|do|did)\b(?P<no> not\b)?",
    re.IGNORECASE,
)


def perturb(kind: Perturbation, text: str, seed: int) -> str:
    """Return ``text`` changed by ``kind``; the same text and seed give the same change."""
    import numpy as np

    return _CHANGES[kind](text, np.random.default_rng(seed))


def mistype(text: str, generator: np.random.Generator) -> str:
    """Replace one letter, never a word's first, by its neighbour on the keyboard, in a few words."""
    words = list(_WORD.finditer(text))
    if not words:
        return text
    letters = list(text)
    count = max(round(TYPED_SHARE * len(words)), 1)
    for place in generator.choice(len(words), size=count, replace=False):
        at = int(generator.integers(words[place].start() + 1, words[place].end()))
        beside = NEIGHBOURS[text[at].lower()]
        typed = beside[int(generator.integers(len(beside)))]
        letters[at] = typed.upper() if text[at].isupper() else typed
    return "".join(letters)


def change_case(text: str, generator: np.random.Generator) -> str:
    """Write all of it in capitals or all of it without; letters outside of ASCII stay."""
    is_loud = bool(generator.integers(2))
    return "".join((char.upper() if is_loud else char.lower()) if char.isascii() else char for char in text)


def rewrite_dates(text: str, generator: np.random.Generator) -> str:
    """Write every day of the calendar in another of three ways."""
    turn = int(generator.integers(1, 3))
    return DATE.sub(lambda found: _write_date(found, turn), text)


def read_date(found: re.Match[str]) -> date | None:
    """Return the day that :data:`DATE` found, ``None`` where the calendar has no such day."""
    parts = found.groupdict()
    year, month, day = (next(parts[f"{name}{way}"] for way in (1, 2, 3) if parts[f"{name}{way}"]) for name in "ymd")
    try:
        return date(int(year), MONTHS.index(month) + 1 if month in MONTHS else int(month), int(day))
    except ValueError:
        return None


def swap_numbers(text: str, generator: np.random.Generator) -> str:
    """Give every number another last digit, so that each keeps its length and is wrong."""

    def change(found: re.Match[str]) -> str:
        digits = found.group()
        return digits[:-1] + str((int(digits[-1]) + int(generator.integers(1, 10))) % 10)

    return _NUMBER.sub(change, text)


def negate(text: str, generator: np.random.Generator) -> str:  # noqa: ARG001  # as the others have it
    """Put "not" after the first auxiliary verb, or take it away where it stands there; done twice it is undone."""
    found = _VERB.search(text)
    if found is None:
        return text
    return text[: found.end("verb")] + ("" if found.group("no") else " not") + text[found.end() :]


def _write_date(found: re.Match[str], turn: int) -> str:
    day = read_date(found)
    if day is None:
        return found.group()
    month = MONTHS[day.month - 1]
    ways = (day.isoformat(), f"{month} {day.day}, {day.year}", f"{day.day} {month} {day.year}")
    now = 0 if found.group("iso") else 1 if found.group("m2") else 2
    return ways[(now + turn) % 3]


_CHANGES: Mapping[Perturbation, Callable[[str, np.random.Generator], str]] = {
    Perturbation.TYPOS: mistype,
    Perturbation.CASE: change_case,
    Perturbation.DATES: rewrite_dates,
    Perturbation.NUMBERS: swap_numbers,
    Perturbation.NEGATION: negate,
}
