"""The holdout's outcomes by row, for gates that need more of a row than the arrays of evidence carry."""

from __future__ import annotations

from pipelines.domain.models import Role
from pipelines.domain.scorecards import Outcome, Slice
from pipelines.judge.evidence import Evidence

PARTS = frozenset({Slice.HOLDOUT, Slice.FRESH, Slice.ESTABLISHED})


def find_holdout(evidence: Evidence, role: Role) -> dict[str, Outcome]:
    """Return a model's outcomes on the holdout by ``row_id``; a row that is listed as fresh or established too is one row."""
    return {outcome.row_id: outcome for outcome in evidence.outcomes if outcome.role is role and outcome.slice in PARTS}
