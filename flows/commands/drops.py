"""``addendum drop``: what arrived, and taking a bad arrival out again."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.commands.entrance import enter, refusing, say, show
from pipelines.domain.identities import DomainName, shorten

app = typer.Typer(help="What arrived, and taking a bad arrival out again.", no_args_is_help=True)

DropArgument = Annotated[str, typer.Argument(help="a drop's id, or how it begins")]


@app.command("list")
@refusing
def show_list(domain: Annotated[str, typer.Argument(help="a domain of params.yaml")]) -> None:
    """List a domain's drops, newest last.

    Example: addendum drop list clinical
    """
    place = enter()
    from rich.table import Table

    from flows.dropping import list_drops

    table = Table("drop", "source", "arrived", "admitted", "quarantined", "state", box=None)
    for drop in list_drops(place, DomainName(domain)):
        arrived = f"{drop.recorded_at:%Y-%m-%d %H:%M}"
        table.add_row(shorten(drop.drop_id), drop.source, arrived, str(drop.admitted), str(drop.quarantined), drop.state)
    show(table)


@app.command("show")
@refusing
def show_one(drop: DropArgument) -> None:
    """Show one drop: what came, what was let in, and why the rest was not.

    Example: addendum drop show 3f2a91
    """
    place = enter()
    from flows.dropping import find_drop

    found = find_drop(place, drop)
    say(f"{found.drop_id}\n{found.domain} from {found.source}, {found.recorded_at:%Y-%m-%d %H:%M} UTC: {found.state}")
    say(f"admitted {found.admitted}, quarantined {found.quarantined}")
    for reason in found.reasons:
        say(f"  {reason}")
    say(f"as received: {place.home.drop(found.domain, found.drop_id)}")


@app.command("withdraw")
@refusing
def withdraw(drop: DropArgument, reason: Annotated[str, typer.Option("--reason", help="why; recorded in the ledger")]) -> None:
    """Take an admitted drop out of the corpus's present (its history stays); a champion trained on it is owed a retraining.

    Example: addendum drop withdraw 3f2a91 --reason "labels swapped by the supplier"
    """
    place = enter()
    from flows.dropping import find_drop, withdraw_drop

    found = find_drop(place, drop)
    is_seen = withdraw_drop(place, found, reason)
    say(f"{shorten(found.drop_id)} is out of the corpus of {found.domain}")
    if is_seen:
        say(f"the champion was trained on it: run `addendum retrain {found.domain}`")
