"""What a domain's holdout can decide, said before anything is trained; it is counted, and never scored.

The counting is the pipeline's own: the corpus as it stands goes through snapshot, curate and split in a scratch copy of the
workspace, with a pin that carries no look.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from flows.cloning import clone_workspace
from flows.pinning import lay_out, pin_domain
from flows.places import Place
from flows.stages import run_in_worktree
from flows.worktrees import Worktree, configure_dvc
from pipelines.catalog import StageName
from pipelines.domain.identities import DomainName, RunId
from pipelines.domain.scorecards import Slice
from pipelines.domain.verdicts import Decision, Finding, Result, Verdict
from pipelines.files import read_json
from pipelines.judge.params import JudgeParams, MetricName
from pipelines.judge.power import (
    PlannedTest,
    count_for_conjunction,
    find_decidable_factor,
    plan_gate,
    primary_gates,
)
from pipelines.judge.reach import LookReach, Noise, Sizes, plan_tests_for, reach_over_looks
from pipelines.judge.sentences import describe_least
from pipelines.ledger.champions import champion
from pipelines.ledger.looks import count_next_look
from pipelines.params import DomainParams
from pipelines.tables import CURATED_SCHEMA, read_entries, read_table
from pipelines.workspace import DomainFolder, Workspace

COUNTING = (StageName.SNAPSHOT, StageName.CURATE, StageName.SPLIT)
LOOKS = 10
RECENT = timedelta(days=180)
MONTH = timedelta(days=365.25 / 12)
LEAST_WATCHED = timedelta(days=7)
"""Below this the pace of arrivals is an accident."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A row that is kept back: its family, its arrival's number and time, and its source."""

    family: str
    source: str
    ingest_seq: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePlan:
    """A holdout in numbers: its rows, how many arrive a month (``None``: unknown), and what it decides from look to look.

    ``margins`` are those asked about, in the order of each look's ``needed``; ``skipped`` are gates that nothing is planned for.
    """

    sizes: Sizes
    inflow: float | None
    noise: Mapping[MetricName, Noise]
    tests: tuple[PlannedTest, ...]
    skipped: tuple[str, ...]
    margins: tuple[float, ...]
    looks: tuple[LookReach, ...]


def lay_scratch(place: Place, domain: DomainName, folder: Path) -> Worktree:
    """Copy the workspace as it is (uncommitted params too) below ``folder``, pin it without a look, and split its corpus."""
    tree = Worktree(clone_workspace(place.workspace.root, folder / "workspace", {}).root, domain, RunId("gate-plan"))
    lay_out(place, domain, pin_domain(place, domain, "gate plan", with_look=False), tree.folder)
    configure_dvc(tree.root, place.home)
    environment = {"ADDENDUM_HOME": str(place.home.root), "ADDENDUM_WORKSPACE": str(tree.root)}
    for stage in COUNTING:
        run_in_worktree(tree, stage, environment, lambda _line: None)
    return tree


def plan_gates(
    place: Place, domain: DomainName, folder: DomainFolder, noise: Mapping[MetricName, Noise], margin: float
) -> GatePlan:
    """Return what the holdout in ``folder`` decides over the coming looks, and what ``margin`` and half of it would take."""
    params = place.of(domain)
    kept = read_kept(folder, Slice.HOLDOUT, params)
    sizes = count_sizes(place, domain, folder)
    tests = plan_tests_for(params.judge, sizes, noise) if sizes.holdout else ()
    first = count_next_look(place.ledger, domain)
    margins = (margin, margin / 2)
    looks = reach_over_looks(tests, sizes.holdout, params.judge, range(first, first + LOOKS), margins) if tests else ()
    planned = {test.name for test in tests}
    named = [plan_gate(gate, params.judge).name for gate in primary_gates(params.judge)]
    return GatePlan(
        sizes=sizes,
        inflow=measure_inflow(kept, place.clock.now()),
        noise=noise,
        tests=tests,
        skipped=tuple(name for name in named if name not in planned),
        margins=margins,
        looks=looks,
    )


def count_sizes(place: Place, domain: DomainName, folder: DomainFolder) -> Sizes:
    """Count the rows that a model would be scored on; without a champion all of the holdout counts as established."""
    params, serving = place.of(domain), champion(place.ledger, domain)
    holdout, frozen = (read_kept(folder, part, params) for part in (Slice.HOLDOUT, Slice.ANCHOR))
    fresh = [row for row in holdout if serving is not None and row.ingest_seq > serving.ingest_seq]
    families = len({row.family for row in holdout})
    return Sizes(
        holdout=len(holdout), families=families, established=len(holdout) - len(fresh), fresh=len(fresh), anchor=len(frozen)
    )


def read_kept(folder: DomainFolder, part: Slice, params: DomainParams) -> list[Kept]:
    """Read where the rows of a kept-back split come from, and no text: a classifier is scored on those with a declared label."""
    entries = read_entries(read_table(folder.splits / f"{part.value}.parquet", CURATED_SCHEMA))
    is_classifier = params.train.learner.kind != "causal_lm"
    scored = [entry for entry in entries if not is_classifier or any(label in params.labels for label in entry.revision.labels)]
    return [
        Kept(
            family=entry.revision.family_id,
            source=entry.revision.source,
            ingest_seq=entry.ingest_seq,
            recorded_at=entry.revision.recorded_at,
        )
        for entry in scored
    ]


def measure_inflow(rows: Iterable[Kept], now: datetime) -> float | None:
    """Return the rows a month that the last half year brought; ``None`` where it was watched for less than a week.

    The first arrival of each source is its backlog, and says nothing of its pace.
    """
    arrived = sorted(rows, key=lambda row: row.ingest_seq)
    first: dict[str, Kept] = {}
    for row in arrived:
        first.setdefault(row.source, row)
    if not first:
        return None
    since = max(min(row.recorded_at for row in first.values()), now - RECENT)
    if now - since < LEAST_WATCHED:
        return None
    new = [row for row in arrived if row.recorded_at > since and row.ingest_seq > first[row.source].ingest_seq]
    return len(new) / ((now - since) / MONTH)


def tell_months(needed: int, rows: int, inflow: float | None) -> str:
    """Return when ``needed`` rows are there: "now", "at the present inflow in 14 months", or that nothing can be said."""
    if needed <= rows:
        return "now"
    if inflow is None:
        return "the inflow is not known yet"
    months = math.ceil((needed - rows) / inflow) if inflow > 0 else None
    return f"at the present inflow in {months:,} months" if months is not None else "never at the present inflow, which is none"


def describe_run(place: Place, domain: DomainName, run_id: RunId) -> str | None:
    """Return :func:`describe_reach` of a run that has been judged, at the pace its own holdout grows; ``None`` if not held."""
    folder, params = Workspace(place.home.run(domain, run_id)).of(domain), place.of(domain)
    verdict = read_json(folder.verdict / "verdict.json", Verdict)
    if verdict.decision is not Decision.HOLD:
        return None
    return describe_reach(verdict, params.judge, measure_inflow(read_kept(folder, Slice.HOLDOUT, params), place.clock.now()))


def describe_reach(verdict: Verdict, params: JudgeParams, inflow: float | None) -> str | None:
    """Return a held verdict's way out in one line: "can decide 3.5 points or more; 1.0 points needs 3,690, at …".

    ``None`` where the verdict is not held for want of rows.
    """
    power = _find_shortage(verdict)
    if power is None or verdict.look is None or not power.rows or not power.needed:
        return None
    shares = {detail.name: (detail.rows or power.rows) / power.rows for detail in power.details}
    gates = {plan_gate(gate, params).name: gate for gate in primary_gates(params)}
    tests = [replace(plan_gate(gate, params), share=shares[name]) for name, gate in gates.items() if name in shares]
    if not tests:
        return None
    # what the verdict saw of families and of errors is in its need: all tests are thinned alike until they need as much
    thinning = power.needed / count_for_conjunction(tests, verdict.look.alpha, params.power.power)
    thinned = [replace(test, share=test.share / thinning) for test in tests]
    factor = find_decidable_factor(thinned, power.rows, verdict.look.alpha, params.power.power)
    hardest = max(gates.values(), key=lambda gate: gate.margin)
    least = describe_least(hardest.metric, factor * hardest.margin)
    wanted = describe_least(hardest.metric, hardest.margin)
    when = tell_months(power.needed, power.rows, inflow)
    return f"can decide {least} or more; {wanted} needs {power.needed:,}, {when}"


def _find_shortage(verdict: Verdict) -> Finding | None:
    return next((one for one in verdict.findings if one.gate == "power" and one.result is Result.UNDECIDABLE), None)
