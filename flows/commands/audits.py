"""For whoever must be able to trust the record: is it the one that was written?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.entrance import enter, refusing, say
from pipelines.domain.identities import DomainName, shorten

if TYPE_CHECKING:
    from flows.verifying import Verification


@refusing
def verify(
    domain: Annotated[str | None, typer.Argument(help="a domain; default: every one that is known")] = None,
    heads: Annotated[Path | None, typer.Option(help="a copy of the folder heads/, kept elsewhere, to compare with too")] = None,
    restore_guards: Annotated[bool, typer.Option(help="put triggers that are missing back, after saying which")] = False,
) -> None:
    """Examine the record: chains, signed heads, the evidence that events name, and the aliases in MLflow.

    Example: addendum verify clinical
    """
    place = enter()
    from flows.verifying import verify_place

    found = verify_place(place, DomainName(domain) if domain else None, heads)
    for problem in found.problems:
        where = f"event {problem.seq}" if problem.seq else "as a whole"
        say(_escape(f"{problem.domain}, {where}: {problem.problem}"))
    if restore_guards:
        place.ledger.restore_guards()
    if found.problems:
        say(f"{len(found.problems)} problems in {_count(found)}")
        raise typer.Exit(1)
    say(f"all well: {_count(found)}")


def _count(found: Verification) -> str:
    signed = f" by key {', '.join(shorten(key) for key in found.keys)}" if found.keys else ""
    return (
        f"{found.domains} domains, {found.events} events, {found.heads} heads signed{signed}, "
        f"{found.evidence} pieces of evidence, {found.aliases} aliases"
    )


def _escape(text: str) -> str:
    """A byte that somebody flipped may be no text: it is shown as its number."""
    return text.encode("utf-8", "backslashreplace").decode()
