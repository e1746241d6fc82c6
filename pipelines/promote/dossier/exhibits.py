"""Reading a verdict's evidence by the digests that the ledger names. What is not there is said, and never made up."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import TypeAdapter, ValidationError

from pipelines.domain.events import Event
from pipelines.domain.identities import Digest, shorten
from pipelines.ledger.custody import list_erased

Noun = TypeVar("Noun")
Kept = TypeVar("Kept")


class Shelf(Protocol):
    """Wherever evidence is kept."""

    def has(self, digest: Digest) -> bool:
        """Tell whether it is there."""
        ...

    def get(self, digest: Digest) -> bytes:
        """Return it; raises :class:`~pipelines.domain.errors.LedgerError` where it is not what its digest says."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """In the place of a fact: why it is not recorded."""

    why: str


@dataclass(frozen=True, slots=True)
class Exhibits:
    """The evidence of one judged candidate, by name."""

    shelf: Shelf
    named: Mapping[str, Digest]
    erased: Mapping[Digest, int]

    @classmethod
    def of(cls, judged: Event, shelf: Shelf, events: Sequence[Event] = ()) -> Exhibits:
        """Return the evidence that the event names (an older event names none), and by which of ``events`` any was erased."""
        return cls(shelf, list_named(judged), list_erasures(events))

    def fetch(self, name: str) -> bytes | Missing:
        """Return the file called ``name``; raises :class:`~pipelines.domain.errors.LedgerError` for one that was altered."""
        digest = self.named.get(name)
        if digest is None:
            return Missing(why=f"the record of this verdict names no {name}")
        if not self.shelf.has(digest):
            how = f"was erased by event {self.erased[digest]}" if digest in self.erased else "has been removed since"
            return Missing(why=f"{name} ({shorten(digest)}) was recorded and {how}")
        return self.shelf.get(digest)

    def read(self, name: str, kind: type[Noun]) -> Noun | Missing:
        """Return a JSON file as ``kind``; fields that ``kind`` does not know are left out."""
        content = self.fetch(name)
        if isinstance(content, Missing):
            return content
        try:
            return TypeAdapter(kind).validate_json(content)
        except ValidationError:
            return Missing(why=f"{name} is in a form that this version does not read")

    def tabulate(self, name: str, read_row: Callable[[Mapping[str, str]], Kept]) -> tuple[Kept, ...] | Missing:
        """Return a CSV file's rows as ``read_row`` reads each; a row that it cannot read makes the whole file unread."""
        content = self.fetch(name)
        if isinstance(content, Missing):
            return content
        try:
            return tuple(read_row(row) for row in csv.DictReader(io.StringIO(content.decode())))
        except (KeyError, ValueError, TypeError):
            return Missing(why=f"{name} is in a form that this version does not read")


def list_named(judged: Event) -> dict[str, Digest]:
    """Return the digests of the evidence that the event names, by name."""
    named = judged.payload.get("evidence")
    listed = named if isinstance(named, Mapping) else {}
    return {str(name): Digest(str(digest)) for name, digest in sorted(listed.items())}


def list_erasures(events: Sequence[Event]) -> dict[Digest, int]:
    """Return the digests that were erased, each with the number of the event that says so."""
    return {digest: event.seq for event in events for digest in list_erased([event])}


def is_recorded(fact: object) -> bool:
    """Tell whether a fact is there."""
    return not isinstance(fact, Missing)
