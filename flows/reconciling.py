"""What others keep is made to agree with the ledger, weights included: a copy of each champion's is kept as evidence.

The ledger is the truth about promotion. What was deleted, altered or moved elsewhere is put back from what the ledger names.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flows.candidates import Judged
from flows.places import Place
from flows.projecting import DRILL, Registered, name_champion, project_aliases, project_branch, register_again
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import DomainName, shorten
from pipelines.domain.pins import ModelPin
from pipelines.files import digest_folder
from pipelines.ledger.champions import history
from pipelines.promote.mirrors import MovedAlias
from pipelines.workspace import Workspace

LOG = logging.getLogger("addendum.flow")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """What did not agree with the ledger: ``repairs`` were made, ``losses`` could not be: no copy is left or can be read."""

    repairs: tuple[str, ...]
    losses: tuple[str, ...]


def reconcile(place: Place, domain: DomainName) -> Reconciliation:
    """Make registry, aliases and champion branch what the ledger says; run again, it finds nothing left to do."""
    place.of(domain)
    repairs, losses = list[str](), list[str]()
    for model in {known.digest: name_champion(known) for known in history(place.ledger, domain)}.values():
        try:
            problem = _find_problem(place, domain, model)
        except WorkspaceError as error:
            losses.append(str(error))
            continue
        if problem is None:
            continue
        number = register_again(place, domain, model)
        named = f"version {model.version} was {problem} in the registry"
        if number is None:
            losses.append(f"{named}, and no copy of {shorten(model.digest)} is left")
        else:
            repairs.append(f"{named}: registered again from its evidence, there as {number}")
    repairs += _mend_pointers(place, domain)
    return Reconciliation(repairs=tuple(repairs), losses=tuple(losses))


def lay_model(place: Place, domain: DomainName, pin: ModelPin | None, destination: Path) -> None:
    """Lay a model's folder at ``destination`` (an empty one for ``None``): from the registry, or else from the evidence.

    Raises:
        WorkspaceError: when neither holds what ``pin`` says.
    """
    try:
        place.registry.materialise(domain, pin, destination)
    except WorkspaceError as error:
        if pin is None or not place.evidence.holds_folder(pin.digest):
            raise
        LOG.warning("%s; its evidence is laid out instead: `addendum reconcile %s` mends the registry", error, domain)
        place.evidence.lay_folder(pin.digest, destination)


def keep_model(place: Place, judged: Judged) -> None:
    """Keep the candidate's weights as evidence, once, so that deleting the registered version destroys nothing.

    Raises:
        WorkspaceError: when the weights at hand are not those that were judged.
    """
    if place.evidence.holds_folder(judged.digest):
        return
    made = Workspace(place.home.run(judged.domain, judged.run)).of(judged.domain).model
    if made.is_dir() and digest_folder(made) == judged.digest:
        place.evidence.put_folder(made)
        return
    with laid_out(place, judged.domain, judged.model) as folder:
        place.evidence.put_folder(folder)


@contextmanager
def laid_out(place: Place, domain: DomainName, pin: ModelPin) -> Iterator[Path]:
    """Lay a model's folder out, verified, for as long as the block lasts."""
    with tempfile.TemporaryDirectory(dir=place.home.root, prefix=".weights.") as temporary:
        folder = Path(temporary) / "model"
        lay_model(place, domain, pin, folder)
        yield folder


def _find_problem(place: Place, domain: DomainName, model: Registered) -> str | None:
    """Return what is wrong with the registry's copy; an altered one loses its digest, so that nothing finds it any more.

    Raises:
        WorkspaceError: when it cannot be fetched, or is whole and its signature does not hold: it stays what it is.
    """
    number = place.registry.list_versions(domain).get(model.digest)
    if number is None:
        return "missing"
    pin = ModelPin(version=model.version, digest=model.digest)
    try:
        with tempfile.TemporaryDirectory(dir=place.home.root, prefix=".weights.") as temporary:
            place.registry.materialise(domain, pin, Path(temporary) / "model")
    except WorkspaceError:
        if place.registry.read_digest(domain, pin) == model.digest:
            raise
        place.registry.disown(domain, number)
        return "altered"
    return None


def _mend_pointers(place: Place, domain: DomainName) -> list[str]:
    said = []
    if DRILL in place.registry.aliases(domain):
        place.registry.point_alias(domain, DRILL, None)
        said.append(f"the alias {DRILL} was left by a drill that was cut short: removed")
    if project_branch(place, domain):
        said.append(f"the branch addendum/champion/{domain} had been moved by somebody: back to the champion's run")
    said += [_tell(alias) for alias in project_aliases(place, domain)]
    return said


def _tell(alias: MovedAlias) -> str:
    found = "absent" if alias.found is None else f"on version {alias.found}"
    expected = "removed" if alias.expected is None else f"set to version {alias.expected}"
    why = "somebody had moved it" if alias.is_foreign else "it lagged behind the ledger"
    return f"the alias {alias.alias} was {found} ({why}): {expected}"
