"""Reading parsed JSON with distrust: a field that is gone or has changed its type stops the source and says which field.

Without this a renamed field becomes an empty text, and an empty text becomes something that a model learns.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipelines.domain.errors import ResponseError

ISO_DAY = ("%Y-%m-%d",)
_DASHES = re.compile("[\u2010-\u2015\u2212]")
_HALF_A_CHARACTER = re.compile("[\ud800-\udfff]")
_MISSING = object()


@dataclass(frozen=True, slots=True)
class Fields:
    """One JSON object of a response. A path such as ``"a.b.c"`` goes down through objects; every problem is a ``ResponseError``.

    The plain readers demand the field; those with ``_or`` in their name take ``null`` and absence as the default, but never
    another type.
    """

    source: str
    document: str
    mapping: Mapping[str, Any]

    @classmethod
    def read(cls, source: str, document: str, value: object, field: str = "") -> Fields:
        """Return ``value`` as fields where it is an object; ``field`` says where it was found."""
        if not isinstance(value, Mapping):
            raise ResponseError(source, document, field, f"should be an object, is {_kind(value)}")
        return cls(source, document, value)

    def of(self, document: str) -> Fields:
        """Return the same fields, with errors that name ``document``."""
        return Fields(self.source, document, self.mapping)

    def has(self, path: str) -> bool:
        """Return whether the field is there and not ``null``."""
        return self._find(path) not in (_MISSING, None)

    def text(self, path: str) -> str:
        """Return a text with something in it, stripped."""
        value = self._demand(path, str, "a text")
        if not value.strip():
            raise self.error(path, "is empty")
        return str(value.strip())

    def text_or(self, path: str, default: str = "") -> str:
        """Return a text, stripped, or ``default`` where there is none or it is empty."""
        return (self._demand(path, str, "a text").strip() or default) if self.has(path) else default

    def identifier(self, path: str) -> str:
        """Return a text that names a thing, its dashes of any kind made hyphens: a change of type-setting renames nothing."""
        return normalise_dashes(self.text(path))

    def integer(self, path: str) -> int:
        """Return a whole number."""
        value = self._demand(path, int, "a whole number")
        if isinstance(value, bool):
            raise self.error(path, "should be a whole number, is a truth value")
        return int(value)

    def flag(self, path: str) -> bool:
        """Return a truth value."""
        return bool(self._demand(path, bool, "a truth value"))

    def flag_or(self, path: str, *, default: bool) -> bool:
        """Return a truth value, or ``default`` where there is none."""
        return self.flag(path) if self.has(path) else default

    def date(self, path: str, formats: Sequence[str] = ISO_DAY) -> dt.date:
        """Return a day written in one of ``formats`` (as of :func:`datetime.datetime.strptime`)."""
        written = self.text(path)
        for form in formats:
            try:
                return dt.datetime.strptime(written, form).date()  # noqa: DTZ007 - a day has no zone
            except ValueError:
                continue
        raise self.error(path, f"is no date of the form {' or '.join(formats)}")

    def date_or_none(self, path: str, formats: Sequence[str] = ISO_DAY) -> dt.date | None:
        """Return a day, or ``None`` where there is none."""
        return self.date(path, formats) if self.text_or(path) else None

    def list(self, path: str) -> Sequence[Any]:
        """Return a list of anything."""
        value: Sequence[Any] = self._demand(path, list, "a list")
        return value

    def list_or(self, path: str, default: Sequence[Any] = ()) -> Sequence[Any]:
        """Return a list of anything, or ``default`` where there is none."""
        return self.list(path) if self.has(path) else default

    def texts(self, path: str) -> tuple[str, ...]:
        """Return a list of texts, stripped, without empty ones."""
        values = self.list(path)
        for index, value in enumerate(values):
            if not isinstance(value, str):
                raise self.error(f"{path}[{index}]", f"should be a text, is {_kind(value)}")
        return tuple(value.strip() for value in values if value.strip())

    def texts_or(self, path: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """Return a list of texts, or ``default`` where there is none."""
        return self.texts(path) if self.has(path) else default

    def child(self, path: str) -> Fields:
        """Return an object."""
        return Fields(self.source, self.document, self._demand(path, Mapping, "an object"))

    def children(self, path: str) -> tuple[Fields, ...]:
        """Return a list of objects."""
        return tuple(
            Fields.read(self.source, self.document, value, f"{path}[{index}]") for index, value in enumerate(self.list(path))
        )

    def children_or(self, path: str, default: tuple[Fields, ...] = ()) -> tuple[Fields, ...]:
        """Return a list of objects, or ``default`` where there is none."""
        return self.children(path) if self.has(path) else default

    def error(self, path: str, problem: str) -> ResponseError:
        """Return the error that says what is wrong with a field; never quotes its value."""
        return ResponseError(self.source, self.document, path, problem)

    def _demand(self, path: str, kind: type, said: str) -> Any:  # noqa: ANN401 - the type is checked here, by ``kind``
        value = self._find(path)
        if value is _MISSING:
            raise self.error(path, "is gone")
        if not isinstance(value, kind):
            raise self.error(path, f"should be {said}, is {_kind(value)}")
        if isinstance(value, str) and _HALF_A_CHARACTER.search(value):
            raise self.error(path, "holds half a character (a lone surrogate), which no file can hold")
        return value

    def _find(self, path: str) -> object:
        value: object = self.mapping
        walked: list[str] = []
        for name in path.split("."):
            if value is None:
                return _MISSING
            if not isinstance(value, Mapping):
                raise self.error(".".join(walked), f"should be an object, is {_kind(value)}")
            value = value.get(name, _MISSING)
            if value is _MISSING:
                return _MISSING
            walked.append(name)
        return value


def normalise_dashes(identifier: str) -> str:
    """Return ``identifier`` with every kind of dash as a plain hyphen."""
    return _DASHES.sub("-", identifier)


def _kind(value: object) -> str:
    names = {type(None): "null", bool: "a truth value", int: "a number", float: "a number", str: "a text", list: "a list"}
    return "an object" if isinstance(value, Mapping) else names.get(type(value), type(value).__name__)
