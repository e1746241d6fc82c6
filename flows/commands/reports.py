"""What stands: the state of every domain on one screen, why a version was promoted or not, and whether this machine is fit."""

from __future__ import annotations

from typing import Annotated

import typer

from flows.commands.entrance import enter, refusing, say, show
from pipelines.domain.identities import DomainName


@refusing
def status() -> None:
    """Show every domain on one screen: last drop, champion and since when, what is held or frozen.

    Example: addendum status
    """
    place = enter()
    from rich.table import Table

    from flows.standing import describe_domain

    table = Table("domain", "champion", "since", "last drop", "candidate", "open", box=None)
    for domain in place.params.domains:
        row = describe_domain(place, domain)
        table.add_row(domain, row.champion, row.since, row.last_drop, row.candidate, row.open)
    show(table)
    say(f"state: {place.home.root}")


@refusing
def explain(
    domain: Annotated[str, typer.Argument(help="a domain of params.yaml")],
    version: Annotated[int, typer.Argument(help="a registered version")],
) -> None:
    """Say why a version was promoted, held or refused: each gate's finding with its evidence.

    Example: addendum explain clinical 2
    """
    place = enter()
    from rich.table import Table

    from flows.standing import explain_version

    told = explain_version(place, DomainName(domain), version)
    say(f"{domain} version {version}: {told.verdict.sentence}")
    table = Table("gate", "result", "finding", box=None)
    for finding in told.verdict.findings:
        table.add_row(finding.gate, finding.result, finding.sentence)
    show(table)
    for line in told.history:
        say(line)


@refusing
def envelope(domain: Annotated[str, typer.Argument(help="a domain of params.yaml")]) -> None:
    """Say how a run made now would differ from the champion, and whether that needs a named approver or stops it.

    Example: addendum envelope clinical
    """
    place = enter()
    from flows.envelopes import describe_need, rule_on_present

    ruling = rule_on_present(place, DomainName(domain))
    say(f"{domain}: {ruling.finding.sentence}")
    for detail in ruling.finding.details:
        say(f"  {detail.name}")
    say(f"If it is retrained now, {describe_need(ruling)}.")


@refusing
def dossier(
    domain: Annotated[str, typer.Argument(help="a domain of params.yaml")],
    version: Annotated[int, typer.Argument(help="a version that was judged")],
    is_opened: Annotated[bool, typer.Option("--open", help="open the page in the browser")] = False,
) -> None:
    """Write a version's dossier anew from the ledger and its evidence: one page to read, print and hand on, and its JSON twin.

    Example: addendum dossier clinical 2 --open
    """
    place = enter()
    import webbrowser

    from flows.dossiers import write_dossier

    name = DomainName(domain)
    place.of(name)
    files = write_dossier(place, name, version)
    say(f"{files.page}\n{files.twin}")
    if is_opened and not webbrowser.open(files.page.as_uri()):
        say("no browser was found: open the page by hand")


@refusing
def doctor() -> None:
    """Check this machine: Python, device, git, stores, servers, versions against constraints.txt, disk.

    Example: addendum doctor
    """
    place = enter()
    from flows.diagnosis import examine

    is_well = True
    for finding in examine(place):
        is_well = is_well and finding.is_well
        mark = "ok  " if finding.is_well else "look"
        say(f"{mark} {finding.subject}: {finding.found}")
        if finding.advice:
            say(f"     {finding.advice}")
    if not is_well:
        raise typer.Exit(1)
