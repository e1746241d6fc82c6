"""Measures the recognisers on texts in which people marked what is personal: recall by class, and what they touch in vain."""

from __future__ import annotations

import gzip
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from pipelines.domain.errors import ParamsError
from pipelines.domain.identities import Digest
from pipelines.privacy.ensemble import Passage, find_mentions
from pipelines.privacy.mentions import Mention
from pipelines.privacy.recognising import is_suspicious
from pipelines.privacy.reports import Recall, RecallReport, digest_recognisers
from pipelines.privacy.vocabulary import read_vocabulary

TAIL = 0.05
WORD = re.compile(r"[^\W_]+")
FREE = frozenset(("dr", "drs", "mr", "mrs", "ms", "miss", "prof", "in", "at", "of", "the", "and", "on", "s"))
CUES = frozenset(("patient", "site", "id", "mrn", "no", "number", "zip", "code", "st"))
"""Words that say what an identifier is, and words between names: nobody is known by them."""


class GoldSpan(BaseModel):
    """Characters ``start`` to ``end`` (exclusive) of a text, and the class of identifier that a person saw there."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    type: str = Field(min_length=1)
    start: int = Field(ge=0)
    end: int = Field(gt=0)


class GoldText(BaseModel):
    """A text with all its identifiers marked; without any it is clean. ``year`` is the one it was written in."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    text: str = Field(min_length=1)
    spans: tuple[GoldSpan, ...] = ()
    year: int = 2024

    @field_validator("spans", mode="before")
    @classmethod
    def _drop_unplaced(cls, spans: Any) -> Any:  # noqa: ANN401  # whatever the line holds: pydantic checks it next
        """Leave out what somebody marked and the text does not say: it stands nowhere."""
        if not isinstance(spans, list):
            return spans
        return [one for one in spans if not (isinstance(one, dict) and one.get("start") is None and one.get("value"))]


@dataclass(frozen=True, slots=True)
class Reading:
    """What was found in a gold text."""

    gold: GoldText
    mentions: Sequence[Mention]


def read_gold(path: Path) -> list[GoldText]:
    """Return the texts of a JSON-lines file, gzipped or not; raises :class:`ParamsError` naming the line, never its text."""
    if not path.is_file():
        raise ParamsError(f"{path} is missing: a gold set is a file of JSON lines with `id`, `text` and `spans`")
    content = path.read_bytes()
    lines = (gzip.decompress(content) if path.suffix == ".gz" else content).decode("utf-8").splitlines()
    return [_read_line(path, number, line) for number, line in enumerate(lines, start=1) if line.strip()]


def read_with(gold: Sequence[GoldText], *, screen: bool = True, processes: int | None = None) -> list[Reading]:
    """Return what ``identifiers: safe_harbor`` finds in each text, as ``deidentify`` with the same ``screen`` reads it."""
    passages = [Passage(one.text, one.year, not screen or is_suspicious(one.text)) for one in gold]
    return [Reading(one, mentions) for one, mentions in zip(gold, find_mentions(passages, processes), strict=True)]


def summarise(readings: Sequence[Reading], *, screen: bool, gold: Digest) -> RecallReport:
    """Return the report; ``gold`` is the digest of the file that the texts are of."""
    outcomes = [(span.type, is_covered(one.gold.text, span, one.mentions)) for one in readings for span in one.gold.spans]
    kinds = sorted({kind for kind, _ in outcomes})
    clean = [one for one in readings if not one.gold.spans]
    return RecallReport(
        overall=_count("all", [found for _, found in outcomes]),
        classes=tuple(_count(kind, [found for other, found in outcomes if other == kind]) for kind in kinds),
        clean=len(clean),
        touched=sum(bool(one.mentions) for one in clean),
        identifiers="safe_harbor",
        screen=screen,
        code=digest_recognisers(),
        gold=gold,
    )


def is_covered(text: str, span: GoldSpan, mentions: Sequence[Mention]) -> bool:
    """Return whether every telling word of the span lies wholly within mentions, whatever class they are of.

    Not telling are titles, words like "of", what says which number follows, and the names of states, which may stay.
    """
    states = {state.casefold() for state in read_vocabulary().states}
    hidden = {place for one in mentions for place in range(one.start, one.end)}
    words = [(span.start + hit.start(), hit.group()) for hit in WORD.finditer(text[span.start : span.end])]
    telling = [(start, word) for start, word in words if word.casefold() not in FREE | CUES | states and not _is_code(word)]
    return all(place in hidden for start, word in telling or words for place in range(start, start + len(word)))


def bound_recall(found: int, spans: int) -> float:
    """Return the exact one-sided 95% lower bound of a share: Clopper and Pearson (1934), Biometrika 26, 404-413."""
    from scipy.special import betaincinv

    return float(betaincinv(found, spans - found + 1, TAIL)) if found else 0.0


def _is_code(word: str) -> bool:
    return word in read_vocabulary().codes


def _count(kind: str, outcomes: Sequence[bool]) -> Recall:
    found, spans = sum(outcomes), len(outcomes)
    return Recall(kind=kind, found=found, spans=spans, lower=bound_recall(found, spans))


def _read_line(path: Path, number: int, line: str) -> GoldText:
    try:
        text = GoldText.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ParamsError(f"{path}: line {number}: {where or 'content'}: {first['msg']}") from None
    if any(span.end > len(text.text) or span.start >= span.end for span in text.spans):
        raise ParamsError(f"{path}: line {number}: a span lies outside its text")
    return text
