"""Two signs that a text was written for a model and not for a reader: it gives orders, or a figure in it moved too far.

Neither proves anything. A row that shows one waits for a person, who releases it where the source means what it says.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

_GAP = r"[^\w.;!?]+"  # within a sentence
_TAKEOVER = (
    rf"(?<![\w-])(?:please{_GAP})?(?:ignore|disregard|forget){_GAP}(?:\w+{_GAP}){{0,3}}?(?:previous|prior|above|earlier|preceding)"
    rf"{_GAP}(?:\w+{_GAP}){{0,1}}?(?:instructions?|prompts?|guidelines|directions)\b(?!{_GAP}(?:of|by|from|in|on|to|for|that|which)\b)"
)
_PROMPT = rf"\byour{_GAP}system{_GAP}prompt\b|^[ \t>#*]{{0,8}}system{_GAP}prompt\s*:"
_ROLE = (
    rf"\byou{_GAP}are{_GAP}(?:now{_GAP})?(?:an?|the){_GAP}(?:\w+{_GAP}){{0,2}}?(?:ai(?:{_GAP}(?:that|who|model|assistant|system))|"
    rf"(?:helpful|virtual|unrestricted){_GAP}assistant|chatbot|language{_GAP}model|llm)\b"
    rf"|\bas{_GAP}an?{_GAP}(?:ai|llm)(?:{_GAP}\w+){{0,2}}{_GAP}you{_GAP}(?:must|should|shall|will|are)\b"
)
_MARKS = (
    r"<\|(?:im_start|im_end|system|user|assistant|endoftext|begin_of_text|eot_id)\|>|\[/?INST\]|<</?SYS>>"
    r"|^#{2,}\s*(?:instruction|response|system)s?\s*:"
)
_SECRECY = rf"(?:^|[.;!?]\s+)do{_GAP}not{_GAP}(?:tell|inform|alert|warn){_GAP}the{_GAP}(?:user|reader|human)\b"
ORDERS = re.compile(f"{_TAKEOVER}|{_PROMPT}|{_ROLE}|{_MARKS}|{_SECRECY}", re.IGNORECASE | re.MULTILINE)
"""Words and marks by which texts take over language models: indirect prompt injection (Greshake et al., 2023,
https://arxiv.org/abs/2302.12173) and the marks of chat templates."""

HINTS = (
    *("instruction", "prompt", "guideline", "direction", "message", "assistant", "agent", "chatbot", "llm", "model"),
    *("<|", "inst]", "<<", "##", "user", "reader", "human", "you are"),
)
"""Each of :data:`ORDERS` needs one of these, and most texts have none: looking for them first is many times faster."""

UNSEEN = re.compile(
    "(?<!\U0001f3f4)(?<![\U000e0000-\U000e007f])[\U000e0000-\U000e007f]+|[\u200b-\u200f\u2060-\u2064\u202a-\u202e\u2066-\u2069]{8,}"
)
"""Tag characters (but for those that make a flag of a region), and runs of characters without width or of changed direction: text
that no reader sees."""

TOKEN = re.compile(r"\d[\d,]*(?:\.\d+)?|\w+|[^\w\s]")
MONTHS = frozenset(
    {
        *("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november"),
        *("december", "jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec"),
    }
)
NAMED = frozenset(
    {
        *("section", "sections", "part", "parts", "paragraph", "paragraphs", "appendix", "chapter", "title", "comment"),
        *("table", "figure", "page", "no", "§", "cfr", "fr", "stat", "lot", "version", "item", "id", "number", "nda"),
    }
)
"""What is counted through, and measures nothing: "paragraph 2" may become "paragraph 20"."""

LONGEST = 20
"""Characters of a figure; longer ones are identifiers."""

JOINTS = frozenset(":/-")

Place = tuple[str, str, str]
"""The two words before a figure and the one behind it."""


def count_orders(text: str) -> int:
    """Return how many places in ``text`` address a language model, or hide characters."""
    small = text.casefold()
    orders = sum(1 for _ in ORDERS.finditer(text)) if any(hint in small for hint in HINTS) else 0
    return orders + sum(1 for _ in UNSEEN.finditer(text))


def measure_shift(before: str, after: str) -> float:
    """Return by how many times the figure that changed most differs between two revisions of one document; 1 where none did.

    Figures are compared where the same words stand around them, in order, and as often in both; where words change too, nothing
    is compared. A figure that was or becomes nothing counts as infinitely far. Days of a month, years, times, dates,
    identifiers and what only numbers a place (a section, a list) are left out.
    """
    old, new = _find_figures(before), _find_figures(after)
    shared = (place for place in old.keys() & new.keys() if len(old[place]) == len(new[place]))
    pairs = (pair for place in shared for pair in zip(old[place], new[place], strict=True))
    return max((_compare(left, right) for left, right in pairs), default=1.0)


def _find_figures(text: str) -> Mapping[Place, Sequence[Decimal]]:
    tokens = ["", "", *(token.casefold() for token in TOKEN.findall(text)), "", ""]
    found: defaultdict[Place, list[Decimal]] = defaultdict(list)
    for at, figure in _list_figures(tokens):
        # a figure beside another one may have moved too
        first, second, behind = ("0" if word[:1].isdecimal() else word for word in (*tokens[at - 2 : at], tokens[at + 1]))
        found[first, second, behind].append(figure)
    return found


def _list_figures(tokens: Sequence[str]) -> Iterator[tuple[int, Decimal]]:
    for at, token in enumerate(tokens):
        if not token[:1].isdecimal() or not token.isascii() or len(token) > LONGEST:
            continue
        before, behind = tokens[at - 1], tokens[at + 1]
        is_joined = _is_joined(tokens[at - 2], before) or _is_joined(tokens[at + 2], behind) or _is_named(tokens[at - 2], before)
        is_counted = before in NAMED or (before == "(" and behind == ")")
        is_day = not {before, behind}.isdisjoint(MONTHS) and token.isdecimal() and int(token) <= 31
        is_year = token.isdecimal() and len(token) == 4 and "1900" <= token <= "2100"
        if not (is_joined or is_counted or is_day or is_year):
            yield at, Decimal(token.replace(",", ""))


def _is_joined(word: str, sign: str) -> bool:
    """Tell whether a figure makes one time, date or identifier with the word that stands beyond the sign beside it."""
    return sign in JOINTS and any(letter.isdecimal() for letter in word)


def _is_named(word: str, sign: str) -> bool:
    """Tell whether a figure ends a name, as of a drug that is known by a code."""
    return sign == "-" and word.isalnum()


def _compare(left: Decimal, right: Decimal) -> float:
    if left == right:
        return 1.0
    low, high = min(left, right), max(left, right)
    return float(high / low) if low else math.inf
