"""``addendum quarantine``: the rows that failed a check, and letting one in after all."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.commands.entrance import enter, refusing, say, show
from pipelines.domain.identities import DomainName, shorten

app = typer.Typer(help="Rows that failed a check, and letting one in after all.", no_args_is_help=True)

Domain = Annotated[str, typer.Argument(help="a domain of params.yaml")]
Row = Annotated[str, typer.Argument(help="a row's digest, or how it begins")]


@app.command("list")
@refusing
def show_list(domain: Domain) -> None:
    """List the rows in quarantine with the reasons; no text is shown.

    Example: addendum quarantine list clinical
    """
    place = enter()
    from rich.table import Table

    from pipelines.admit.quarantines import list_rows

    place.of(DomainName(domain))
    table = Table("row", "source", "document", "why", "state", box=None)
    for row in list_rows(place.home, DomainName(domain)):
        why = "; ".join(f"{reason.expectation}: {reason.observed}" for reason in row.reasons)
        state = "released" if row.is_released else "waiting"
        table.add_row(shorten(row.digest), row.source, row.document_id, why, state)
    show(table)


@app.command("show")
@refusing
def show_one(domain: Domain, row: Row) -> None:
    """Show one row whole, text included: this may print personal data to your terminal.

    Example: addendum quarantine show clinical 9c41
    """
    place = enter()
    from pipelines.admit.quarantines import show_row

    place.of(DomainName(domain))
    found = show_row(place.home, DomainName(domain), row)
    say(f"{found.revision.source} {found.revision.document_id}: {found.revision.title}")
    for reason in found.reasons:
        say(f"  {reason.expectation}: {reason.observed}")
    say(found.revision.text)


@app.command("release")
@refusing
def release(
    domain: Domain, row: Row, reason: Annotated[str, typer.Option("--reason", help="why; recorded in the ledger")]
) -> None:
    """Let a row into the corpus after all.

    Example: addendum quarantine release clinical 9c41 --reason "short but complete"
    """
    place = enter()
    from flows.landing import release_from_quarantine

    say(release_from_quarantine(place, DomainName(domain), row, reason).sentence)
