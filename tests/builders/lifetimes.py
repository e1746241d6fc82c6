"""One simulated lifetime written out row by row, so that the judge's verdict on it can be set beside the simulation's."""

from __future__ import annotations

from dataclasses import replace

from benchmarks.worlds import Proposal
from pipelines.domain.models import Role
from pipelines.domain.scorecards import Outcome, Slice
from tests.builders.outcomes import build_outcome


def write_out(proposal: Proposal, lifetime: int = 0) -> list[Outcome]:
    """Return the outcomes of candidate, champion and anchor that have the counts of ``proposal``."""
    outcomes: list[Outcome] = []
    for part in (Slice.ESTABLISHED, Slice.FRESH, Slice.CURRENCY):
        rows, turned = proposal.rows[part][lifetime], proposal.turned[part][lifetime]
        kinds = [(bool(kind), bool(place < turned[kind])) for kind in (0, 1) for place in range(rows[kind])]
        outcomes += _write(part, [(is_right, is_right is not is_turned, None) for is_right, is_turned in kinds])
    rows, turned = proposal.rows[Slice.ANCHOR][lifetime], proposal.turned[Slice.ANCHOR][lifetime]
    cells = [
        (anchor, kind, bool(place < turned[anchor, kind]))
        for anchor in (0, 1)
        for kind in (0, 1)
        for place in range(rows[anchor, kind])
    ]
    outcomes += _write(
        Slice.ANCHOR, [(bool(kind), bool(kind) is not is_turned, bool(anchor)) for anchor, kind, is_turned in cells]
    )
    return outcomes


def _write(part: Slice, rows: list[tuple[bool, bool, bool | None]]) -> list[Outcome]:
    """Each row is (champion right, candidate right, anchor right)."""
    written = []
    for row, (champion, candidate, anchor) in enumerate(rows):
        roles = {Role.CHAMPION: champion, Role.CANDIDATE: candidate, Role.ANCHOR: anchor}
        written += [
            replace(
                build_outcome(row, role=role, slice=part, is_right=is_right),
                row_id=f"{part.value}-{row:06d}",
                family_id=f"{part.value}-{row:06d}",
            )
            for role, is_right in roles.items()
            if is_right is not None
        ]
    return written
