"""Words that the recognisers and surrogates share, in ``vocabulary.json``: written for this project, but for the names of towns.

Those are the ones to which libphonenumber, through its Python port ``phonenumbers`` (Apache-2.0), assigns American and Canadian
telephone exchanges: some seven thousand, which is most towns with an exchange of their own.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

NORTH_AMERICA = "1"
TERM = re.compile(
    r"(?:tions?|ograms?|graph(?:y|ic)|itis|emia|osis|ectomy|pathy|plasty|scopy|olog(?:y|ist)|cillin|mycin|oxacin|statin|sartan|olol|prazole"
    r"|parin|gliptin|flozin|azepam|sone|mab|nib|uria|algia|cardia|pnea|phagia|trophy)$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """``terms`` are small-lettered words that are no names; after one of ``heads`` a single letter is no initial.

    ``acronyms`` name no place, ``openings`` begin sentences; ``states`` (and their ``codes``) may stay. ``beginnings`` and
    ``endings`` make invented names.
    """

    terms: frozenset[str]
    heads: frozenset[str]
    acronyms: frozenset[str]
    openings: frozenset[str]
    states: frozenset[str]
    codes: frozenset[str]
    beginnings: tuple[str, ...]
    endings: tuple[str, ...]


@cache
def read_vocabulary() -> Vocabulary:
    """Return the words; read once a process."""
    raw = json.loads(files("pipelines.privacy").joinpath("vocabulary.json").read_text(encoding="utf-8"))
    words = {name: text.split() for name, text in raw.items() if name != "states"}
    return Vocabulary(
        terms=frozenset(words["terms"]),
        heads=frozenset(words["heads"]),
        acronyms=frozenset(words["acronyms"]),
        openings=frozenset(words["openings"]),
        states=frozenset(raw["states"].split("; ")),
        codes=frozenset(words["state_codes"]),
        beginnings=tuple(words["surrogate_beginnings"]),
        endings=tuple(words["surrogate_endings"]),
    )


def is_term(word: str) -> bool:
    """Return whether a word is no name, whatever its case: one of the terms, or built as medicine builds its own."""
    plain = word.casefold()
    return plain in read_vocabulary().terms or TERM.search(plain) is not None


@cache
def read_towns() -> frozenset[str]:
    """Return the names of towns, as they are written; read once a process, in half a second."""
    from phonenumbers.geodata import GEOCODE_DATA

    named = (names["en"] for code, names in GEOCODE_DATA.items() if code.startswith(NORTH_AMERICA) and "en" in names)
    towns = {name.split(",")[0] for name in named if ", " in name}
    return frozenset(town for town in towns if town.casefold() not in read_vocabulary().terms and "/" not in town)
