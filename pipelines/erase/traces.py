"""What a text is known by wherever it was copied to: short pieces of it that no other document has.

A copy may have been cut, escaped, compressed or set in a table, so a whole text is seldom found again. Pieces of plain letters,
digits and single spaces survive all of that.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

LONGEST = 40
SHORTEST = 20
LEAST_WORDS = 3
"""A vocabulary lists words and pairs of words: it is part of a model's weights, and no copy of a text."""
MANY = 8
"""Pieces of a text up to which all are taken; of more, every fourth: a quotation of some sentences holds one of them."""

PLAIN = re.compile(r"[0-9A-Za-z]+(?: [0-9A-Za-z]+)*")
WORDS = re.compile(r"\w+(?: \w+)*")
"""For texts in other alphabets, whose letters a format may escape."""


@dataclass(frozen=True, slots=True)
class Traces:
    """The pieces that give a document away, as bytes in every spelling that a file may have; none where it has none of its own.

    ``is_whole`` tells whether every text of the document has a piece of its own: where one has not, a copy of it cannot be looked
    for, or not be told from a copy of another document that says the same.
    """

    needles: tuple[bytes, ...]
    is_whole: bool

    def are_in(self, content: bytes) -> bool:
        """Tell whether any piece stands in ``content``."""
        return any(needle in content for needle in self.needles)

    def are_surely_in(self, content: bytes) -> bool:
        """Tell whether two pieces stand in ``content``, or the only one that there is: for what cannot be had again."""
        found = sum(needle in content for needle in self.needles)
        return found >= min(2, len(self.needles)) > 0


def find_traces(texts: Iterable[str], others: Sequence[str]) -> Traces:
    """Return the pieces of ``texts`` that none of ``others`` has, spread over each text.

    Empty texts and those shorter than ``SHORTEST`` characters leave no piece, and do not count against ``is_whole``.
    """
    needles: dict[bytes, None] = {}
    is_whole = True
    haystack = "\n".join(others)
    for text in sorted({text for text in texts if len(text) >= SHORTEST}):
        own = [piece for piece in cut_pieces(text) if piece not in haystack]
        chosen = _spread(own)
        is_whole = is_whole and bool(chosen)
        needles |= {spelling: None for piece in chosen for spelling in _spell(piece)}
    return Traces(needles=tuple(needles), is_whole=is_whole)


def cut_pieces(text: str) -> list[str]:
    """Return the pieces of ``text`` that survive a change of format, ``SHORTEST`` to ``LONGEST`` characters long, in order."""
    return list(_cut(PLAIN, text)) or list(_cut(WORDS, text))


def _cut(form: re.Pattern[str], text: str) -> Iterator[str]:
    for found in form.finditer(text):
        run = found[0]
        for start in range(0, len(run), LONGEST):
            piece = run[start : start + LONGEST].strip()
            if len(piece) >= SHORTEST and piece.count(" ") + 1 >= LEAST_WORDS:
                yield piece


def _spread(pieces: Sequence[str]) -> list[str]:
    return list(pieces if len(pieces) <= MANY else [*pieces[:-1:4], pieces[-1]])


def _spell(piece: str) -> Iterator[bytes]:
    yield piece.encode()
    if not piece.isascii():
        yield json.dumps(piece)[1:-1].encode()
