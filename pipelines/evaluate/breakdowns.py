"""Tables for a reader of the dossier: how far each model's confidence can be trusted, and how it does on every subgroup.

They describe, and decide nothing: whether a difference on a subgroup is more than chance is a matter of the gate.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from pipelines.domain.errors import NotMeasurableError
from pipelines.domain.groups import Group, form_groups
from pipelines.domain.models import Role
from pipelines.domain.scorecards import Outcome, Slice
from pipelines.evaluate.metrics import CALIBRATION_BINS, Metric, accuracy, bits_per_byte, find_bin
from pipelines.evaluate.plots import write_rows

RELIABILITY = ("role", "bin", "lower", "upper", "rows", "mean_confidence", "share_right")
SLICES = ("kind", "name", "rows", "metric", "candidate", "champion", "difference")


def write_breakdowns(folder: Path, outcomes: Sequence[Outcome]) -> None:
    """Write ``reliability.csv`` and ``slices.csv``, of the holdout where it was looked at and of dev elsewhere.

    Values are in the scorecard's own units (bits per byte counts up, so less is better); ``difference`` is candidate minus
    champion, empty with ``champion`` while there is none. A language model has no confidence, and no line of reliability.
    """
    part = Slice.HOLDOUT if any(outcome.slice is Slice.HOLDOUT for outcome in outcomes) else Slice.DEV
    by_role = {role: [one for one in outcomes if one.role is role and one.slice is part] for role in Role}
    write_rows(folder / "reliability.csv", RELIABILITY, _list_bins(by_role))
    write_rows(folder / "slices.csv", SLICES, _list_groups(by_role))


def _list_bins(by_role: Mapping[Role, Sequence[Outcome]]) -> Iterator[tuple[object, ...]]:
    for role, outcomes in by_role.items():
        bins: defaultdict[int, list[tuple[float, float]]] = defaultdict(list)
        for outcome in outcomes:
            if outcome.confidence is not None and outcome.correct is not None:
                bins[find_bin(outcome.confidence)].append((outcome.confidence, outcome.correct))
        for place in sorted(bins):
            confidence, right = (math.fsum(column) / len(bins[place]) for column in zip(*bins[place], strict=True))
            edges = place / CALIBRATION_BINS, (place + 1) / CALIBRATION_BINS
            yield role.value, place + 1, *(repr(edge) for edge in edges), len(bins[place]), repr(confidence), repr(right)


def _list_groups(by_role: Mapping[Role, Sequence[Outcome]]) -> Iterator[tuple[object, ...]]:
    candidate, champion = ({one.row_id: one for one in by_role[role]} for role in (Role.CANDIDATE, Role.CHAMPION))
    is_classified = all(outcome.correct is not None for outcome in candidate.values())
    name, metric = ("accuracy", accuracy) if is_classified else ("bits_per_byte", bits_per_byte)
    for group in form_groups(list((champion or candidate).values())):
        mine, theirs = (_measure(metric, group, scored) for scored in (candidate, champion))
        difference = "" if mine is None or theirs is None else repr(mine - theirs)
        values = ("" if value is None else repr(value) for value in (mine, theirs))
        yield group.kind.value, group.name, len(group.row_ids), name, *values, difference


def _measure(metric: Metric, group: Group, scored: Mapping[str, Outcome]) -> float | None:
    """Return ``None`` where there is no such model, or nothing to measure: empty texts have no bits per byte."""
    try:
        return metric([scored[row_id] for row_id in group.row_ids]) if scored else None
    except NotMeasurableError:
        return None
