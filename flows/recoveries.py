"""What a retraining really gained on what the champion had not seen: the figure that the next prediction is learned from.

Read from the outcomes of a run that had its look at the holdout anyway; nothing is scored for it.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from statistics import fmean, stdev

from flows.worktrees import Worktree
from pipelines.domain.identities import Json
from pipelines.domain.models import Lineage, Role
from pipelines.domain.scorecards import Outcome, Slice
from pipelines.files import read_json
from pipelines.tables import OUTCOME_SCHEMA, PAIR_SCHEMA, read_outcomes, read_table


@dataclass(frozen=True, slots=True, kw_only=True)
class Gain:
    """Candidate less champion as shares of right answers, with its standard error; ``rows`` are independent families.

    ``metric`` is ``accuracy`` on fresh rows of the holdout, or ``currency`` on documents that were amended since the champion.
    """

    metric: str
    rows: int
    value: float
    error: float


def measure_gain(tree: Worktree) -> Gain | None:
    """Return the gain of the run's candidate; ``None`` without a champion, or with less than two families to tell it by."""
    path, lineage = tree.folder.scores / "outcomes.parquet", tree.folder.champion / "lineage.json"
    if not path.is_file() or not lineage.is_file():
        return None
    champion = read_json(lineage, Lineage)
    outcomes = read_outcomes(read_table(path, OUTCOME_SCHEMA))
    if champion.learner != "causal_lm":
        return compare_outcomes("accuracy", (one for one in outcomes if one.slice is Slice.FRESH))
    pairs = read_table(tree.folder.splits / "currency.parquet", PAIR_SCHEMA).to_pylist()
    amended = {pair["row_id"] for pair in pairs if pair["ingest_seq"] > champion.ingest_seq}
    return compare_outcomes("currency", (one for one in outcomes if one.slice is Slice.CURRENCY and one.row_id in amended))


def compare_outcomes(metric: str, outcomes: Iterable[Outcome]) -> Gain | None:
    """Return the mean over families of candidate less champion, paired row by row; rows that only one was asked do not count."""
    rights: defaultdict[tuple[str, str], dict[Role, float]] = defaultdict(dict)
    for one in outcomes:
        if one.correct is not None:
            rights[one.family_id, one.row_id][one.role] = one.correct
    families: defaultdict[str, list[float]] = defaultdict(list)
    for (family, _), by_role in sorted(rights.items()):
        if by_role.keys() >= {Role.CANDIDATE, Role.CHAMPION}:
            families[family].append(by_role[Role.CANDIDATE] - by_role[Role.CHAMPION])
    means = [fmean(differences) for differences in families.values()]
    if len(means) < 2:
        return None
    # of n families of which none differs, a difference in one is still not excluded
    error = max(stdev(means), 1 / math.sqrt(len(means))) / math.sqrt(len(means))
    return Gain(metric=metric, rows=len(means), value=fmean(means), error=error)


def write_gain(gain: Gain | None) -> Json:
    """Return a gain as an event carries it."""
    return None if gain is None else dict(asdict(gain))
