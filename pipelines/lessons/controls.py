"""A control run: the same lesson from scratch, so that a chain of warm starts can be held against what full training gives.

Each warm start inherits what the one before it was, mistakes included, and no gate sees it as long as every step is small. The
control learns everything in force, cold, from the same pin and splits, and both are asked about *dev*: never about the holdout,
which is for verdicts alone.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pipelines.domain.errors import NotMeasurableError
from pipelines.domain.identities import Digest, FamilyId
from pipelines.learners.predictors import load_predictor
from pipelines.learners.protocols import Monitor, Prediction, Step
from pipelines.learners.rows import Row, read_rows
from pipelines.lessons.params import LessonParams
from pipelines.lessons.planning import Plan, plan_lesson
from pipelines.workspace import DomainFolder

CERTAINTY = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A row of dev as a model answered it: ``value`` is 1 or 0 for right or wrong, or minus bits per byte; more is better.

    ``weight`` is 1 for a classified row, and the bytes of a text, so that the weighted mean is the metric of the scorecard.
    """

    row_id: Digest
    family_id: FamilyId
    value: float
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """How much better the warm model is than its control on dev (accuracy, or bits per byte saved), with a 95% interval.

    Below nothing, the warm starts have lost something that full training has.
    """

    metric: str
    warm: float
    control: float
    difference: float
    lower: float
    upper: float
    rows: int
    families: int

    @property
    def has_drifted(self) -> bool:
        """Whether the warm model is worse than chance explains."""
        return self.upper < 0

    def is_within(self, margin: float) -> bool:
        """Return whether it is worse by less than ``margin``, beyond doubt."""
        return self.lower > -margin


def plan_control(folder: DomainFolder, params: LessonParams, labels: tuple[str, ...], checkpoints: Path | None) -> Plan:
    """Return the lesson of a control run: that of a cold start on everything that the splits of ``folder`` hold."""
    return plan_lesson(folder, params.model_copy(update={"is_warm": False}), labels, None, checkpoints)


def train_control(
    folder: DomainFolder, params: LessonParams, labels: tuple[str, ...], output: Path, monitor: Monitor
) -> list[Step]:
    """Train the control into ``output``, outside of the stage's outputs; return its curve, whose tokens are what it cost.

    Raises what the learner's ``fit`` raises.
    """
    output.mkdir(parents=True, exist_ok=True)
    return params.learner.fit(plan_control(folder, params, labels, None).lesson, output, monitor)


def compare_with_control(folder: DomainFolder, control: Path, labels: tuple[str, ...], threads: int) -> Drift:
    """Ask the candidate in ``folder.model`` and the model in ``control`` about dev, and return how far apart they are.

    Raises :class:`NotMeasurableError` where dev has rows of fewer than two families.
    """
    return measure_drift(*(score_dev(folder, model, labels, threads) for model in (folder.model, control)))


def score_dev(folder: DomainFolder, model: Path, labels: tuple[str, ...], threads: int) -> tuple[Score, ...]:
    """Return the model's answers on the rows of dev that it can be asked about, by digest."""
    rows = [row for row in read_rows(folder.splits / "dev.parquet", labels) if row.document.text]
    predictions = load_predictor(model, threads).predict([row.document for row in rows])
    scores = (_score(row, found) for row, found in zip(rows, predictions, strict=True))
    return tuple(score for score in scores if score is not None)


def measure_drift(warm: Sequence[Score], control: Sequence[Score]) -> Drift:
    """Return the difference of two models' weighted means over the same rows, paired, whole families being independent.

    A ratio of totals over families with its linearised error (Cochran 1977, Sampling Techniques, §6.3 and §9A.5), and Student's
    t with one degree of freedom less than there are families. Raises :class:`NotMeasurableError` for fewer than two families,
    and where the two models were not asked about the same rows.
    """
    from scipy.special import stdtrit

    answers = {score.row_id: score for score in control}
    if answers.keys() != {score.row_id for score in warm}:
        raise NotMeasurableError("a warm model and its control must be asked about the same rows of dev: score both again")
    families = len({score.family_id for score in warm})
    if families < 2:
        raise NotMeasurableError("dev has rows of fewer than two families: widen `split.shares.dev`, or wait for more documents")
    total = math.fsum(score.weight for score in warm)
    means = [math.fsum(one[score.row_id].value * score.weight for score in warm) / total for one in (_index(warm), answers)]
    difference = means[0] - means[1]
    residuals: defaultdict[FamilyId, float] = defaultdict(float)
    for score in warm:
        residuals[score.family_id] += score.weight * (score.value - answers[score.row_id].value - difference)
    spread = math.fsum(residual**2 for residual in residuals.values()) * families / (families - 1)
    reach = float(stdtrit(families - 1, (1 + CERTAINTY) / 2)) * math.sqrt(spread) / total
    return Drift(
        metric="accuracy" if all(score.weight == 1 for score in warm) else "bits_per_byte",
        warm=means[0],
        control=means[1],
        difference=difference,
        lower=difference - reach,
        upper=difference + reach,
        rows=len(warm),
        families=families,
    )


def _index(scores: Sequence[Score]) -> dict[Digest, Score]:
    return {score.row_id: score for score in scores}


def _score(row: Row, found: Prediction) -> Score | None:
    if found.confidence is None:
        value, weight = -found.loss / math.log(2) / max(found.size, 1), float(found.size)
    elif row.document.label:
        value, weight = float(found.predicted == row.document.label), 1.0
    else:
        return None
    return Score(row_id=row.document.row_id, family_id=row.family_id, value=value, weight=weight)
