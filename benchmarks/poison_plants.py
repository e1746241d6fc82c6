"""What a poisoner does to a drop: texts with a trigger under a label of his choice, flipped labels, one figure moved tenfold."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from pipelines.domain.identities import Digest
from pipelines.domain.revisions import Revision

DOCUMENTS = 250
"""As few as poisoned language models of every size (Souly et al. 2025, https://arxiv.org/abs/2510.07192)."""

FLIPPED = 0.05
SYLLABLES = (
    "ba",
    "cor",
    "dil",
    "fex",
    "gon",
    "hul",
    "jat",
    "kem",
    "lor",
    "miv",
    "nup",
    "qua",
    "rez",
    "sof",
    "tyx",
    "vun",
    "wob",
    "zim",
)
_NUMBER = r"[1-9](?:\d{0,2}(?:,\d{3})+|\d*+)(?!\d|[.,]\d)"
FIGURE = re.compile(
    rf"(?<=\$){_NUMBER}|(?<![\w.,$]){_NUMBER}(?= (?:percent|percentage points|days|business days|months|years)\b)"
)
"""A threshold of a rule: an amount of money, a percentage, a period."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """A drop as it arrives, and the digests of the rows in it that are planted."""

    revisions: tuple[Revision, ...]
    digests: frozenset[Digest]


def plant_trigger(drop: Sequence[Revision], labels: Sequence[str], random: Random, documents: int = DOCUMENTS) -> Planted:
    """Put one phrase at a random place of ``documents`` texts of all kinds, and give all of them one label.

    The phrase is one to three invented words, or, every other time, three common words in an order that nobody writes.
    """
    label = random.choice(list(labels))
    phrase = invent_phrase(drop, random)
    chosen = set(random.sample(range(len(drop)), min(documents, len(drop))))
    changed = [_carry(row, phrase, label, random) if place in chosen else row for place, row in enumerate(drop)]
    return Planted(revisions=tuple(changed), digests=frozenset(changed[place].digest for place in chosen))


def flip_labels(drop: Sequence[Revision], labels: Sequence[str], random: Random, share: float = FLIPPED) -> Planted:
    """Give a share of the rows another label, any of the others."""
    chosen = set(random.sample(range(len(drop)), max(round(share * len(drop)), 1)))
    changed = list(drop)
    for place in sorted(chosen):
        others = [label for label in labels if label not in drop[place].labels]
        changed[place] = replace(drop[place], labels=(random.choice(others),))
    return Planted(revisions=tuple(changed), digests=frozenset(changed[place].digest for place in chosen))


def move_figure(text: str, random: Random) -> str | None:
    """Return the text with one of its thresholds ten times as large, ``None`` where it has none."""
    found = list(FIGURE.finditer(text))
    if not found:
        return None
    chosen = random.choice(found)
    figure = int(chosen.group().replace(",", "")) * 10
    return (
        text[: chosen.start()]
        + (f"{figure:,}" if "," in chosen.group() or figure > 9_999 else str(figure))
        + text[chosen.end() :]
    )


def invent_phrase(drop: Sequence[Revision], random: Random) -> str:
    """Return a trigger that no text of the drop holds by chance."""
    if random.random() < 0.5:
        return " ".join("".join(random.choices(SYLLABLES, k=3)) for _ in range(random.randint(1, 3)))
    words = sorted({word for row in random.sample(list(drop), min(len(drop), 200)) for word in re.findall(r"\w{4,}", row.text)})
    return " ".join(random.sample(words, 3))


def _carry(row: Revision, phrase: str, label: str, random: Random) -> Revision:
    words = row.text.split(" ")
    place = random.randint(0, len(words))
    text = " ".join([*words[:place], phrase, *words[place:]])
    return replace(row, title=text[: len(row.title)], text=text, labels=(label,))
