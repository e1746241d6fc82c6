"""What differs between where a model was trained and here: the processor, the device, Python, and the libraries' versions."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version
from pathlib import Path

from flows.places import Place
from pipelines.domain.identities import DomainName, RunId
from pipelines.learners.machines import MACHINE_TAG, describe_machine, read_machine


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Every difference in words; ``is_same`` where none is known and the same bytes are to be expected."""

    differences: tuple[str, ...]
    is_same: bool


def compare_surroundings(place: Place, domain: DomainName, run_id: RunId, constraints: Path, kind: str) -> Surroundings:
    """Compare this machine with the one that MLflow says a model of this kind was trained on, and the libraries with the run's.

    A machine that nothing is known of counts as another one.
    """
    differences = list_versions(constraints)
    noted = place.tracker.find_tag(domain, run_id, MACHINE_TAG)
    there, here = read_machine(noted) if noted else None, describe_machine(kind)
    if there is None:
        return Surroundings(differences=(*differences, "MLflow does not say on which machine it was trained"), is_same=False)
    facts = [(name, getattr(there, name), getattr(here, name)) for name in ("cpu", "device", "python", "system", "processes")]
    others = tuple(f"{name}: {before} there, {now} here" for name, before, now in facts if before != now)
    return Surroundings(differences=(*differences, *others), is_same=not differences and not others)


def list_versions(constraints: Path) -> tuple[str, ...]:
    """Return a line for each library that is installed here at another version than ``constraints`` says."""
    lines = constraints.read_text(encoding="utf-8").splitlines()
    pinned = [line.split(";")[0].strip().split("==") for line in lines if "==" in line and not line.startswith("#")]
    found = [(name, wanted.split("+")[0], _find_installed(name)) for name, wanted in pinned]
    return tuple(f"{name}: {wanted} there, {now} here" for name, wanted, now in found if now not in {wanted, None})


def _find_installed(name: str) -> str | None:
    try:
        return installed_version(name).split("+")[0]
    except PackageNotFoundError:
        return None
