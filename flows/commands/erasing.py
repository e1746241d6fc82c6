"""``addendum erase`` and ``unlearn``: a document out of every store, and out of the models that the next one grows from."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Annotated

import typer

from flows.commands.entrance import enter, refusing, say
from pipelines.domain.identities import DocumentId, DomainName, SourceName, shorten

if TYPE_CHECKING:
    from flows.erasing import DomainErasure, Erasure


@refusing
def erase(
    document: Annotated[str, typer.Argument(help="a document's id, as its source gives it")],
    reason: Annotated[str, typer.Option("--reason", help="why; kept in the ledger, so no name and nothing of the text")],
    source: Annotated[str | None, typer.Option("--source", help="where several sources have a document of this id")] = None,
) -> None:
    """Erase a document from all stores, history included, for good; then search them all for it and report.

    Models that learned from it keep serving until a retraining, which is a duty from now on, replaces them.

    Example: addendum erase 34567890 --reason "request of 2025-03-02, art. 17 GDPR"
    """
    place = enter()
    from flows.erasing import erase_document, find_sources
    from pipelines.corpus.erasures import DocumentName
    from pipelines.domain.errors import LedgerError

    held = [one for one in find_sources(place, DocumentId(document)) if source in {None, one}]
    if len(held) > 1:
        raise LedgerError(f"several sources have a document of this id ({', '.join(held)}): say which with --source")
    if not held:
        say("no corpus, quarantine or drop archive of any domain holds it")
        raise typer.Exit(1)
    erasure = erase_document(place, DocumentName(SourceName(held[0]), DocumentId(document)), reason)
    for line in describe(erasure):
        say(line)
    if erasure.left:
        raise typer.Exit(1)


@refusing
def unlearn(domain: Annotated[str, typer.Argument(help="a domain of params.yaml")]) -> None:
    """Replay the retrainings that saw what was retracted or erased, without it; the next candidate starts from what comes out.

    It costs what they cost. Without it the next candidate starts from the last champion that never saw it, and learns all since
    in one training. `retrain: {unlearning: replay}` does this before each retraining that needs it.

    Example: addendum unlearn clinical && addendum retrain clinical
    """
    place = enter()
    from flows.turns import take_turn
    from flows.unlearning import replay_chain
    from pipelines.domain.errors import LedgerError

    name = DomainName(domain)
    with take_turn(place.home, name) as is_ours:
        if not is_ours:
            raise LedgerError(f"{domain}: a retraining is running: let it end, and ask again")
        replays = replay_chain(place, name, say)
    for one in replays:
        grown = shorten(one.parent) if one.parent else "its base"
        say(f"{domain} version {one.version}: without it the model is {shorten(one.digest)}, grown from {grown}")
    if not replays:
        say(f"{domain}: its champion saw nothing that must be forgotten")


def describe(erasure: Erasure) -> list[str]:
    """Return what was erased and what is left, a line a fact; nothing of the text, nor the document's id."""
    lines = [f"the ledger knows the document as {erasure.name.tombstone} of {erasure.name.source}"]
    lines += [line for done in erasure.domains for line in describe_domain(done)]
    lines += [f"{count} removed: {shelf}" for shelf, count in sorted(Counter(one.shelf for one in erasure.removed).items())]
    if erasure.attempts:
        lines.append(f"{erasure.attempts} unfinished trainings lost their checkpoints, whose weights may keep something of it")
    if not erasure.is_whole:
        lines.append("a text of it has no words that only it has: copies of that text cannot be told from others, and stay")
    lines += [f"STILL THERE: {one.shelf}: {one.name}" for one in erasure.left]
    if not erasure.was_known:
        lines.append(
            "what it said is not known any more, so nothing was searched for; old files of the corpus were cleared again"
        )
    elif not erasure.left:
        lines.append("searched again, every file of every store: nothing of it is left")
    return lines


def describe_domain(done: DomainErasure) -> list[str]:
    """Return what was erased in one domain, and which models learned from it."""
    from flows.impacts import Reign

    received, learned = done.received, done.impact.learned if done.impact else ()
    lines = [f"{done.domain}: {len(done.revisions)} revisions erased" if done.revisions else f"{done.domain}: erased before"]
    lines.append(
        f"  gone with it: {received.archived} rows and {received.responses} whole responses of drop archives, "
        f"{received.quarantined} rows of the quarantine"
    )
    lines += [f"  version {one.version} learned from it, and {one.reign}" for one in learned]
    if any(one.reign is Reign.SERVES for one in learned):
        lines.append(f"  `addendum retrain {done.domain}` makes one that did not: it is a duty from now on")
    return lines
