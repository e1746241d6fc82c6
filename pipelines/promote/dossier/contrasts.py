"""What differs between two texts, word by word, so that a reader finds the amended number in a paragraph at once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

WORDS = re.compile(r"^\s+|\S+\s*")
"""A word with the space after it, so that words changed side by side are marked as one."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of one of the texts, and whether the other has it too."""

    text: str
    is_changed: bool


def contrast(before: str, after: str) -> tuple[tuple[Stretch, ...], tuple[Stretch, ...]]:
    """Return both texts as stretches; put together again, the stretches of each are the text itself."""
    old, new = WORDS.findall(before), WORDS.findall(after)
    steps = SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    return (
        _join(Stretch("".join(old[start:end]), tag != "equal") for tag, start, end, _, _ in steps),
        _join(Stretch("".join(new[start:end]), tag != "equal") for tag, _, _, start, end in steps),
    )


def _join(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    return tuple(stretch for stretch in stretches if stretch.text)
