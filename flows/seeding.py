"""How much chance there is in a recipe: the same training from several seeds, compared on dev by the judge's own comparison.

No look is taken: without one the pipeline scores dev alone. What the seeds differ by is the least that any two models differ by.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from statistics import fmean

from flows.rewriting import rewrite_params
from flows.stages import run_in_worktree
from flows.worktrees import Worktree, configure_dvc
from pipelines.catalog import StageName
from pipelines.domain.errors import NotMeasurableError
from pipelines.domain.models import Role
from pipelines.domain.pins import Look, ModelPin, Pin
from pipelines.domain.scorecards import Outcome, Slice
from pipelines.files import read_json
from pipelines.judge.comparisons import contrast_models
from pipelines.judge.contrasts import Pairs
from pipelines.judge.evidence import Evidence
from pipelines.judge.params import JudgeParams, MetricName
from pipelines.judge.plans import plan_digest
from pipelines.judge.power import primary_gates
from pipelines.judge.reach import Noise
from pipelines.tables import OUTCOME_SCHEMA, read_outcomes, read_table
from pipelines.workspace import Home, Workspace

SEEDED = (StageName.TRAIN, StageName.EVALUATE)


def train_seeds(tree: Worktree, corpus_root: str, seeds: Sequence[int], tell: Callable[[str], None]) -> list[list[Outcome]]:
    """Train and score the domain's recipe once for each of ``seeds`` in a split checkout; return each one's outcomes on dev."""
    home = tree.root.parent / "home"
    # three models that nobody keeps have no business in the cache that all runs share
    configure_dvc(tree.root, Home(home))
    environment = {"ADDENDUM_HOME": str(home), "ADDENDUM_WORKSPACE": str(tree.root), "ADDENDUM_CORPUS_ROOT": corpus_root}
    found = []
    for seed in seeds:
        rewrite_params(Workspace(tree.root).params, {(tree.domain, "train", "seed"): seed})
        seconds = sum(run_in_worktree(tree, stage, environment, lambda _line: None).seconds for stage in SEEDED)
        tell(f"trained with seed {seed}, scored on dev: {seconds:.0f} s")
        found.append(_read_dev(tree.folder.scores / "outcomes.parquet"))
    return found


def measure_noise(seeded: Sequence[Sequence[Outcome]], pin: Pin, params: JudgeParams) -> Mapping[MetricName, Noise]:
    """Return what the seeds differ by in each metric of the primary gates; a metric that dev cannot tell is left out."""
    measured: dict[MetricName, Noise] = {}
    for metric in sorted({gate.metric for gate in primary_gates(params)}):
        try:
            pairs = [_compare(first, second, pin, params, metric) for first, second in combinations(seeded, 2)]
        except NotMeasurableError:
            continue
        if pairs:
            measured[metric] = Noise(
                spread=fmean(pair.spread for pair in pairs),
                effect=fmean(pair.effect for pair in pairs),
                largest=max(pair.largest for pair in pairs),
                rows=pairs[0].rows,
            )
    return measured


def read_scratch_pin(tree: Worktree) -> Pin:
    """Return the pin of a scratch checkout."""
    return read_json(tree.folder.pin, Pin)


def _compare(first: Sequence[Outcome], second: Sequence[Outcome], pin: Pin, params: JudgeParams, metric: MetricName) -> Noise:
    """Compare two candidates as if the second were the champion, on dev and on nothing else."""
    plan = plan_digest(params)
    stood_in = replace(pin, champion=pin.champion or ModelPin(version=0, digest=plan))
    look = Look(generation=1, t=1, alpha=params.alpha, plan=plan)
    others = [replace(outcome, role=Role.CHAMPION) for outcome in second]
    contrast, rows = contrast_models(Evidence(stood_in, look, [*first, *others]), metric, Slice.DEV, Role.CHAMPION)
    largest = abs(float(contrast.estimate))
    if isinstance(contrast, Pairs):
        return Noise(spread=float(contrast.discordance), effect=float(contrast.effect), largest=largest, rows=rows)
    return Noise(spread=float(contrast.error) ** 2 * rows, effect=1.0, largest=largest, rows=rows)


def _read_dev(path: Path) -> list[Outcome]:
    outcomes = read_outcomes(read_table(path, OUTCOME_SCHEMA))
    return [outcome for outcome in outcomes if outcome.role is Role.CANDIDATE and outcome.slice is Slice.DEV]
