"""From what a holdout can decide to what ``params.yaml`` should declare: margins, and the discordance that is planned with."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import yaml

from flows.gating import GatePlan
from flows.places import Place
from flows.rewriting import Key, rewrite_params
from flows.seeding import measure_noise, read_scratch_pin, train_seeds
from flows.worktrees import Worktree
from pipelines.domain.errors import ParamsError
from pipelines.domain.identities import DomainName
from pipelines.domain.spending import spend
from pipelines.judge.metrics import PROPORTIONS
from pipelines.judge.params import JudgeParams, MetricName
from pipelines.judge.power import name_test
from pipelines.judge.reach import Noise, propose_margins

CENT = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A margin for each primary gate by the name of its test, and the measured discordance, ``None`` where none was."""

    margins: Mapping[str, float]
    discordance: float | None


def measure_seeds(place: Place, tree: Worktree, count: int, tell: Callable[[str], None]) -> Mapping[MetricName, Noise]:
    """Train ``count`` candidates that differ in their seed alone, and return what they differ by on dev."""
    params = place.of(tree.domain)
    seeds = range(params.train.seed, params.train.seed + count)
    corpus_root = place.settings.corpus_root or str(place.home.root / "corpus")
    return measure_noise(train_seeds(tree, corpus_root, seeds, tell), read_scratch_pin(tree), params.judge)


def propose(plan: GatePlan, params: JudgeParams, looks: int) -> Proposal:
    """Return what the holdout can decide at each of the next ``looks`` looks: the last of them is the hardest.

    Raises :class:`ParamsError` where nothing can be planned, and says what is missing.
    """
    if not plan.tests:
        missing, advice = "rows in the holdout", "let `watch` bring documents"
        if plan.sizes.holdout:
            missing, advice = f"a plan for {', '.join(plan.skipped) or 'any gate'}", f"{advice}, or train `--seeds 3`"
        raise ParamsError(f"there is nothing to propose without {missing}: {advice}")
    alpha = spend(params.alpha, plan.looks[0].t + looks - 1)
    margins = propose_margins(plan.tests, plan.sizes.holdout, alpha, params.power.power, plan.margins[0])
    spreads = [noise.planned_discordance for metric, noise in plan.noise.items() if metric in PROPORTIONS]
    return Proposal(margins=margins, discordance=max(math.ceil(max(spreads) / CENT - 1e-6) * CENT, CENT) if spreads else None)


def write_proposal(place: Place, domain: DomainName, proposal: Proposal) -> tuple[str, ...]:
    """Write the proposal into the workspace's ``params.yaml``, comments kept; return a line for each value that changes."""
    params = place.of(domain).judge
    values: dict[tuple[Key, ...], object] = {}
    said = []
    for number, gate in enumerate(params.gates):
        if gate.kind != "non_inferiority" or not gate.is_blocking:
            continue
        name = name_test(gate.metric, gate.slice, gate.against)
        margin = round(proposal.margins.get(name, gate.margin), 6)
        if margin != gate.margin:
            values[domain, "judge", "gates", number, "margin"] = margin
            said.append(f"{name}: margin {gate.margin:g} becomes {margin:g}")
    discordance = round(proposal.discordance, 6) if proposal.discordance is not None else params.power.discordance
    if discordance != params.power.discordance:
        values[domain, "judge", "power", "discordance"] = discordance
        said.append(f"power.discordance {params.power.discordance:g} becomes {discordance:g}")
    if values:
        rewrite_params(place.workspace.params, {**_spell_out(place, domain, params), **values})
    return tuple(said)


def _spell_out(place: Place, domain: DomainName, params: JudgeParams) -> Mapping[tuple[Key, ...], object]:
    """Return the default gates where the file declares none, so that there is a margin to change."""
    written = yaml.safe_load(place.workspace.params.read_text(encoding="utf-8"))[domain].get("judge") or {}
    if "gates" in written:
        return {}
    return {(domain, "judge", "gates"): [gate.model_dump(mode="json") for gate in params.gates]}
