"""Leaves out what may not, or need not, be learnt from: texts without a licence, in another language, too short or too long."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from pipelines.curate.rows import Curated, Removal, Row


class FilterLicence(BaseModel):
    """Keeps rows whose licence is one of ``allowed``, letter for letter."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["filter_licence"] = "filter_licence"
    allowed: tuple[str, ...] = Field(min_length=1)

    def apply(self, rows: Sequence[Row]) -> Curated:
        """Remove rows under any other licence, which the reason names."""
        return leave_out(rows, [self._object_to(row) for row in rows])

    def _object_to(self, row: Row) -> str | None:
        licence = row.entry.revision.licence
        return None if licence in self.allowed else f"licence not allowed: {licence}"


class FilterLength(BaseModel):
    """Keeps rows whose text (title included, as a model reads it) has a sensible number of words."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["filter_length"] = "filter_length"
    minimum_words: int = Field(default=3, ge=1)
    maximum_words: int | None = Field(default=None, ge=1)

    def apply(self, rows: Sequence[Row]) -> Curated:
        """Remove rows that are too short or too long."""
        return leave_out(rows, [self._object_to(row) for row in rows])

    def _object_to(self, row: Row) -> str | None:
        words = len(row.reading.split())
        if words < self.minimum_words:
            return "too short"
        if self.maximum_words is not None and words > self.maximum_words:
            return "too long"
        return None


class FilterLanguage(BaseModel):
    """Keeps rows in one of ``languages`` (ISO 639-1), and those whose language is not told with ``minimum_certainty``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Literal["filter_language"] = "filter_language"
    languages: tuple[str, ...] = Field(default=("en",), min_length=1)
    minimum_certainty: float = Field(default=0.8, ge=0, le=1)

    def apply(self, rows: Sequence[Row]) -> Curated:
        """Remove rows that are surely in another language, which the reason names."""
        from pipelines.languages import UNDETERMINED, detect_languages

        told = detect_languages((row.entry.revision.text for row in rows), self.minimum_certainty)
        allowed = {*self.languages, UNDETERMINED}
        return leave_out(rows, [None if one.code in allowed else f"in another language: {one.code}" for one in told])


def leave_out(rows: Sequence[Row], objections: Sequence[str | None]) -> Curated:
    """Return the rows that nothing speaks against (``None``), and the removal of each other for the reason that does."""
    judged = list(zip(rows, objections, strict=True))
    return Curated(
        rows=tuple(row for row, objection in judged if objection is None),
        removals=tuple(Removal(digest=row.digest, reason=objection) for row, objection in judged if objection is not None),
    )
