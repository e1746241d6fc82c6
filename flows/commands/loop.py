"""The loop by hand: watch, retrain, promote, and the ways back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from flows.commands.entrance import enter, refusing, say
from pipelines.domain.identities import DomainName, RunId

Domain = Annotated[str, typer.Argument(help="a domain of params.yaml, such as clinical")]
Reason = Annotated[str, typer.Option("--reason", help="why; recorded in the ledger")]


@refusing
def watch(domain: Domain) -> None:
    """Look at every source of a domain and admit what passes its checks.

    Example: addendum watch clinical
    """
    enter()
    from flows.watch import watch as flow

    for landing in flow(domain):
        say(f"{landing.source}: {landing.sentence}")


@refusing
def retrain(
    domain: Domain,
    reason: Annotated[str | None, typer.Option("--reason", help="retrain whatever the news, because of this")] = None,
    approve: Annotated[
        str | None, typer.Option("--approve", help="your name: approve the candidate if its verdict is good")
    ] = None,
) -> None:
    """Retrain a domain if it is worth it, judge the candidate, and promote it if it may be.

    Example: addendum retrain clinical
    """
    place = enter()
    from flows.retrain import retrain as flow

    done = flow(domain, reason=reason, approved_by=approve)
    if done.conclusion is None:
        say(f"HOLD {domain}: {done.reason}")
        return
    from flows.gating import describe_run

    is_promoted = done.promotion is not None and done.promotion.is_promoted
    said = done.promotion.sentence if done.promotion is not None else done.conclusion.sentence
    say(f"{domain}: {said}{'; it is champion now' if is_promoted else ''}")
    reach = describe_run(place, DomainName(domain), RunId(done.run_id)) if done.run_id else None
    if reach is not None:
        say(f"{domain}: {reach}: `addendum gate plan {domain}`")


@refusing
def abandon(domain: Domain, reason: Annotated[str, typer.Option("--reason", help="why; recorded in the ledger")]) -> None:
    """Give up a retraining that was begun and cannot go on, such as one from before an upgrade; its look stays spent.

    Example: addendum abandon clinical --reason "begun before the upgrade"
    """
    place = enter()
    from flows.retraining import abandon_open

    run_id = abandon_open(place, DomainName(domain), reason)
    say(f"{domain}: run {run_id} is given up; `addendum retrain {domain}` begins anew")


@refusing
def promote(
    domain: Domain,
    approve: Annotated[str | None, typer.Option("--approve", help="your name, where an approval is needed")] = None,
    reason: Reason = "",
) -> None:
    """Promote the last judged candidate if its verdict says so.

    Example: addendum promote clinical --approve "R. Okafor" --reason "first model, reviewed with the safety board"
    """
    enter()
    from flows.promote import promote as flow

    outcome = flow(domain, approved_by=approve, reason=reason)
    say(outcome.sentence)
    if not outcome.is_promoted:
        raise typer.Exit(1)


@refusing
def control(domain: Domain) -> None:
    """Train the last candidate's lesson from scratch and compare the two on dev; recorded, and nothing is promoted.

    Example: addendum control clinical
    """
    place = enter()
    from flows.controlling import run_control

    name = DomainName(domain)
    place.of(name)
    say(f"{domain}: {run_control(place, name, say).sentence}")


@refusing
def drill(domain: Domain) -> None:
    """Rehearse a rollback on a scratch alias and record how long it takes; what serves is not touched.

    Example: addendum drill clinical
    """
    enter()
    from flows.drill import drill as flow

    say(f"{domain}: {flow(domain).sentence}")


@refusing
def reconcile(domain: Annotated[str | None, typer.Argument(help="a domain of params.yaml; none: all of them")] = None) -> None:
    """Make registry, aliases and champion branches what the ledger says, and say what was otherwise.

    Example: addendum reconcile clinical
    """
    place = enter()
    from flows.reconciling import reconcile as mend

    has_losses = False
    for name in [DomainName(domain)] if domain else list(place.params.domains):
        done = mend(place, name)
        for line in (*done.repairs, *done.losses):
            say(f"{name}: {line}")
        if not done.repairs and not done.losses:
            say(f"{name}: all is as the ledger says")
        has_losses = has_losses or bool(done.losses)
    if has_losses:
        raise typer.Exit(1)


@refusing
def rollback(domain: Domain, reason: Annotated[str, typer.Option("--reason", help="why; recorded in the ledger")]) -> None:
    """Give a domain its previous champion back, and promote nothing until `unfreeze`.

    Example: addendum rollback clinical --reason "wrong triage of recalls, ticket 4711"
    """
    enter()
    from flows.rollback import rollback as flow

    champion = flow(domain, reason)
    say(f"{domain}: version {champion.version} serves again; promotion is frozen until `addendum unfreeze {domain}`")


@refusing
def unfreeze(domain: Domain, reason: Reason = "") -> None:
    """Allow promotion again after a rollback.

    Example: addendum unfreeze clinical --reason "cause found and mended"
    """
    place = enter()
    from pipelines.ledger.champions import unfreeze as lift

    name = DomainName(domain)
    place.of(name)
    lift(place.ledger, name, reason)
    say(f"{domain}: promotion is open again; `addendum restore {domain} VERSION` goes forward to a version that served before")


@refusing
def restore(
    domain: Domain,
    version: Annotated[int, typer.Argument(help="a version that was champion before")],
    approve: Annotated[str, typer.Option("--approve", help="your name")],
    reason: Annotated[str, typer.Option("--reason", help="why; recorded in the ledger")],
    key: Annotated[Path | None, typer.Option("--key", help="your private key, where params.yaml lists approvers")] = None,
) -> None:
    """Make a version that was champion before champion again; it needs a named approval and no new look at the holdout.

    Example: addendum restore clinical 2 --approve "R. Okafor" --reason "the rollback was a false alarm"
    """
    place = enter()
    from flows.promoting import Approval, restore_version

    champion = restore_version(place, DomainName(domain), version, Approval(by=approve, reason=reason, key_file=key))
    say(f"{domain}: version {champion.version} is champion again")


@refusing
def pin(
    domain: Domain,
    reason: Annotated[str, typer.Option("--reason", help="why; written into the pin")] = "by hand",
    as_is: Annotated[
        bool, typer.Option("--as-is", help="keep the pin that is here, of a checked-out run, and lay out what it names")
    ] = False,
) -> None:
    """Write a pin and the weights it names into this workspace, for `dvc repro` by hand (a new pin sees dev only).

    Example: addendum pin clinical && dvc repro judge@clinical

    Example: git checkout --detach addendum/champion/clinical && addendum pin clinical --as-is && dvc repro judge@clinical
    """
    place = enter()
    from flows.pinning import lay_out, pin_domain, share_cache
    from pipelines.domain.pins import Pin
    from pipelines.files import read_json

    name = DomainName(domain)
    folder = place.workspace.of(name)
    place.of(name)
    made = read_json(folder.pin, Pin) if as_is else pin_domain(place, name, reason, with_look=False)
    lay_out(place, name, made, folder)
    share_cache(place)
    say(f"{folder.pin}: corpus version {made.corpus.version}, {'with its look' if made.look else 'no look'} at the holdout")
    say(f"next: dvc repro judge@{domain}")
