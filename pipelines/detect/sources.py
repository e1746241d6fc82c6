"""The one seam of this room: a source is its own parameters and one method, and gets everything else handed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol, runtime_checkable

from pipelines.domain.drops import Cursor, Detection
from pipelines.domain.identities import SourceName


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a source needs from its surroundings: the time, secrets, and where the APIs are (official unless overridden)."""

    now: datetime
    base_urls: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)

    def base_url(self, kind: str, official: str) -> str:
        """Return where the API of ``kind`` is, without a final slash."""
        return self.base_urls.get(kind, official).rstrip("/")


@runtime_checkable
class Source(Protocol):
    """Looks at one source, from a cursor on."""

    @property
    def name(self) -> SourceName:
        """The name in the corpus and the ledger."""
        ...

    def detect(self, since: Cursor | None, access: Access) -> Detection:
        """Return everything new or changed since ``since`` (all of the declared window when ``None``).

        The look overlaps the last one; whoever admits drops what is already known by digest. Raises
        :class:`~pipelines.domain.errors.ResponseError` when a response does not parse and
        :class:`~pipelines.domain.errors.UnreachableError` when retries are exhausted.
        """
        ...
