"""Gives rows to splits by family and leaves out what would bridge two of them: nothing resembles a row on the other side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from pipelines.domain.identities import Digest, FamilyId
from pipelines.domain.pins import Generation
from pipelines.domain.revisions import Entry, Status
from pipelines.split.assignments import SplitName, place_family
from pipelines.split.params import SplitParams


@dataclass(frozen=True, slots=True)
class Placed:
    """A curated row with its cluster and the split that its family belongs to."""

    entry: Entry
    cluster: Digest
    split: SplitName

    @property
    def is_active(self) -> bool:
        """Whether the revision is in force."""
        return self.entry.revision.status is Status.ACTIVE

    @property
    def arrival(self) -> tuple[int, str, str]:
        """What "earliest" means: the order of arrival, then of publication, then a fixed one."""
        return self.entry.ingest_seq, self.entry.revision.published_at.isoformat(), self.entry.digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Separation:
    """All rows placed, and the digests of those that a bridge or a repeated passage keeps out of their split."""

    placed: tuple[Placed, ...]
    bridging: frozenset[Digest]
    contaminated: frozenset[Digest] = frozenset()

    @property
    def left_out(self) -> frozenset[Digest]:
        """The digests of all rows that are kept out of their split."""
        return self.bridging | self.contaminated

    def members(self, split: SplitName) -> list[Entry]:
        """Return the rows in force that the split consists of, in the order given."""
        left_out = self.left_out
        return [row.entry for row in self.placed if row.split is split and row.is_active and row.entry.digest not in left_out]


@dataclass(frozen=True, slots=True, kw_only=True)
class Age:
    """The present generation of the holdout, and the arrival that brought each family's first revision."""

    generation: Generation
    first_arrivals: Mapping[FamilyId, int]


def separate(entries: Sequence[Entry], clusters: Sequence[Digest], params: SplitParams, age: Age) -> Separation:
    """Place every row by its family; of a cluster that spans splits only the rows in the earliest row's split stay.

    Superseded rows count in this, since an earlier model may have been taught them, and so do rows of retired families, since
    they have been looked at. The order given is kept.
    """
    placed = tuple(
        Placed(
            entry,
            cluster,
            place_family(params, entry.revision.family_id, age.first_arrivals[entry.revision.family_id], age.generation),
        )
        for entry, cluster in zip(entries, clusters, strict=True)
    )
    homes = _find_homes(placed)
    return Separation(
        placed=placed, bridging=frozenset(row.entry.digest for row in placed if row.split is not homes[row.cluster])
    )


def _find_homes(placed: Sequence[Placed]) -> Mapping[Digest, SplitName]:
    clusters: defaultdict[Digest, list[Placed]] = defaultdict(list)
    for row in placed:
        clusters[row.cluster].append(row)
    return {cluster: min(rows, key=lambda row: row.arrival).split for cluster, rows in clusters.items()}
