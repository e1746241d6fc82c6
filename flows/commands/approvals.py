"""What an approver says by hand: yes, no, or yes to what the gates could not decide; and the key to sign it with."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.entrance import enter, refusing, say
from pipelines.domain.identities import DomainName

if TYPE_CHECKING:
    from pipelines.promote.approvals import Answer

Domain = Annotated[str, typer.Argument(help="a domain of params.yaml, such as clinical")]
Version = Annotated[int, typer.Argument(help="a judged version: `addendum status` shows the latest")]
Reason = Annotated[str, typer.Option("--reason", help="why; recorded in the ledger")]
Name = Annotated[str, typer.Option("--as", help="your name; not that of whoever started the training")]
KeyFile = Annotated[Path | None, typer.Option("--key", help="your private key; without one your word is self-declared")]

keys = typer.Typer(help="Keys to sign approvals with, and secrets that params.yaml names.", no_args_is_help=True)


@refusing
def approve(domain: Domain, version: Version, reason: Reason, name: Name, key: KeyFile = None) -> None:
    """Approve a candidate whose verdict is to promote, and promote it.

    Example: addendum approve clinical 2 --as "R. Okafor" --key ~/okafor.pem --reason "reviewed with the safety board"
    """
    from pipelines.promote.approvals import Answer

    _answer(Answer.GRANTED, domain, version, (name, reason, key))


@refusing
def deny(domain: Domain, version: Version, reason: Reason, name: Name, key: KeyFile = None) -> None:
    """Deny a candidate for good: the champion stays, whatever its verdict.

    Example: addendum deny clinical 2 --as "R. Okafor" --key ~/okafor.pem --reason "the trial site is under inspection"
    """
    from pipelines.promote.approvals import Answer

    _answer(Answer.DENIED, domain, version, (name, reason, key))


@refusing
def override(domain: Domain, version: Version, reason: Reason, name: Name, key: KeyFile = None) -> None:
    """Promote a candidate that the gates could not decide on; never one that failed a safety gate. It is shown for ever.

    Example: addendum override clinical 2 --as "R. Okafor" --key ~/okafor.pem --reason "the holdout decides in a year only"
    """
    from pipelines.promote.approvals import Answer

    _answer(Answer.OVERRIDE, domain, version, (name, reason, key))


@keys.command("new")
@refusing
def new(
    name: Annotated[str, typer.Argument(help="your name, as params.yaml shall list it")],
    out: Annotated[Path | None, typer.Option("--out", help="the file to write; none: NAME.pem among its approvers' keys")] = None,
) -> None:
    """Make a key to sign approvals with: a file for you alone, and the line that lists you in params.yaml.

    Example: addendum key new "R. Okafor" --out ~/okafor.pem
    """
    from pipelines.promote.keys import make_key
    from pipelines.settings import read_settings

    file = out or read_settings().place.keys / "approvers" / f"{re.sub(r'[^a-z0-9]+', '-', name.lower()).strip('-')}.pem"
    public = make_key(file)
    say(f"{file}: your private key. Keep it to yourself; whoever has it can approve in your name.")
    say("for promote.approvers of a domain in params.yaml:")
    say(f'- {{name: "{name}", key: "{public}"}}')


@keys.command("secret")
@refusing
def secret(
    name: Annotated[str, typer.Argument(help="what it is called: the variable that may hold it, such as SPLIT_KEY_CLINICAL")],
) -> None:
    """Seal a secret that params.yaml names and does not hold: the one that is here already, else a new one made by chance.

    Example: addendum key secret SPLIT_KEY_CLINICAL
    """
    from pipelines.keys import check_name, seal_key
    from pipelines.settings import read_settings

    settings = read_settings()
    found = settings.find_key(check_name(name))
    if not found:
        found = settings.make_key(name)
        say(f"{settings.place.secrets / name}: a new secret. Who runs curate or split needs it: keep a copy where it is safe.")
    say("for split.key, or the key of a deidentify step, in params.yaml:")
    say(f"key: {{env: {name}, seal: {seal_key(found)}}}")


def _answer(answer: Answer, domain: str, version: int, said: tuple[str, str, Path | None]) -> None:
    place = enter()
    from flows.answering import answer_version
    from flows.approving import Approval
    from pipelines.promote.approvals import Answer as Said

    name, reason, key = said
    outcome = answer_version(place, DomainName(domain), version, answer, Approval(by=name, reason=reason, key_file=key))
    say(f"{domain}: {outcome.sentence}{'; it is champion now' if outcome.is_promoted else ''}")
    if not outcome.is_promoted and answer is not Said.DENIED:
        raise typer.Exit(1)
