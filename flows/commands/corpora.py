"""``addendum corpus`` and ``impact``: what was in force and when we knew it, and which models saw a document."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.entrance import enter, refusing, say, show
from pipelines.domain.corrections import find_reviewer
from pipelines.domain.identities import DocumentId, DomainName, shorten

if TYPE_CHECKING:
    from flows.impacts import Impact
    from pipelines.domain.revisions import Entry

app = typer.Typer(help="What was in force, and when we knew it; and its upkeep.", no_args_is_help=True)

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
    from flows.histories import read_as_of

    at = (day or place.clock.now()).date()
    until = known.replace(tzinfo=UTC) + timedelta(days=1) - timedelta(microseconds=1) if known else None
    found = read_as_of(place, DomainName(domain), at, until, DocumentId(document) if document else None)
    said = f"{domain}: {len(found)} documents in force on {at}, as known {f'on {known:%Y-%m-%d}' if known else 'now'}"
    say(f"{said}: {document}" if document else said)
    if document:
        show_revisions(found)
    else:
        show_counts(found)


def show_revisions(found: Sequence[Entry]) -> None:
    """Print revisions with their texts."""
    for entry in found:
        revision = entry.revision
        end, reviewer = revision.effective_to or "further notice", find_reviewer(revision)
        signed = f", label corrected by {reviewer}" if reviewer else ""
        say(f"{revision.source} {shorten(entry.digest)}, from {revision.effective_from} until {end}{signed}: {revision.title}")
        say(revision.text)


def show_counts(found: Sequence[Entry]) -> None:
    """Print how many revisions there are of each source."""
    from rich.table import Table

    table = Table("source", "in force", box=None)
    for source, count in sorted(Counter(entry.revision.source for entry in found).items()):
        table.add_row(source, str(count))
    show(table)


@app.command("compact")
@refusing
def compact(domain: Annotated[str, typer.Argument(help="a domain of params.yaml")]) -> None:
    """Merge the small files that drops leave: no row changes, and pins stay good. Old checkpoints of unfinished trainings go too.

    Example: addendum corpus compact clinical
    """
    place = enter()
    from flows.compacting import tidy_domain

    say(f"{domain}: {tidy_domain(place, DomainName(domain))}")


@refusing
def impact(document: Annotated[str, typer.Argument(help="a document's id, as its source gives it")]) -> None:
    """Say which drops brought a document and which models saw it: learned from it, were asked about it, serve now.

    Example: addendum impact 34567890
    """
    place = enter()
    from flows.impacts import trace_document

    impacts = trace_document(place, DocumentId(document))
    if not impacts:
        say(f"{document}: no corpus and no quarantine of any domain holds it; drops that were refused are not searched")
        raise typer.Exit(1)
    for found in impacts:
        show_impact(document, found)


def show_impact(document: str, found: Impact) -> None:
    """Print what a document touched in one domain; never its text."""
    from rich.table import Table

    say(f"{found.domain}: {document}: revisions in the corpus: {len(found.arrivals)}, in quarantine: {len(found.quarantined)}")
    for arrival in found.arrivals:
        say(
            f"  {shorten(arrival.digest)} from {arrival.source}, arrival {arrival.ingest_seq}, drop {shorten(arrival.drop_id)}: "
            f"{arrival.state}"
        )
    for snapshot in found.snapshots:
        say(f"  in the snapshot of run {snapshot.run}: corpus version {snapshot.version}, as of arrival {snapshot.ingest_seq}")
    table = Table("version", "run", "verdict", "it", "and", "deployed as", box=None)
    for one in found.witnesses:
        table.add_row(str(one.version), one.run, one.decision, "; ".join(one.sights), one.reign, ", ".join(one.aliases))
    if found.witnesses:
        show(table)
    if found.is_unlearned:
        say("no judged model learned from it")
