"""``addendum corpus``: what the corpus says was in force, and when we knew it."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from flows.commands.entrance import enter, refusing, say, show
from pipelines.domain.identities import DocumentId, DomainName, shorten

app = typer.Typer(help="What was in force, and when we knew it.", no_args_is_help=True)

Day = Annotated[datetime | None, typer.Option("--day", formats=["%Y-%m-%d"], help="in force on this day (today, without one)")]
Known = Annotated[datetime | None, typer.Option("--known", formats=["%Y-%m-%d"], help="as we knew it when this day ended, UTC")]


@app.command("as-of")
@refusing
def as_of(
    domain: Annotated[str, typer.Argument(help="a domain of params.yaml")],
    document: Annotated[str | None, typer.Option("--document", help="of one document: its text too")] = None,
    day: Day = None,
    known: Known = None,
) -> None:
    """Say what was in force on a day, as we knew it on another; one document is shown with its text, which may be personal data.

    Example: addendum corpus as-of regulatory --day 2025-01-01 --known 2024-06-30 --document "12 CFR 1003.2"
    """
    place = enter()
    from rich.table import Table

    from flows.histories import read_as_of

    at = (day or place.clock.now()).date()
    until = known.replace(tzinfo=UTC) + timedelta(days=1) - timedelta(microseconds=1) if known else None
    found = read_as_of(place, DomainName(domain), at, until, DocumentId(document) if document else None)
    said = f"{domain}: {len(found)} documents in force on {at}, as known {f'on {known:%Y-%m-%d}' if known else 'now'}"
    if document:
        say(f"{said}: {document}")
        for entry in found:
            revision = entry.revision
            until_day = revision.effective_to or "further notice"
            say(f"{revision.source} {shorten(entry.digest)}, from {revision.effective_from} until {until_day}: {revision.title}")
            say(revision.text)
        return
    say(said)
    table = Table("source", "in force", box=None)
    for source, count in sorted(Counter(entry.revision.source for entry in found).items()):
        table.add_row(source, str(count))
    show(table)
