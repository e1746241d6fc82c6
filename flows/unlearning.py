"""Replays the retrainings that saw what must be forgotten, without it: what comes out is the model of a past that never had it.

Each is made again by the code and the params of its own commit, from the corpus as it stood, less the document, and from the
model that the replay before it gave. The candidate of the next retraining then starts from the last of them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from flows.claims import Claim, find_claim
from flows.places import Place
from flows.recreating import MAKING, lay_checkout, lend_environment
from flows.stages import run_in_worktree
from flows.starting import TaintedChain, find_chain, read_checkpoint
from flows.worktrees import Worktree
from pipelines.corpus.branches import branch_corpus
from pipelines.domain.errors import LedgerError, StageError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DomainName, Json, shorten
from pipelines.domain.pins import CorpusPin, ModelPin, Pin
from pipelines.ledger.ledgers import Draft
from pipelines.ledger.reigns import CROWNING, fold_champions
from pipelines.lessons.ancestry import find_tainted
from pipelines.lessons.planning import read_seen

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """A retraining made again: the version that it stands for, the model that it grew from and the one that it gave.

    ``manifest`` is the digest of all that the corpus held without what must be forgotten.
    """

    version: int
    parent: Digest | None
    manifest: Digest
    digest: Digest


def replay_chain(place: Place, domain: DomainName, tell: Tell) -> list[Replay]:
    """Replay every retraining since the last champion that saw nothing which must be forgotten; none where there is nothing to.

    What was replayed before, from the same corpus and the same model, is not made again: cut short, it goes on where it was.

    Raises:
        LedgerError: when the record of a version does not verify, or its copy is gone.
        StageError: when a stage refuses, or gives a model that saw what it must not.
    """
    place.of(domain)
    _refuse_gaps(place, domain)
    chain = find_chain(place, domain, place.corpus(domain).pin())
    if chain is None:
        return []
    claims = [find_claim(place, domain, reign.version) for reign in chain.tainted]
    folder = place.home.replays(domain)
    shutil.rmtree(folder, ignore_errors=True)
    try:
        cuts = [claim.pin.corpus.ingest_seq for claim in claims]
        pins = branch_corpus(place.corpus(domain), str(folder / "corpus" / domain), chain.allowed, cuts)
        return _replay_all(place, claims, chain, _Past(folder=folder, pins=pins, tell=tell))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _refuse_gaps(place: Place, domain: DomainName) -> None:
    reigns = fold_champions(place.ledger.events(domain, CROWNING))
    gone = sorted({reign.version for reign in reigns if read_checkpoint(place, reign.digest) is None})
    if gone:
        named = ", ".join(map(str, gone))
        raise LedgerError(f"{domain}: the kept copies of versions {named} are gone, so what they saw is not known: no replay")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Past:
    """Where it is made again, and the corpus as of each arrival that a pin names."""

    folder: Path
    pins: Mapping[int, CorpusPin]
    tell: Tell


def _replay_all(place: Place, claims: list[Claim], chain: TaintedChain, past: _Past) -> list[Replay]:
    replaced: dict[Digest, ModelPin] = {}
    replays = []
    for claim in claims:
        again = replace(claim, pin=_repin(claim.pin, past.pins[claim.pin.corpus.ingest_seq], replaced))
        digest = _find_made(place, again) or _make(place, again, chain, past)
        replaced[claim.digest] = ModelPin(version=claim.version, digest=digest)
        manifest = again.pin.corpus.manifest_digest
        replays.append(Replay(version=claim.version, parent=_name_parent(again.pin), manifest=manifest, digest=digest))
    return replays


def _repin(pin: Pin, corpus: CorpusPin, replaced: Mapping[Digest, ModelPin]) -> Pin:
    """Return the pin as it would have been: another corpus, and what the replays before gave in the place of what they replay."""
    champion = replaced.get(pin.champion.digest, pin.champion) if pin.champion else None
    start = replaced.get(pin.start.digest, pin.start) if pin.start else None
    return replace(pin, corpus=corpus, champion=champion, start=start, anchor=None, look=None)


def _name_parent(pin: Pin) -> Digest | None:
    model = pin.champion
    return model.digest if model else None


def _find_made(place: Place, claim: Claim) -> Digest | None:
    """Return the model of this very replay, where it was made before and is kept."""
    for event in place.ledger.events(claim.domain, [Kind.RETRAINING_REPLAYED]):
        digest = Digest(str(event.payload["digest"]))
        if _is_of(event, claim) and place.evidence.holds_folder(digest):
            return digest
    return None


def _make(place: Place, claim: Claim, chain: TaintedChain, past: _Past) -> Digest:
    tree = lay_checkout(place, claim, past.folder / str(claim.version))
    environment = {**lend_environment(place, tree), "ADDENDUM_CORPUS_ROOT": str(past.folder / "corpus")}
    for stage in MAKING:
        done = run_in_worktree(tree, stage, environment, lambda _: None)
        past.tell(f"{claim.domain} version {claim.version} replayed: {stage}: {done.seconds:.1f} s")
    _refuse_tainted(claim, tree, chain)
    digest = place.evidence.put_folder(tree.folder.model)
    _record(place, claim, digest)
    shutil.rmtree(past.folder / str(claim.version))
    return digest


def _refuse_tainted(claim: Claim, tree: Worktree, chain: TaintedChain) -> None:
    tainted = find_tainted(read_seen(tree.folder.model), chain.allowed)
    if tainted:
        problem = f"it saw {shorten(min(tainted))}, which must be forgotten"
        raise StageError(f"{claim.domain}: version {claim.version}, replayed: {problem}: retrain with `unlearning: restart`")


def _record(place: Place, claim: Claim, digest: Digest) -> None:
    payload: dict[str, Json] = {
        "version": claim.version,
        "replayed": claim.digest,
        "parent": _name_parent(claim.pin),
        "ingest_seq": claim.pin.corpus.ingest_seq,
        "manifest": claim.pin.corpus.manifest_digest,
        "digest": digest,
        "evidence": {"model": digest},
    }

    def draft(standing: Sequence[Event]) -> list[Draft]:
        is_said = any(_is_of(event, claim) and event.payload["digest"] == digest for event in standing)
        return [] if is_said else [Draft(Kind.RETRAINING_REPLAYED, payload)]

    place.ledger.decide(claim.domain, [Kind.RETRAINING_REPLAYED], draft)


def _is_of(event: Event, claim: Claim) -> bool:
    said = [event.payload[name] for name in ("version", "parent", "manifest")]
    return said == [claim.version, _name_parent(claim.pin), claim.pin.corpus.manifest_digest]
