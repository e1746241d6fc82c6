"""All that a run is made from, as one digest: what a look at the holdout is bound to, so that no other run can use it.

Computed from files alone, so that the stage that is about to look can compute it again in its own checkout, with or without git.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import Digest, DomainName, Json, digest_value
from pipelines.domain.pins import Pin
from pipelines.files import digest_file, read_json
from pipelines.judge.plans import plan_digest
from pipelines.keys import seal_keys
from pipelines.params import DomainParams
from pipelines.workspace import Workspace

CODE = "pipelines"
OUTSIDE = frozenset({"admit", "clock.py", "detect", "erase", "ledger", "promote", "tracking.py"})
"""What of ``pipelines`` no pure stage runs. Whatever is new there counts until it is named here."""

BESIDE = frozenset({"admit", "description", "promote", "retrain", "watch"})
"""The sections of a domain that no pure stage reads. Whatever is new counts until it is named here."""

LEFT_BEHIND = ("~", ".pyc", ".pyo", ".swp", ".orig", ".rej")
"""How the names end of what Python, editors and git leave beside files."""


def digest_inputs(workspace: Workspace, domain: DomainName, params: DomainParams, pin: Pin) -> Digest:
    """Return the digest of all that the run of ``pin`` in ``workspace`` is made from; the look itself and the reason are not.

    Nor is the version at which the corpus was read, since compacting its files makes another of the same rows.

    Raises :class:`WorkspaceError` where ``workspace`` is not a whole checkout.
    """
    champion, anchor = (asdict(model) if model else None for model in (pin.champion, pin.anchor))
    made_from: dict[str, Json] = {
        "domain": domain,
        "corpus": [pin.corpus.id, pin.corpus.ingest_seq, pin.corpus.manifest_digest],
        "champion": champion,
        "anchor": anchor,
        "generation": asdict(pin.generation),
        "start": asdict(pin.start) if pin.start else None,
        "is_cold": pin.is_cold,
        "plan": plan_digest(params.judge),
        "params": seal_keys(params.model_dump(mode="json", exclude=set(BESIDE))),
        "code": digest_code(workspace),
        "constraints": digest_constraints(workspace),
    }
    return digest_value(made_from)


def digest_code(workspace: Workspace) -> Mapping[str, Digest]:
    """Return the digest of each part of the code that the pure stages run (a file or folder of ``pipelines``, ``dvc.yaml``).

    Content as it lies on disk, line endings included; bytecode and what editors and systems leave beside files do not count.
    """
    root = workspace.root / CODE
    parts = {path.name: _digest_part(path) for path in sorted(root.glob("*")) if path.name not in OUTSIDE and is_counted(path)}
    if "domain" not in parts:
        raise WorkspaceError(f"{root} does not hold the code: run inside a clone of the repository")
    return {**{name: digest for name, digest in parts.items() if digest}, "dvc.yaml": _digest(workspace.root / "dvc.yaml")}


def digest_constraints(workspace: Workspace) -> Digest:
    """Return the digest of the exact library versions."""
    return _digest(workspace.root / "constraints.txt")


def is_counted(path: Path) -> bool:
    """Tell whether a file or folder with this name can be code or data of a stage."""
    name = path.name
    return name != "__pycache__" and not name.startswith((".", "#")) and not name.endswith(LEFT_BEHIND)


def refuse_foreign_look(workspace: Workspace, domain: DomainName, params: DomainParams) -> None:
    """Raise :class:`WorkspaceError` where the pin carries a look that was reserved for other inputs than these.

    Without this, whoever changes a parameter, a gate or a learner in a run's checkout would score the holdout once more for
    nothing. A pin without a look is never refused: only dev is scored then.
    """
    path = workspace.of(domain).pin
    pin = read_json(path, Pin)
    if not is_own_look(workspace, domain, params, pin):
        raise WorkspaceError(
            f"{path}: its look at the holdout was reserved for other inputs: params.yaml, the code, dvc.yaml, constraints.txt or "
            f"the pin differs here. Take the change back (`git checkout -- .`), or `addendum pin {domain}` for a run that sees "
            "dev only"
        )
    running = Path(__file__).resolve().parents[1]
    if pin.look is not None and running != workspace.root.resolve():
        raise WorkspaceError(
            f"{path}: its look is bound to the code of this checkout, and the code that runs lies in {running}: run `dvc repro` "
            "in the checkout, and unset PYTHONSAFEPATH"
        )


def is_own_look(workspace: Workspace, domain: DomainName, params: DomainParams, pin: Pin) -> bool:
    """Tell whether the look of ``pin`` was reserved for a run made from these very inputs; no look is nobody else's."""
    return pin.look is None or pin.look.inputs == digest_inputs(workspace, domain, params, pin)


def _digest(path: Path) -> Digest:
    if not path.is_file():
        raise WorkspaceError(f"{path} is missing: run inside a clone of the repository")
    return digest_file(path)


def _digest_part(path: Path) -> Digest | None:
    """Return the digest of a file or of all counted files below a folder; ``None`` where there are none."""
    if path.is_file():
        return digest_file(path)
    files = sorted(_walk(path))
    return digest_value([[file.relative_to(path).as_posix(), digest_file(file)] for file in files]) if files else None


def _walk(folder: Path) -> Iterator[Path]:
    for path in folder.iterdir():
        if is_counted(path):
            if path.is_dir():
                yield from _walk(path)
            else:
                yield path
