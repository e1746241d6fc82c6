"""The small English spaCy model, and Presidio's recognisers of numbers that carry a check digit: what reads where rules do not.

The model is asked about sentences with a capitalised word that nothing else explains, since it reads a few dozen texts a second.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from pipelines.privacy.mentions import Mention, MentionKind
from pipelines.privacy.naming import is_namelike
from pipelines.privacy.places import STUDY, is_placelike
from pipelines.privacy.recognising import EPONYM, MODEL, UNUSED_PIPES
from pipelines.privacy.vocabulary import is_term, read_towns

if TYPE_CHECKING:
    from presidio_analyzer import EntityRecognizer
    from spacy.language import Language

BATCH = 128
SENTENCE = re.compile(r"(?:[^.!?\n]|(?<=\b[A-Z])\.|(?<=\bDr)\.|(?<=\bM[rs])\.|(?<=\bMrs)\.|(?<=\bSt)\.|[.!?](?!\s))+[.!?]*")
CAPITALISED = re.compile(r"(?<![\w-])[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]{2,}")
BEFORE_A_PLACE = re.compile(r"(?:\b(?:in|from|near|at|to|of|around|the|our)|,) $", re.IGNORECASE)
CHECKED = re.compile(r"(?:\d[ -]?){12,19}|\b[A-Z]{2}\d{7}\b|\b[A-Z]{2}\d{2}[ ]?[A-Z0-9]{4}")
"""What may be a card, a licence of the Drug Enforcement Administration or an international account."""

CERTAIN = 0.9
"""Presidio's score where the check digit is right."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A sentence of the text with this number, from this character on."""

    number: int
    start: int
    text: str


def read_entities(texts: Sequence[str], explained: Sequence[Sequence[Mention]]) -> list[list[Mention]]:
    """Return people and places that the model sees in each text where ``explained`` leaves a capitalised word over."""
    pieces = [piece for number, text in enumerate(texts) for piece in _choose_pieces(number, text, explained[number])]
    found: list[list[Mention]] = [[] for _ in texts]
    if pieces:
        for document, piece in zip(_open_model().pipe([one.text for one in pieces], batch_size=BATCH), pieces, strict=True):
            for entity in document.ents:
                start, end = piece.start + entity.start_char, piece.start + entity.end_char
                mention = _accept(texts[piece.number], entity.label_, start, end)
                found[piece.number] += [mention] if mention else []
    return found


def find_checked_numbers(text: str) -> list[Mention]:
    """Return what Presidio knows by a check digit: payment cards, international accounts, DEA numbers."""
    if not CHECKED.search(text):
        return []
    results = [(kind, hit) for kind, one in _open_recognisers() for hit in one.analyze(text, one.supported_entities, None) or ()]
    return [Mention(start=hit.start, end=hit.end, kind=kind) for kind, hit in results if hit.score >= CERTAIN]


def _choose_pieces(number: int, text: str, explained: Sequence[Mention]) -> Iterator[Piece]:
    known = {place for one in explained for place in range(one.start, one.end)}
    for sentence in SENTENCE.finditer(text):
        words = CAPITALISED.finditer(text, *sentence.span())
        if any(word.start() not in known and not is_term(word.group()) for word in words):
            yield Piece(number, sentence.start(), sentence.group())


def _accept(text: str, label: str, start: int, end: int) -> Mention | None:
    value = text[start:end].removesuffix("'s").removesuffix("’s")
    end = start + len(value)
    words = value.split()
    if not words or not value[0].isupper() or any(letter.isdigit() for letter in value) or EPONYM.match(text, end):
        return None
    if label == "PERSON":
        is_name = is_namelike(words) and not value.isupper()
        return Mention(start=start, end=end, kind=MentionKind.NAME) if is_name else None
    if label in {"GPE", "LOC", "FAC"} and is_placelike(words) and not STUDY.match(text, end):
        is_place = value in read_towns() or (BEFORE_A_PLACE.search(text, 0, start) and not value.isupper())
        return Mention(start=start, end=end, kind=MentionKind.PLACE) if is_place else None
    return None


@cache
def _open_model() -> Language:
    import spacy

    return spacy.load(MODEL, disable=list(UNUSED_PIPES))


@cache
def _open_recognisers() -> tuple[tuple[MentionKind, EntityRecognizer], ...]:
    from presidio_analyzer.predefined_recognizers import CreditCardRecognizer, IbanRecognizer, MedicalLicenseRecognizer

    return (
        (MentionKind.ACCOUNT, CreditCardRecognizer()),
        (MentionKind.ACCOUNT, IbanRecognizer()),
        (MentionKind.LICENCE, MedicalLicenseRecognizer()),
    )
