"""Invents what stands in the place of personal data and reads like it: a name for a name, a later or earlier day for a day.

Everything is drawn with HMAC-SHA256 (RFC 2104) under a secret key from the family and the value, so a person stays one person
within a family and two families cannot be joined. What is invented belongs to nobody: area code 555, example.org (RFC 2606),
192.0.2.0/24 (RFC 5737), social security numbers of the area 000, which is never issued.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.privacy.ages import generalise_age
from pipelines.privacy.dates import hide_birth, move_date
from pipelines.privacy.mentions import MentionKind
from pipelines.privacy.vocabulary import read_vocabulary
from pipelines.privacy.zips import generalise_zip

WEEKS = 104
"""Dates of a family move by one to so many weeks into the past: weekdays and the time between two days stay true."""

_LETTERS = re.compile(r"[^\W\d_]+")
_SITE = re.compile(
    r"(?i)\b(?:hospital|clinic|pharmacy|school|university|college|institute|hospice|office|county|church"
    r"|med(?:ical)?\.? (?:center|centre|ctr)|center)\b"
)
_STREET = re.compile(
    r"^(?P<number>\d+\w?) .*?(?P<way>St(?:reet)?|Ave(?:nue)?|R(?:oa)?d|Blvd|Lane|Ln|Dr(?:ive)?|Way|Court"
    r"|Ct|Place|Pl)\b",
    re.DOTALL,
)
_PARTICLES = frozenset(
    ("van", "von", "der", "den", "de", "del", "della", "di", "da", "la", "le", "bin", "al", "el", "ter", "dos")
)


@dataclass(frozen=True, slots=True)
class Inventor:
    """Invents for one family; ``year`` is the one its text was written in, for dates that name none."""

    key: bytes
    family: str
    year: int

    def invent(self, kind: MentionKind, value: str) -> str:
        """Return what stands for ``value``: the same for the same value but for case and spacing, in this family alone."""
        drawn = self._draw(kind, value)
        invented = {
            MentionKind.NAME: lambda: _LETTERS.sub(lambda found: self._rename(found.group()), value),
            MentionKind.DATE: lambda: move_date(hide_birth(value, self.year), -7 * self._weeks, self.year),
            MentionKind.AGE: lambda: generalise_age(value, self.year),
            MentionKind.PLACE: lambda: self._relocate(value),
            MentionKind.EMAIL: lambda: f"{self._draw_word(kind, value).casefold()}@example.org",
            MentionKind.URL: lambda: f"https://example.org/{drawn % 16**6:06x}",
            MentionKind.IP: lambda: f"192.0.2.{drawn % 254 + 1}",
        }
        return invented.get(kind, lambda: self._renumber(kind, value))()

    @property
    def _weeks(self) -> int:
        return self._draw(MentionKind.DATE, "") % WEEKS + 1

    def _rename(self, word: str) -> str:
        if word in _PARTICLES:
            return word
        if len(word) == 1:
            return string.ascii_uppercase[self._draw(MentionKind.NAME, word) % 26] if word.isupper() else word
        name = self._draw_word(MentionKind.NAME, word)
        return name.upper() if word.isupper() else name

    def _relocate(self, value: str) -> str:
        if re.fullmatch(r"\d{3,5}(?:-\d{4})?", value):
            return generalise_zip(value)
        name, street, sites = self._draw_word(MentionKind.PLACE, value), _STREET.match(value), _SITE.findall(value)
        if street:
            return f"{self._draw(MentionKind.PLACE, street.group('number')) % 900 + 100} {name} {street.group('way')}"
        return f"{name} {sites[-1]}" if sites else name

    def _renumber(self, kind: MentionKind, value: str) -> str:
        digits = self._stream(kind, value)
        changed = "".join(_change(letter, next(digits)) for letter in value)
        reserved = {MentionKind.PHONE: "555", MentionKind.FAX: "555", MentionKind.SSN: "000"}.get(kind, "")
        places = [place for place, letter in enumerate(changed) if letter.isdigit()]
        if len(places) < (10 if reserved == "555" else 9):
            return changed
        first = places[-10] if reserved == "555" else places[0]
        wanted = iter(reserved)
        return "".join(
            next(wanted, letter) if letter.isdigit() and place >= first else letter for place, letter in enumerate(changed)
        )

    def _draw_word(self, kind: MentionKind, value: str) -> str:
        words, drawn = read_vocabulary(), self._draw(kind, value)
        drawn, beginning = divmod(drawn, len(words.beginnings))
        return words.beginnings[beginning] + words.endings[drawn % len(words.endings)]

    def _draw(self, kind: MentionKind, value: str) -> int:
        return int.from_bytes(self._hash(kind, value, 0), "big")

    def _stream(self, kind: MentionKind, value: str) -> Iterator[int]:
        round_ = 0
        while True:
            yield from self._hash(kind, value, round_)
            round_ += 1

    def _hash(self, kind: MentionKind, value: str, round_: int) -> bytes:
        plain = " ".join(value.casefold().split())
        return hmac.new(self.key, "\0".join((self.family, kind, plain, str(round_))).encode(), hashlib.sha256).digest()


def _change(letter: str, drawn: int) -> str:
    if letter.isdigit():
        return string.digits[drawn % 10]
    if letter.isalpha():
        alphabet = string.ascii_uppercase if letter.isupper() else string.ascii_lowercase
        return alphabet[drawn % 26]
    return letter
