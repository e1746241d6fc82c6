"""Writes varied English from small grammars, so that invented documents differ as much as real ones do.

A grammar is a JSON object of rules, each a list of alternatives. ``{rule}`` stands for one alternative of that rule and
``{n:2-40}`` for a whole number in that range; a bound name (``firm=…``) stands for the same words wherever it appears.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from random import Random

_SLOT = re.compile(r"\{([A-Za-z_]+)(?::(\d+)-(\d+))?\}")
_ARTICLE = re.compile(r"\b([Aa])n? (?=([A-Za-z][\w-]*))")
_VOWEL_SOUND = re.compile(r"(?!uni|use|one|eu)[aeiou]|hour|X-", re.IGNORECASE)
_SENTENCE_START = re.compile(r"(^|[.?!] )([a-z])")
_DEPTH = 12
_TRIES = 200
MIN_WORDS, MAX_WORDS = 60, 110

Rules = Mapping[str, tuple[str, ...]]


class GrammarError(ValueError):
    """A grammar names a rule that it does not have, or cannot write a text of the length asked for."""


@cache
def load_rules(*names: str) -> Rules:
    """Return the rules of the named vocabulary files together with the shared names."""
    rules: dict[str, tuple[str, ...]] = {}
    for name in ("names", *names):
        content = files("infra.rehearsal.vocabulary").joinpath(f"{name}.json").read_text(encoding="utf-8")
        rules.update({rule: tuple(alternatives) for rule, alternatives in json.loads(content).items()})
    return rules


@dataclass(frozen=True, slots=True)
class Pen:
    """Writes from one grammar with one source of chance."""

    rules: Rules
    random: Random

    def write(self, rule: str, **bound: str) -> str:
        """Return one sentence or phrase of ``rule``; raises :class:`GrammarError` for a rule that there is not."""
        return polish(self._expand(f"{{{rule}}}", bound, _DEPTH))

    def pick(self, rule: str) -> str:
        """Return one alternative of ``rule``, spelled out and unpolished: a name that later sentences can share."""
        return self._expand(f"{{{rule}}}", {}, _DEPTH)

    def _expand(self, text: str, bound: Mapping[str, str], depth: int) -> str:
        if depth == 0:
            raise GrammarError("the grammar goes round in a circle: cut the circle")

        def fill(slot: re.Match[str]) -> str:
            name, low, high = slot.groups()
            if low is not None:
                return str(self.random.randint(int(low), int(high)))
            if name in bound:
                return bound[name]
            if name not in self.rules:
                raise GrammarError(f"the grammar has no rule {name}: add it to the vocabulary")
            return self._expand(self.random.choice(self.rules[name]), bound, depth - 1)

        return _SLOT.sub(fill, text)


def polish(text: str) -> str:
    """Return ``text`` with a/an after the sound of the next word and a capital at the start of each sentence."""
    text = _ARTICLE.sub(lambda found: found[1] + ("n " if _VOWEL_SOUND.match(found[2]) else " "), text)
    return _SENTENCE_START.sub(lambda found: found[1] + found[2].upper(), text)


def count_words(text: str) -> int:
    """Return the number of words between blanks."""
    return len(text.split())


def write_within(draft: Callable[[], str], low: int = MIN_WORDS, high: int = MAX_WORDS) -> str:
    """Return the first draft of ``low`` to ``high`` words; raises :class:`GrammarError` when many drafts miss it."""
    for _ in range(_TRIES):
        text = draft()
        if low <= count_words(text) <= high:
            return text
    raise GrammarError(f"no draft had {low} to {high} words: widen the range or the sentences")


def deal(values: Sequence[str], shares: Sequence[int], count: int, random: Random) -> list[str]:
    """Return ``count`` values in the proportion of ``shares``, exactly but for rounding, in random order."""
    deck = [value for value, share in zip(values, shares, strict=True) for _ in range(share)]
    dealt = [deck[index * len(deck) // count] for index in range(count)]
    random.shuffle(dealt)
    return dealt


def shingles(text: str, width: int = 3) -> frozenset[tuple[str, ...]]:
    """Return the word ``width``-grams of ``text`` in lower case: what near-duplication is measured on."""
    words = re.findall(r"\w+", text.lower())
    return frozenset(tuple(words[start : start + width]) for start in range(len(words) - width + 1))
