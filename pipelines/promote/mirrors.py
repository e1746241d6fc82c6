"""What the registry's aliases say, and which of them did not say what the ledger does."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.domain.identities import Digest

AS_OF_TAG = "addendum.as_of"


@dataclass(frozen=True, slots=True, kw_only=True)
class MovedAlias:
    """An alias that did not point where the ledger says; ``is_foreign`` when it had, and somebody moved it since."""

    alias: str
    found: int | None
    expected: int | None
    is_foreign: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """The aliases as they are: the digest of the model that each names, and the ledger's event that they were last set by."""

    as_of: int | None
    digests: Mapping[str, Digest]


def read_as_of(tags: Mapping[str, str]) -> int | None:
    """Return which event of the ledger the tags of a registered model say its aliases were last set by."""
    noted = tags.get(AS_OF_TAG, "")
    return int(noted) if noted.isdecimal() else None
