"""Scores as a reader compares them: one line a part and metric, the models side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.domain.models import Role
from pipelines.domain.scorecards import Score, Scorecard


@dataclass(frozen=True, slots=True)
class ScoreLine:
    """One metric on one part of the rows, by model; ``rows`` is the number of rows that the candidate was scored on."""

    part: str
    metric: str
    scores: Mapping[Role, float]
    rows: int


def line_up(scorecard: Scorecard) -> tuple[ScoreLine, ...]:
    """Return the scores by part and metric, in the scorecard's own order."""
    groups: dict[tuple[str, str], list[Score]] = {}
    for score in scorecard.scores:
        groups.setdefault((score.slice.value, score.metric), []).append(score)
    return tuple(
        ScoreLine(part, metric, {score.role: score.value for score in scores}, scores[0].rows)
        for (part, metric), scores in groups.items()
    )
