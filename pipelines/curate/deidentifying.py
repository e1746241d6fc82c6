"""Replaces personal data by surrogates that stay the same within a family and say nothing outside it.

For domains of clinical notes and queries only: regulatory text names officials and addresses on purpose, so no step does this
by default. The surrogate is a keyed hash, so one person stays one person throughout a family's documents, and two families
cannot be joined by a name. Whoever has the key can test guesses: keep it as private as the texts.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from pipelines.curate.rows import Curated, Row
from pipelines.keys import Key, read_key

if TYPE_CHECKING:
    from pipelines.privacy.recognising import Mention, MentionKind


SHORTEST_KEY = 8


class Deidentify(BaseModel):
    """Replaces names, e-mail addresses, phone and record numbers; dates and places stay, in this version.

    Identifiers with a form are looked for in every row. Names need a language model at some dozens of texts a second, so with
    ``screen`` only rows with a cue (a courtesy title, "patient", an age, an identifier) are read for them: **a name in a row
    without any cue stays**. Even when read, the small model misses names and takes some drugs for people; this is a first
    line of defence, not a proof of anonymity.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["deidentify"] = "deidentify"
    key: Key = Field(repr=False, description="keys the surrogates; another key gives other surrogates")
    screen: bool = True

    @field_validator("key")
    @classmethod
    def _refuse_short(cls, key: Key) -> Key:
        if isinstance(key, str) and len(key) < SHORTEST_KEY:
            raise ValueError(f"it should have at least {SHORTEST_KEY} characters")
        return key

    def apply(self, rows: Sequence[Row]) -> Curated:
        """Return all rows with surrogates in place of personal data; none leaves.

        Replacing a name changes what the model sees of its neighbours, so a changed text is read again until nothing more is
        found; every round turns some original text into surrogates, so the rounds end.
        """
        passages = [_Passage(row.entry.revision.family_id, text) for row in rows for text in _texts(row)]
        passages = self._replace_all(passages, [not self.screen or _is_suspicious(row) for row in rows])
        changed = zip(rows, passages[::2], passages[1::2], strict=True)
        return Curated(rows=tuple(row.rewrite(title.text, text.text, "replaced personal data") for row, title, text in changed))

    def _replace_all(self, passages: Sequence[_Passage], suspicions: Sequence[bool]) -> list[_Passage]:
        """Return the passages (two a row) with surrogates; names are looked for where the row is under suspicion."""
        from pipelines.privacy.recognising import NameRecogniser, find_forms

        done = [self._substitute(passage, find_forms(passage.text)) for passage in passages]
        waiting = [n for n, passage in enumerate(passages) if suspicions[n // 2] and passage.text]
        recogniser = NameRecogniser() if waiting else None
        while waiting and recogniser is not None:
            before = [done[n] for n in waiting]
            for n, names in zip(waiting, recogniser.find([passage.text for passage in before]), strict=True):
                named = self._substitute(done[n], names)
                done[n] = self._substitute(named, find_forms(named.text))
            waiting = [n for n, passage in zip(waiting, before, strict=True) if done[n] != passage]
        return done

    def _substitute(self, passage: _Passage, mentions: Sequence[Mention]) -> _Passage:
        return passage.replace(mentions, lambda kind, value: invent_surrogate(self.key, passage.family, kind, value))


@dataclass(frozen=True, slots=True)
class _Passage:
    """A text and the family within which its people are the same."""

    family: str
    text: str

    def replace(self, mentions: Sequence[Mention], surrogate: Callable[[MentionKind, str], str]) -> _Passage:
        """Return the passage with every mention replaced, from the end so that offsets stay true."""
        text = self.text
        edge = len(text)
        for mention in sorted(mentions, reverse=True):
            if mention.end <= edge:
                text = text[: mention.start] + surrogate(mention.kind, text[mention.start : mention.end]) + text[mention.end :]
                edge = mention.start
        return _Passage(self.family, text)


def invent_surrogate(key: Key, family: str, kind: MentionKind, value: str) -> str:
    """Return ``[KIND-xxxxxxxx]``: eight hex digits of HMAC-SHA256 over family, kind and the value without case and spacing."""
    message = "\0".join((family, kind, " ".join(value.casefold().split()))).encode()
    return f"[{kind}-{hmac.new(read_key(key), message, hashlib.sha256).hexdigest()[:8]}]"


def _is_suspicious(row: Row) -> bool:
    from pipelines.privacy.recognising import is_suspicious

    return is_suspicious(row.reading)


def _texts(row: Row) -> tuple[str, str]:
    return row.entry.revision.title, row.entry.revision.text
