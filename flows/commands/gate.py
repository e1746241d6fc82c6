"""``addendum gate``: what the holdout can decide, before anything is trained."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.entrance import enter, refusing, say, show
from pipelines.domain.errors import ParamsError
from pipelines.domain.identities import DomainName

if TYPE_CHECKING:
    from rich.table import Table

    from flows.gating import GatePlan
    from flows.planning import Proposal

app = typer.Typer(help="What the holdout can decide, before anything is trained.", no_args_is_help=True)


@app.callback()
def keep_group() -> None:
    """What the holdout can decide, before anything is trained."""


@app.command("plan")
@refusing
def plan(
    domain: Annotated[str, typer.Argument(help="a domain of params.yaml")],
    margin: Annotated[float, typer.Option("--margin", min=1e-3, help="the margin you would like, in the metric's unit")] = 0.01,
    write: Annotated[bool, typer.Option("--write", help="write margins that can be decided into params.yaml")] = False,
    seeds: Annotated[
        int, typer.Option("--seeds", min=0, help="train so many candidates to measure chance; 0: none; else at least 2")
    ] = 3,
    looks: Annotated[int, typer.Option("--looks", min=1, help="so many looks the proposed margins must last for")] = 4,
) -> None:
    """Say which margins the holdout can decide over the coming looks, what tighter ones take, and when so many rows are there.

    Example: addendum gate plan clinical --seeds 0
    """
    if seeds == 1:
        raise ParamsError("--seeds 1 measures nothing, since one candidate differs from none: 0: none; else at least 2")
    place = enter()
    from flows.gating import lay_scratch, plan_gates
    from flows.planning import measure_seeds, propose, write_proposal

    name = DomainName(domain)
    params = place.of(name).judge
    with TemporaryDirectory() as temporary:
        tree = lay_scratch(place, name, Path(temporary))
        noise = measure_seeds(place, tree, seeds, say) if seeds else {}
        planned = plan_gates(place, name, tree.folder, noise, margin)
    for line in describe_holdout(planned):
        say(line)
    if planned.looks:
        show(tabulate(planned, params.power.power))
    proposal = propose(planned, params, looks)
    for line in describe_proposal(proposal, planned.looks[0].t, looks):
        say(line)
    if write:
        for line in write_proposal(place, name, proposal) or ("params.yaml says all of it already",):
            say(f"written: {line}" if "becomes" in line else line)


def describe_holdout(planned: GatePlan) -> list[str]:
    """Return the holdout in numbers, the pace it grows at, and how much chance there is in the recipe, a line each."""
    sizes = planned.sizes
    parts = f"{sizes.established:,} established, {sizes.fresh:,} fresh"
    lines = [f"holdout: {sizes.holdout:,} rows in {sizes.families:,} families ({parts}); anchor: {sizes.anchor:,} rows"]
    pace = "not known yet" if planned.inflow is None else f"{planned.inflow:,.0f} holdout rows a month"
    lines.append(f"inflow: {pace}")
    for metric, noise in planned.noise.items():
        name = metric.replace("_", " ")
        lines.append(
            f"chance between seeds, {name} on {noise.rows:,} dev rows: spread {noise.spread:.4f} a row, design effect "
            f"{noise.effect:.2f}, largest difference {noise.largest:.4f}"
        )
    if not planned.noise:
        lines.append(
            "chance between seeds: not measured; the discordance that params.yaml plans with, and rows taken as independent"
        )
    return lines + [f"not planned for: {name}" for name in planned.skipped]


def tabulate(planned: GatePlan, power: float) -> Table:
    """Return what can be decided, a line a look."""
    from rich.table import Table

    from flows.gating import tell_months

    tight = [f"n for {margin:g}" for margin in planned.margins]
    table = Table("look", "α", "power as declared", f"least margin at power {power:g}", *tight, "when", box=None)
    for look in planned.looks:
        needed = [f"{count:,}" for count in look.needed]
        when = tell_months(look.needed[0], planned.sizes.holdout, planned.inflow)
        table.add_row(str(look.t), f"{look.alpha:.5f}", f"{look.power:.2f}", f"{look.least:.4f}", *needed, when)
    return table


def describe_proposal(proposal: Proposal, first: int, looks: int) -> list[str]:
    """Return the margins that last from look ``first`` for so many ``looks``, a line each."""
    last = first + looks - 1
    lines = [f"margins that can be decided up to look {last}, all gates together:"]
    lines += [f"  {name}: {margin:g}" for name, margin in proposal.margins.items()]
    if proposal.discordance is not None:
        lines.append(f"  power.discordance: {proposal.discordance:g}")
    return lines
