"""Reads for the identifiers of 45 CFR 164.514(b)(2)(i), all at once: rules for their forms, rules for names and places, a model.

Whatever one of them covers is covered. The same texts give the same mentions, in one process or in many.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace

from pipelines.privacy.ages import find_ages
from pipelines.privacy.citations import find_citations
from pipelines.privacy.dates import find_dates, find_relative_dates
from pipelines.privacy.forms import find_identifiers, find_loose_numbers
from pipelines.privacy.mentions import Mention, MentionKind, find_tags, unite
from pipelines.privacy.naming import find_names, repeat_names
from pipelines.privacy.places import find_sites, find_streets, find_towns
from pipelines.privacy.recognising import NameRecogniser, find_forms
from pipelines.privacy.tagging import find_checked_numbers, read_entities

CHUNK = 100
WORTH_A_PROCESS = 500
"""Texts a process below which starting one costs more than it saves."""
WINDOW = 4_000
BREAKS = ("\n", ". ", " ")


@dataclass(frozen=True, slots=True)
class Passage:
    """A text, the year it was written in (as far as known), and whether the model may be asked about it."""

    text: str
    year: int
    is_read: bool = True


def find_mentions(passages: Sequence[Passage], processes: int | None = None) -> list[list[Mention]]:
    """Return the mentions of each passage, in order and without overlaps.

    ``processes`` is how many read at once, by default as many as there are cores and work for; it changes nothing but the time.
    """
    chunks = [passages[start : start + CHUNK] for start in range(0, len(passages), CHUNK)]
    count = processes if processes is not None else min(len(os.sched_getaffinity(0)), len(passages) // WORTH_A_PROCESS)
    if count <= 1:
        return [mentions for chunk in chunks for mentions in read_passages(chunk)]
    with ProcessPoolExecutor(count, mp_context=multiprocessing.get_context("spawn")) as pool:
        return [mentions for read in pool.map(read_passages, chunks) for mentions in read]


def read_passages(passages: Sequence[Passage]) -> list[list[Mention]]:
    """Return the mentions of each passage, read in this process."""
    ruled = [_read_rules(passage) for passage in passages]
    asked = [number for number, passage in enumerate(passages) if passage.is_read]
    entities = read_entities([passages[number].text for number in asked], [ruled[number] for number in asked])
    seen = dict(zip(asked, entities, strict=True))
    return [_settle(passage.text, ruled[number], seen.get(number, [])) for number, passage in enumerate(passages)]


def find_plain_mentions(passages: Sequence[Passage]) -> list[list[Mention]]:
    """Return what ``identifiers: names`` knows of each passage: forms everywhere, names where the model may be asked."""
    found = [find_forms(passage.text) for passage in passages]
    asked = [number for number, passage in enumerate(passages) if passage.is_read and passage.text]
    if asked:
        names = NameRecogniser().find([passages[number].text for number in asked])
        for number, people in zip(asked, names, strict=True):
            found[number] = unite(passages[number].text, [*found[number], *people])
    return found


def _read_rules(passage: Passage) -> list[Mention]:
    """Return what the rules find, the surest first within each window; they may overlap."""
    return [
        replace(found, start=found.start + start, end=found.end + start)
        for start, end in cut_windows(passage.text)
        for found in _apply_rules(passage.text[start:end], passage.year)
    ]


def cut_windows(text: str) -> list[tuple[int, int]]:
    """Return where to cut a long text for the rules: after a line, a sentence or a word, ``WINDOW`` characters at most.

    Some rules take time that grows with the square of a text, and a source may send what brings that out.
    """
    windows, start = list[tuple[int, int]](), 0
    while len(text) - start > WINDOW:
        latest, earliest = start + WINDOW, start + WINDOW // 2
        ends = (text.rfind(mark, earliest, latest) + len(mark) for mark in BREAKS if text.rfind(mark, earliest, latest) >= 0)
        end = next(ends, latest)
        windows.append((start, end))
        start = end
    return [*windows, (start, len(text))]


def _apply_rules(text: str, year: int) -> Iterator[Mention]:
    yield from find_identifiers(text)
    yield from find_checked_numbers(text)
    yield from find_dates(text)
    yield from find_ages(text, year)
    yield from find_streets(text)
    yield from find_sites(text)
    yield from find_names(text)
    yield from find_towns(text)


def _settle(text: str, ruled: Sequence[Mention], entities: Sequence[Mention]) -> list[Mention]:
    """Return the union; what says nothing alone (a bare number, "last month") counts beside a person, a place or a number."""
    found = [*ruled, *entities]
    names = [one for one in found if one.kind is MentionKind.NAME]
    found += repeat_names(text, names)
    if any(one.kind not in {MentionKind.DATE, MentionKind.AGE} for one in found):
        found += [*find_relative_dates(text), *find_loose_numbers(text)]
    return unite(text, found, [*find_tags(text), *find_citations(text)])
