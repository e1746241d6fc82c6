"""What every source has in common: a request as it came in, a reply as it goes out, and how a page is cut from a list."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TypeVar

from infra.rehearsal.worlds import Published
from pipelines.domain.identities import Json

Row = TypeVar("Row")
JSON_TYPE = "application/json; charset=utf-8"
XML_TYPE = "text/xml; charset=UTF-8"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. ``base_url`` is where the source is, for links; ``shift`` rows have left the front of the list."""

    path: str
    query: Mapping[str, Sequence[str]] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    base_url: str = ""
    shift: int = 0

    def text(self, name: str, default: str = "") -> str:
        """Return the last value of a parameter."""
        return self.query[name][-1] if self.query.get(name) else default

    def texts(self, name: str) -> tuple[str, ...]:
        """Return all values of a parameter that may be repeated."""
        return tuple(self.query.get(name, ()))

    def number(self, name: str, default: int) -> int:
        """Return a parameter as a whole number, or ``default`` where it is none."""
        written = self.text(name)
        return int(written) if written.isdigit() else default


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One answer."""

    body: bytes
    status: int = HTTPStatus.OK
    media_type: str = JSON_TYPE
    headers: Mapping[str, str] = field(default_factory=dict)


Answer = Callable[[Request, Published], Reply]


def reply_json(value: Json, status: int = HTTPStatus.OK, headers: Mapping[str, str] | None = None) -> Reply:
    """Return ``value`` as a JSON reply."""
    return Reply(body=json.dumps(value, ensure_ascii=False).encode(), status=status, headers=headers or {})


def not_found() -> Reply:
    """Return what most sources answer for a path that they do not have."""
    return reply_json({"error": "Not Found"}, HTTPStatus.NOT_FOUND)


def cut_page(rows: Sequence[Row], offset: int, limit: int, request: Request) -> list[Row]:
    """Return the page at ``offset``; for a shifted request the first rows have just moved to the end, as updated ones do."""
    moved = [*rows[request.shift :], *rows[: request.shift]]
    return moved[offset : offset + limit]
