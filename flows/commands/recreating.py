"""``addendum recreate``: a model made again from its record, and what came of the comparison."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.entrance import enter, refusing, say
from pipelines.domain.identities import DomainName, shorten

if TYPE_CHECKING:
    from flows.recreating import Recreation


@refusing
def recreate(
    domain: Annotated[str, typer.Argument(help="a domain of params.yaml")],
    version: Annotated[int, typer.Argument(help="a version that was judged")],
    into: Annotated[
        Path | None, typer.Option("--into", help="an empty folder to keep all of it in; default: none is kept")
    ] = None,
    tolerance: Annotated[
        float | None, typer.Option("--tolerance", help="largest difference of a tensor, as a share of its largest number")
    ] = None,
) -> None:
    """Make a model again from its record in a clean place, and compare it with the one that was judged, bit for bit.

    Example: addendum recreate clinical 2
    """
    place = enter()
    from flows.claims import find_claim
    from flows.recreating import recreate as make_again

    claim = find_claim(place, DomainName(domain), version)
    with TemporaryDirectory() as temporary:
        folder = into.resolve() if into else Path(temporary) / "recreated"
        made = make_again(place, claim, folder, say, tolerance)
    for line in describe(made):
        say(line)
    if into:
        say(f"kept in {folder}")
    if not made.is_within:
        raise typer.Exit(1)


def describe(made: Recreation) -> list[str]:
    """Return what a recreation came to, a line a fact, the conclusion last."""
    lines = [f"not the same here as there: {difference}" for difference in made.surroundings.differences]
    lines += [f"a document that the run read was erased since (ledger event {seq})" for seq in made.erased]
    lines += [f"{stage}: not the outputs that the run's lock names" for stage in made.stages]
    for match in made.files:
        found = shorten(match.found) if match.found else "missing"
        same = "same" if match.is_same else f"expected {shorten(match.expected) if match.expected else 'no such file'}"
        lines.append(f"  {found:12}  {match.name}  ({same})")
    named = f"{made.claim.domain} version {made.claim.version}"
    if made.is_identical:
        return [*lines, f"{named} is bit-identical to the model that was judged: {made.claim.digest}"]
    lines += [
        f"  {tensor.tensor}: absolute {tensor.absolute:.3g}, relative {tensor.relative:.3g}"
        for tensor in made.tensors[:5]
        if tensor.relative > 0
    ]
    absolute, relative = (max((getattr(one, name) for one in made.tensors), default=0.0) for name in ("absolute", "relative"))
    said = f"largest difference of a tensor: absolute {absolute:.3g}, relative {relative:.3g}, tolerance {made.tolerance:.3g}"
    told = "is within the tolerance of" if made.is_within else "is NOT"
    return [
        *lines,
        f"{named} came out as {shorten(made.found)}, which {told} {shorten(made.claim.digest)}, the model judged ({said})",
    ]
