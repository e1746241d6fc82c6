"""What a run leaves on no disk by itself and an auditor asks for: what changed, what was kept out, what it cost.

A retraining writes these accounts when it is concluded and puts them among its evidence. They hold counts, digests and
parameters, never a document's text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.domain.identities import Digest

MOVEMENTS = ("new", "amended", "withdrawn", "retracted", "erased")
"""The ways in which documents move, as a reader goes through them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """Documents that moved in one way: how many, and the digest of the set of the revisions that moved them."""

    documents: int
    revisions: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One name whose value is another than the champion's; ``None`` on the side that does not know it."""

    name: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a candidate was made from that its champion was not.

    ``since`` and ``until`` are arrivals (exclusive, inclusive); ``by_source`` counts documents by source and by the name of
    their movement. ``params`` and ``code`` are ``None`` where a recipe of either is missing, and ``problem`` says so.
    """

    since: int
    until: int
    against: int | None
    moved: Mapping[str, Movement]
    by_source: Mapping[str, Mapping[str, int]]
    params: tuple[Difference, ...] | None
    code: tuple[Difference, ...] | None
    is_library_changed: bool | None
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How far the rows that may be learned from moved since champion ``against``: a population stability index by attribute.

    ``shifts`` is empty where there is nothing to compare with, and ``problem`` says why.
    """

    against: int | None
    shifts: Mapping[str, float]
    problem: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """Rows of one source that one check held back."""

    source: str
    check: str
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineAccount:
    """What admission kept out since the event ``since``: rows by source and check, and drops that were refused whole.

    A row that fails two checks counts under both; ``rows`` counts it once. ``unread`` drops have lost their archive.
    """

    since: int
    drops: int
    checked: int
    rows: int
    held: tuple[Held, ...]
    refused: tuple[Held, ...]
    released: int
    unread: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a run took. ``seconds`` by stage are the last run of each stage here; a stage that ran elsewhere is not among them."""

    seconds: Mapping[str, float]
    steps: int | None
    tokens: int | None
    taught: int | None
    scored: int | None
    model_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Licences:
    """The licences of what the snapshot holds in force and of what was taught: rows by source, then by licence."""

    snapshot: Mapping[str, Mapping[str, int]]
    train: Mapping[str, Mapping[str, int]]
