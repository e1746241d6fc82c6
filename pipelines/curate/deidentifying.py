"""Replaces personal data by surrogates that stay the same within a family and say nothing outside it.

For domains of clinical notes and queries only: regulatory text names officials and addresses on purpose, so no step does this
by default. The surrogate is drawn with a keyed hash, so one person stays one person throughout a family's documents, and two
families cannot be joined by a name. Whoever has the key can test guesses: keep it as private as the texts.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from pipelines.curate.rows import Curated, Row
from pipelines.keys import Key, read_key
from pipelines.privacy.mentions import REPLACED, Mention, MentionKind

SHORTEST_KEY = 8


class Deidentify(BaseModel):
    """Replaces personal data: ``names`` takes out names, e-mail addresses, phone and record numbers; ``safe_harbor`` far more.

    With ``names`` dates and places stay. ``safe_harbor`` reads for the identifiers of 45 CFR 164.514(b)(2)(i) with the rules and
    the model of ``pipelines.privacy.ensemble``, law that is cited excepted. ``tags`` mark what was replaced; ``natural`` reads
    like the original, and a row that was replaced in is never read again.

    Identifiers with a form are looked for in every row. Names need a language model at some dozens of texts a second, so with
    ``screen`` only rows with a cue (a courtesy title, "patient", an age, an identifier) are read for them: **a name in a row
    without any cue stays** where no rule sees it. What is missed is measured, not assumed: docs/guide/privacy.md.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["deidentify"] = "deidentify"
    key: Key = Field(repr=False, description="keys the surrogates; another key gives other surrogates")
    screen: bool = True
    identifiers: Literal["names", "safe_harbor"] = "names"
    surrogates: Literal["tags", "natural"] = "tags"
    sources: tuple[str, ...] | None = Field(default=None, min_length=1, description="only rows of these sources; none: of all")

    @field_validator("key")
    @classmethod
    def _refuse_short(cls, key: Key) -> Key:
        if isinstance(key, str) and len(key) < SHORTEST_KEY:
            raise ValueError(f"it should have at least {SHORTEST_KEY} characters")
        return key

    @property
    def is_shield(self) -> bool:
        """Whether it reads every row for all identifiers."""
        return self.identifiers == "safe_harbor" and self.sources is None

    def apply(self, rows: Sequence[Row]) -> Curated:
        """Return all rows with surrogates in place of personal data; none leaves."""
        told = [place for place, row in enumerate(rows) if self._is_read(row)]
        passages = [passage for place in told for passage in _list_passages(rows[place])]
        suspicions = [not self.screen or _is_suspicious(rows[place]) for place in told]
        is_marked = (self.identifiers, self.surrogates) == ("names", "tags")
        passages = self._replace_all(passages, suspicions) if is_marked else self._replace_once(passages, suspicions)
        changed = list(rows)
        for place, title, text in zip(told, passages[::2], passages[1::2], strict=True):
            changed[place] = rows[place].rewrite(title.text, text.text, REPLACED)
        return Curated(rows=tuple(changed))

    def _is_read(self, row: Row) -> bool:
        is_told = self.sources is None or row.entry.revision.source in self.sources
        return is_told and not (self.surrogates == "natural" and REPLACED in row.changes)

    def _replace_once(self, passages: Sequence[_Passage], suspicions: Sequence[bool]) -> list[_Passage]:
        """Return the passages (two a row) with surrogates for what is found in them as they are: no surrogate is ever read."""
        from pipelines.privacy.ensemble import Passage, find_mentions, find_plain_mentions
        from pipelines.privacy.inventing import Inventor

        asked = [Passage(one.text, one.year, suspicions[n // 2]) for n, one in enumerate(passages)]
        found = find_mentions(asked) if self.identifiers == "safe_harbor" else find_plain_mentions(asked)
        read = list(zip(passages, found, strict=True))
        if self.surrogates == "tags":
            return [self._substitute(passage, mentions) for passage, mentions in read]
        key = read_key(self.key)
        return [one.replace(mentions, Inventor(key, one.family, one.year).invent) for one, mentions in read]

    def _replace_all(self, passages: Sequence[_Passage], suspicions: Sequence[bool]) -> list[_Passage]:
        """Return the passages (two a row) with surrogates; names are looked for where the row is under suspicion.

        Replacing a name changes what the model sees of its neighbours, so a changed text is read again until nothing more is
        found; every round turns some original text into surrogates, so the rounds end.
        """
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
    """A text, the family within which its people are the same, and the year in which it was published."""

    family: str
    text: str
    year: int

    def replace(self, mentions: Sequence[Mention], surrogate: Callable[[MentionKind, str], str]) -> _Passage:
        """Return the passage with every mention replaced, from the end so that offsets stay true."""
        text = self.text
        edge = len(text)
        for mention in sorted(mentions, reverse=True):
            if mention.end <= edge:
                text = text[: mention.start] + surrogate(mention.kind, text[mention.start : mention.end]) + text[mention.end :]
                edge = mention.start
        return replace(self, text=text)


def invent_surrogate(key: Key, family: str, kind: MentionKind, value: str) -> str:
    """Return ``[KIND-xxxxxxxx]``: eight hex digits of HMAC-SHA256 over family, kind and the value without case and spacing."""
    message = "\0".join((family, kind, " ".join(value.casefold().split()))).encode()
    return f"[{kind}-{hmac.new(read_key(key), message, hashlib.sha256).hexdigest()[:8]}]"


def _is_suspicious(row: Row) -> bool:
    from pipelines.privacy.recognising import is_suspicious

    return is_suspicious(row.reading)


def _list_passages(row: Row) -> tuple[_Passage, _Passage]:
    revision = row.entry.revision
    year = revision.published_at.year
    return _Passage(revision.family_id, revision.title, year), _Passage(revision.family_id, revision.text, year)
