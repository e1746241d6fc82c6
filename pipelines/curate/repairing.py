"""Repairs encoding and white space, and folds the glyphs of one dash in identifiers, without touching what a writer meant.

Regulatory text is quoted to the letter, so curly quotes, ligatures, section signs and dashes in prose stay as they are. What
differs without meaning is the dash *inside identifiers and ranges of numbers*: the Federal Register changed it from an en
dash to a hyphen from one day to the next, in document numbers too, and nothing in the law had changed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict

from pipelines.curate.rows import Curated, Row

if TYPE_CHECKING:
    from ftfy import TextFixerConfig

HYPHENS = "\u2010\u2011\u2012\u2013"
"""Hyphen, non-breaking hyphen, figure dash and en dash. The em dash and the minus sign always mean something."""

PART = r"\$?(?:[A-Z0-9][A-Za-z0-9,]*|[a-z]{1,3})"
"""A part of an identifier or an end of a range: a capital or a digit first, or a few small letters (``cv``, ``iv``)."""

IDENTIFIER = re.compile(
    rf"(?<![A-Za-z0-9]){PART}(?:[-{HYPHENS}]{PART})*(?:[-{HYPHENS}]{PART}|[{HYPHENS}]$)(?![A-Za-z0-9])", re.MULTILINE
)
"""Parts with dashes between them; at the end of a line the last part may be in the next one."""

ACRONYM = re.compile(rf"[A-Z]{{1,4}}(?:[-{HYPHENS}][A-Z]{{1,4}})+[-,{HYPHENS}]*")
"""An identifier without a digit: ``IV–D``, ``CD–ROM``; names set in capitals are mostly longer."""

JOINTS = re.compile(
    "|".join(
        (
            rf"(?<=\))[{HYPHENS}](?=\()",  # a range of paragraphs: (a)(1)–(4)
            rf"(?:(?<=\(\w\))|(?<=\(\w\w\)))[{HYPHENS}]$",  # one that goes on in the next line
            rf"\([ivxlc]+[{HYPHENS}][ivxlc]+\)",  # a range of numerals: (vi–x)
            rf"(?<=[ap]\.m\.)[{HYPHENS}](?=\d)",  # hours: 11 a.m.–5 p.m.
            rf"(?<=\w)[{HYPHENS}]{{2}}(?=\w)",  # two of them, which are typed for an em dash
            rf"^[{HYPHENS}](?=\d+\()",  # a number whose beginning is in the line before
            # a series whose first part alone is whole: 737-8, –9 and –10
            rf"(?<=\d)[-{HYPHENS}]\d+[A-Z]*(?:(?:,| and|, and| or|, or) [-{HYPHENS}]\d+[A-Z]*)+",
        )
    ),
    re.MULTILINE,
)
"""Where a dash joins, though no identifier stands on both of its sides."""

FOLD = str.maketrans(dict.fromkeys(HYPHENS, "-"))
BLANK_LINES = re.compile(r"\n{3,}")
PASSES = 5
"""Repairing one thing can uncover another; real texts settle after the first pass."""


class RepairUnicode(BaseModel):
    """Mends mis-decoded characters (ftfy, with quotes, ligatures and widths left alone), white space and identifiers' dashes."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["repair_unicode"] = "repair_unicode"
    fold_dashes: bool = True

    def apply(self, rows: Sequence[Row]) -> Curated:
        """Return all rows, repaired; none leaves."""
        return Curated(rows=tuple(self._repair_row(row) for row in rows))

    def _repair_row(self, row: Row) -> Row:
        revision = row.entry.revision
        repaired = row.rewrite(repair_text(revision.title), repair_text(revision.text), "repaired encoding or white space")
        if not self.fold_dashes:
            return repaired
        revision = repaired.entry.revision
        return repaired.rewrite(fold_dashes(revision.title), fold_dashes(revision.text), "folded dashes of identifiers")


def repair_text(text: str) -> str:
    """Return ``text`` with broken encoding mended and white space made even; repairing it again changes nothing."""
    if _is_even(text):  # most texts: said at once, and the same as the long way would
        return text
    for _ in range(PASSES):
        repaired = even_out_space(text if _is_plain(text) else _mend(text))
        if repaired == text:
            break
        text = repaired
    return text


def even_out_space(text: str) -> str:
    """Return ``text`` with single spaces (a no-break space is one too), trimmed lines and at most one blank line running."""
    lines = [" ".join(line.split()) for line in text.splitlines()]
    return BLANK_LINES.sub("\n\n", "\n".join(lines)).strip()


def fold_dashes(text: str) -> str:
    """Return ``text`` with hyphens for other dashes in identifiers, in ranges of numbers and in ranges of paragraphs.

    ``FAA–2024–0224``, ``1954–1958``, ``(c)(1)–(4)``, ``737-8, –9`` and ``IV–D`` are folded; ``the Dodd–Frank Act``, a dash
    between two spaces, an em dash and a minus sign are not. In the Federal Register's issue of 2024-02-12, of 1,277 lines whose
    dashes changed overnight, all but one come out equal: ``MARAD–MTSNAC`` looks like two names.
    """
    if not any(dash in text for dash in HYPHENS):
        return text
    return JOINTS.sub(lambda match: match.group().translate(FOLD), IDENTIFIER.sub(_fold_identifier, text))


def _fold_identifier(match: re.Match[str]) -> str:
    found = match.group()
    is_identifier = any(character.isdigit() for character in found) or ACRONYM.fullmatch(found)
    return found.translate(FOLD) if is_identifier else found


def _is_even(text: str) -> bool:
    """Whether a text is one line of plain characters with single spaces between words: nothing can be wrong with it."""
    return text.isascii() and text.isprintable() and "&" not in text and "  " not in text and text == text.strip()


def _is_plain(text: str) -> bool:
    return text.isascii() and "&" not in text and all(line.isprintable() for line in text.splitlines())


def _mend(text: str) -> str:
    import ftfy

    return str(ftfy.fix_text(text, _configure()))


@lru_cache(maxsize=1)
def _configure() -> TextFixerConfig:
    from ftfy import TextFixerConfig

    return TextFixerConfig(uncurl_quotes=False, fix_latin_ligatures=False, fix_character_width=False, explain=False)
