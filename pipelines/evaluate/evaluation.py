"""The stage: all models on the same rows, their outcomes, and the scorecard that follows from them."""

from __future__ import annotations

from pipelines.domain.models import Lineage, Role
from pipelines.domain.pins import Pin
from pipelines.domain.scorecards import Scorecard
from pipelines.evaluate.breakdowns import write_breakdowns
from pipelines.evaluate.contestants import score_all, score_baseline
from pipelines.evaluate.examples import pick_examples
from pipelines.evaluate.material import gather_material
from pipelines.evaluate.metrics import build_scorecard
from pipelines.evaluate.params import EvaluateParams
from pipelines.evaluate.plots import write_plots
from pipelines.files import read_json, write_json
from pipelines.tables import tabulate_outcomes, write_table
from pipelines.workspace import DomainFolder


def evaluate(folder: DomainFolder, params: EvaluateParams, threads: int) -> Scorecard:
    """Score the models of ``folder.pin`` and write ``folder.scores``; return the scorecard.

    Raises :class:`~pipelines.domain.errors.WorkspaceError` for a missing file and
    :class:`~pipelines.domain.errors.StageError` when models cannot be compared.
    """
    pin = read_json(folder.pin, Pin)
    lineage = read_json(folder.model / "lineage.json", Lineage)
    material = gather_material(folder, pin, lineage, params)
    outcomes = score_all(folder, pin, material, params, threads)
    if params.has_baseline and lineage.learner != "causal_lm":
        outcomes += score_baseline(folder, lineage, material, params, threads)
    scorecard = build_scorecard(outcomes)
    write_table(folder.scores / "outcomes.parquet", tabulate_outcomes(outcomes))
    write_json(folder.scores / "scorecard.json", scorecard)
    write_json(folder.scores / "metrics.json", flatten(scorecard))
    write_json(folder.scores / "examples.json", pick_examples(folder, pin, material.contrasts, outcomes, (params, threads)))
    write_breakdowns(folder.scores, outcomes)
    write_plots(folder.scores / "plots", outcomes, scorecard)
    return scorecard


def flatten(scorecard: Scorecard) -> dict[str, float]:
    """Return the candidate's scores by ``<slice>_<metric>``, as ``dvc metrics`` shows them."""
    own = [score for score in scorecard.scores if score.role is Role.CANDIDATE]
    return {f"{score.slice.value}_{score.metric}": score.value for score in own}
