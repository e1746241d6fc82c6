"""What the cursor remembers of a place full of files: every file with its stamp and the records it brought."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError

from pipelines.domain.drops import Cursor
from pipelines.domain.errors import SourceError


class HeldRecord(NamedTuple):
    """What the cursor keeps of a record: enough to know it again, and to withdraw its document."""

    document_id: str
    family_id: str
    digest: str
    published_at: date
    effective_from: date


@dataclass(frozen=True, slots=True)
class HeldFile:
    """What the cursor keeps of a file."""

    stamp: str
    records: tuple[HeldRecord, ...]


@dataclass(frozen=True, slots=True)
class Holdings:
    """What the place held: its files by name, and how often each document that ever vanished did."""

    files: Mapping[str, HeldFile] = field(default_factory=dict)
    vanished: Mapping[str, int] = field(default_factory=dict)

    def records(self) -> Iterator[HeldRecord]:
        """Yield all records, file by file."""
        for name in sorted(self.files):
            yield from self.files[name].records


_HOLDINGS = TypeAdapter(Holdings)


def read_holdings(source: str, since: Cursor | None) -> Holdings:
    """Return what the cursor remembers (nothing, without one); raises :class:`SourceError` for a cursor of another source."""
    if since is None:
        return Holdings()
    try:
        return _HOLDINGS.validate_json(since.position)
    except ValidationError as error:
        raise SourceError(f"{source}: the cursor is not one of this source's: clear it to look from the start") from error


def write_holdings(holdings: Holdings) -> Cursor:
    """Return the cursor that remembers ``holdings``; the same holdings give the same cursor."""
    ordered = Holdings(dict(sorted(holdings.files.items())), dict(sorted(holdings.vanished.items())))
    return Cursor(_HOLDINGS.dump_json(ordered).decode())
