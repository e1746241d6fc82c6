"""Is this machine fit to run Addendum? Each examination says what it found and, where something is wrong, what to do."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from flows.places import Place
from flows.servers import find_prefect
from pipelines.domain.errors import ParamsError
from pipelines.keys import list_bare_keys, open_keys

NEEDED_GIB = 5.0
WATCHED = ("torch", "transformers", "prefect", "mlflow", "dvc", "deltalake", "great-expectations", "pydantic", "sqlalchemy")


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """One thing looked at."""

    subject: str
    found: str
    is_well: bool = True
    advice: str = ""


def examine(place: Place) -> Iterator[Examination]:
    """Look at everything that a run needs, cheapest first."""
    yield _examine_python()
    yield _examine_git(place)
    yield _examine_disk(place)
    yield _examine_versions(place.workspace.root / "constraints.txt")
    yield _examine_keys(place)
    yield _examine_ledger(place)
    yield _examine_prefect(place)
    yield _examine_mlflow(place)
    yield _examine_remote(place)
    yield _examine_device()


def _examine_python() -> Examination:
    found = ".".join(str(part) for part in sys.version_info[:3])
    is_well = sys.version_info >= (3, 11)
    return Examination(subject="Python", found=found, is_well=is_well, advice="" if is_well else "install Python 3.11 or newer")


def _examine_git(place: Place) -> Examination:
    asked = ["git", "status", "--porcelain", "params.yaml", "pipelines", "dvc.yaml", "constraints.txt"]
    done = subprocess.run(asked, cwd=place.workspace.root, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        advice = "runs work in git worktrees: clone the repository instead of copying it"
        return Examination(subject="git", found="this workspace is not a git checkout", is_well=False, advice=advice)
    if done.stdout.strip():
        advice = "a run is made from HEAD and does not see them: commit first"
        return Examination(subject="git", found="uncommitted changes to code or params.yaml", is_well=False, advice=advice)
    return Examination(subject="git", found="clean")


def _examine_disk(place: Place) -> Examination:
    free = shutil.disk_usage(place.home.root).free / 2**30
    advice = "" if free >= NEEDED_GIB else f"free some: a run of a small language model needs about {NEEDED_GIB:.0f} GiB"
    return Examination(subject="disk", found=f"{free:.0f} GiB free at {place.home.root}", is_well=not advice, advice=advice)


def _examine_versions(constraints: Path) -> Examination:
    wanted = dict(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;]+)", constraints.read_text(encoding="utf-8"), flags=re.MULTILINE))
    pinned = {name.lower(): number for name, number in wanted.items()}
    other = [f"{name} {_installed(name)} (tested: {pinned[name]})" for name in WATCHED if _differs(name, pinned.get(name))]
    advice = "pip install -c constraints.txt -e ." if other else ""
    return Examination(subject="versions", found="; ".join(other) or "as tested together", is_well=not other, advice=advice)


def _differs(name: str, wanted: str | None) -> bool:
    return wanted is not None and _installed(name) != wanted


def _installed(name: str) -> str:
    try:
        return version(name).split("+")[0]
    except PackageNotFoundError:
        return "absent"


def _examine_keys(place: Place) -> Examination:
    read = {"curate", "split"}
    bare = [
        f"{domain}.{name}"
        for domain, params in place.params.domains.items()
        for name in list_bare_keys(params.model_dump(mode="json", include=read))
    ]
    try:
        for params in place.params.domains.values():
            open_keys(params.curate, place.settings.find_key)
            open_keys(params.split, place.settings.find_key)
    except ParamsError as error:
        found, _, advice = str(error).partition(": ")
        return Examination(subject="keys", found=found, is_well=False, advice=advice)
    told = f"{', '.join(bare)} in params.yaml, and so in git and dvc.lock; `addendum key secret` keeps a key out of them"
    return Examination(subject="keys", found=told if bare else "params.yaml holds none")


def _examine_ledger(place: Place) -> Examination:
    breaks = [f"{domain}: {found}" for domain in place.params.domains for found in place.ledger.verify(domain)]
    advice = "somebody altered the record: `addendum verify` names what, then restore it from a backup" if breaks else ""
    return Examination(subject="ledger", found="; ".join(breaks) or "every chain verifies", is_well=not breaks, advice=advice)


def _examine_prefect(place: Place) -> Examination:
    api = find_prefect(place.settings)
    return Examination(
        subject="Prefect", found=api or "no server on this home; each command starts one of its own (`addendum up`)"
    )


def _examine_mlflow(place: Place) -> Examination:
    address = place.settings.tracking_address.split("@")[-1]
    is_well = place.registry.is_reachable()
    advice = "" if is_well else "check ADDENDUM_MLFLOW_URI"
    return Examination(
        subject="MLflow", found=address if is_well else f"{address} does not answer", is_well=is_well, advice=advice
    )


def _examine_remote(place: Place) -> Examination:
    done = subprocess.run(
        [sys.executable, "-m", "dvc", "remote", "list"], cwd=place.workspace.root, capture_output=True, text=True, check=False
    )
    return Examination(subject="DVC remote", found=done.stdout.strip() or "none: data stays in this machine's cache")


def _examine_device() -> Examination:
    from pipelines.learners.devices import describe_device

    return Examination(subject="device", found=describe_device())
