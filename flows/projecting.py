"""The registry's aliases and the champion branch as a mirror of the ledger: set from it, and mended when somebody moved them.

A version keeps its number in the ledger for ever. MLflow gives a version that was deleted and registered again another number,
so everything is found there by the model's digest.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from flows.candidates import Judged, read_judged
from flows.mirror_notes import is_mirrored, note_mirrored
from flows.places import Place
from flows.worktrees import move_champion_branch, read_champion_branch, read_run_branch
from pipelines.domain.errors import LedgerError
from pipelines.domain.events import Event, Kind
from pipelines.domain.identities import Digest, DomainName, Json, RunId
from pipelines.domain.models import Champion
from pipelines.files import digest_folder
from pipelines.learners.cards import read_card
from pipelines.ledger.champions import champion, history
from pipelines.ledger.reigns import CROWNING
from pipelines.promote.mirrors import MovedAlias
from pipelines.workspace import Workspace

DRILL = "drill"
"""The scratch alias of a rollback that is only rehearsed."""

ROUNDS = 8
"""How often the aliases are set anew while the ledger goes on, before somebody is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A model that the ledger names: its number there, its digest, and the run that made it."""

    version: int
    digest: Digest
    run: RunId


def project(place: Place, domain: DomainName) -> tuple[MovedAlias, ...]:
    """Make the registry's aliases and the champion branch what the ledger says; record what somebody else had moved.

    A crash between the ledger's word and the alias is mended here too, silently when the alias merely lagged behind.
    """
    project_branch(place, domain)
    return project_aliases(place, domain)


def project_when_due(place: Place, domain: DomainName) -> tuple[MovedAlias, ...]:
    """Project, unless this home did so as of the ledger's last word and within the hour.

    Opening MLflow takes longer than all else that a look without news does. What a crash left behind is always due, since the
    note of it is written last.
    """
    if is_mirrored(place, domain, _name_word(_find_last(place, domain))):
        return ()
    return project(place, domain)


def project_branch(place: Place, domain: DomainName) -> bool:
    """Make the champion branch the commit of the run that made the champion; return whether somebody else had moved it.

    It goes before the aliases, which note when all is done: so a branch that is elsewhere after that was moved by hand.
    """
    serving, last = champion(place.ledger, domain), _find_last(place, domain)
    if serving is None or last is None:
        return False
    found, expected = read_champion_branch(place.workspace, domain), read_run_branch(place.workspace, serving.run_id)
    move_champion_branch(place.workspace, domain, serving.run_id)
    is_foreign = found != expected and place.registry.read_mirror(domain).as_of == last.seq
    if is_foreign:
        payload: dict[str, Json] = {"branch": f"addendum/champion/{domain}", "found": found, "expected": expected}
        place.ledger.append(domain, Kind.ALIAS_REPAIRED, payload)
    return is_foreign


def project_aliases(place: Place, domain: DomainName) -> tuple[MovedAlias, ...]:
    """Make the aliases what the ledger says and return those that were otherwise; one moved by somebody else is recorded.

    Where the ledger went on meanwhile they are set anew, so that no alias is left as an earlier event would have it.

    Raises:
        LedgerError: when the ledger does not stand still.
    """
    told: list[MovedAlias] = []
    for round_ in range(ROUNDS):
        last, moved = _project_once(place, domain)
        # after the first round an alias may be otherwise by this very function
        told += moved if not round_ else (replace(alias, is_foreign=False) for alias in moved)
        if _find_last(place, domain) == last:
            break
    else:
        problem = f"{domain}: the ledger went on {ROUNDS} times while the aliases were set"
        raise LedgerError(f"{problem}: `addendum reconcile {domain}` sets them when it is quieter")
    for alias in (alias for alias in told if alias.is_foreign):
        payload: dict[str, Json] = {"alias": alias.alias, "found": alias.found, "expected": alias.expected}
        place.ledger.append(domain, Kind.ALIAS_REPAIRED, payload)
    note_mirrored(place, domain, _name_word(last))
    return tuple(told)


def register_again(place: Place, domain: DomainName, model: Registered) -> int | None:
    """Register a version that is gone from the registry from a copy of its weights, and record it; ``None`` without a copy."""
    with _find_copy(place, domain, model) as folder:
        if folder is None:
            return None
        run = place.tracker.open_run(domain, model.run)
        number = place.registry.register(domain, run, folder, read_card(folder).kind).version
        place.tracker.close_run(run)
    payload: dict[str, Json] = {"version": model.version, "digest": model.digest, "registered": number}
    place.ledger.append(domain, Kind.ALIAS_REPAIRED, payload)
    return number


def name_champion(known: Champion) -> Registered:
    """Return a champion as the registry must hold it."""
    return Registered(version=known.version, digest=known.digest, run=known.run_id)


def _find_last(place: Place, domain: DomainName) -> Event | None:
    return place.ledger.last(domain, Kind.CANDIDATE_JUDGED, *CROWNING)


def _name_word(last: Event | None) -> str:
    return last.hash if last else ""


def _project_once(place: Place, domain: DomainName) -> tuple[Event | None, tuple[MovedAlias, ...]]:
    """Set the aliases as of the ledger's last event that matters to them; return it and what was otherwise."""
    noted = place.registry.read_mirror(
        domain
    ).as_of  # before the ledger is read: so a later event than its last is none of its own
    last = _find_last(place, domain)
    if last is None:
        return None, ()
    numbers = place.registry.list_versions(domain)
    expected = {alias: _find_number(place, domain, model, numbers) for alias, model in name_aliases(place, domain).items()}
    stray = noted if noted and noted > last.seq else None
    return last, place.registry.project(domain, expected, last.seq, stray=stray)


def name_aliases(place: Place, domain: DomainName) -> Mapping[str, Registered | None]:
    """Return which model each alias of the registry must name, by the ledger; ``None`` where the alias must be absent."""
    serving = champion(place.ledger, domain)
    earlier = [known for known in history(place.ledger, domain) if serving is None or known.version != serving.version]
    return {
        "champion": name_champion(serving) if serving else None,
        "previous": name_champion(earlier[-1]) if earlier else None,
        "challenger": _find_challenger(place, domain),
    }


def _find_challenger(place: Place, domain: DomainName) -> Registered | None:
    event = place.ledger.last(domain, Kind.CANDIDATE_JUDGED)
    if event is None:
        return None
    judged: Judged = read_judged(event)
    has_served = any(known.version == judged.version for known in history(place.ledger, domain))
    return None if has_served else Registered(version=judged.version, digest=judged.digest, run=judged.run)


def _find_number(place: Place, domain: DomainName, model: Registered | None, numbers: Mapping[Digest, int]) -> int | None:
    if model is None:
        return None
    return numbers.get(model.digest) or register_again(place, domain, model)


@contextmanager
def _find_copy(place: Place, domain: DomainName, model: Registered) -> Iterator[Path | None]:
    made = Workspace(place.home.run(domain, model.run)).of(domain).model
    if made.is_dir() and digest_folder(made) == model.digest:
        yield made
    elif place.evidence.holds_folder(model.digest):
        place.home.root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.home.root, prefix=".weights.") as temporary:
            place.evidence.lay_folder(model.digest, Path(temporary) / "model")
            yield Path(temporary) / "model"
    else:
        yield None
