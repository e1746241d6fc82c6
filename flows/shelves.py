"""Every place that may hold a copy of a document's text, each searched and cleared in its own way.

What is made from the corpus can be made again, so a file with an erased text in it is removed whole. What cannot be made again
(databases, keys) is searched and reported, and never removed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from flows.places import Place
from flows.remotes import Remote, open_remotes
from flows.worktrees import MADE_FROM
from pipelines.corpus.tables import Corpus
from pipelines.domain.identities import Digest, DomainName
from pipelines.erase.searching import Wanted
from pipelines.ledger.evidence import EvidenceStore
from pipelines.tracking import Tracker

REMADE = ("checkpoints", "dossiers", "dvc", "mlflow/artifacts", "pages", "replays", "runs")
"""Folders of the home whose files are made from others."""
PROGRAM = (*MADE_FROM, "benchmarks", "code", "docs", "flows", "infra", "tests")
"""What a checkout of a run, and a registered model, carry of the program: no text of a source ever gets there."""
KEPT = ("drops", "quarantine")
"""Folders of the home out of which rows are taken one by one, by whoever keeps them."""


class Shelf(Protocol):
    """A place with copies; ``find`` names those that hold what is wanted, and ``remove`` removes one of them, once or again."""

    @property
    def title(self) -> str:
        """What people call it."""
        ...

    def find(self, wanted: Wanted) -> Iterator[str]:
        """Yield the name of each copy that holds what is wanted."""
        ...

    def remove(self, name: str) -> bool:
        """Remove a copy; return whether this place may be cleared at all."""
        ...


@dataclass(frozen=True, slots=True)
class FolderShelf:
    """Files below ``root``; those of ``apart`` belong to other shelves, and folders called as in ``spared`` hold the program."""

    title: str
    root: Path
    is_remade: bool
    apart: tuple[Path, ...] = ()
    spared: tuple[str, ...] = ()

    def find(self, wanted: Wanted) -> Iterator[str]:
        """Yield each file's path; links are not followed, since what they lead to is searched where it lies."""
        for path in _walk(self.root, self.apart):
            if not self._is_spared(path) and wanted.is_in_file(path):
                yield str(path)

    def _is_spared(self, path: Path) -> bool:
        return not set(self.spared).isdisjoint(path.relative_to(self.root).parts)

    def remove(self, name: str) -> bool:
        """Remove a file that can be made again."""
        if self.is_remade:
            Path(name).unlink(missing_ok=True)
        return self.is_remade


@dataclass(frozen=True, slots=True)
class TraceShelf:
    """What was computed from texts and no search for words finds (token ids, signatures): a cache, and cleared whole."""

    title: str
    root: Path

    def find(self, wanted: Wanted) -> Iterator[str]:
        """Yield every file where anything is wanted at all."""
        if wanted.digests:
            yield from map(str, _walk(self.root))

    def remove(self, name: str) -> bool:
        """Remove a file."""
        Path(name).unlink(missing_ok=True)
        return True


def is_digest(name: str) -> bool:
    """Tell whether a name in the evidence is a digest's: a writer that was killed leaves others."""
    return re.fullmatch("[0-9a-f]{64}", name) is not None


@dataclass(frozen=True, slots=True)
class EvidenceShelf:
    """The evidence of verdicts; what is removed from it must stand in the ledger, or ``verify`` calls it lost."""

    store: EvidenceStore
    title: str = "evidence"

    def find(self, wanted: Wanted) -> Iterator[str]:
        """Yield digests."""
        for path in _walk(self.store.root):
            if wanted.is_in_file(path):
                yield path.name

    def remove(self, name: str) -> bool:
        """Remove what stands under a digest, or what a writer that was killed has left."""
        if is_digest(name):
            self.store.erase(Digest(name))
        else:
            (self.store.root / name).unlink(missing_ok=True)
        return True


@dataclass(frozen=True, slots=True)
class RemoteShelf:
    """A DVC remote, object by object."""

    remote: Remote

    @property
    def title(self) -> str:
        """What people call it."""
        return f"DVC remote {self.remote.name}"

    def find(self, wanted: Wanted) -> Iterator[str]:
        """Yield the paths of objects."""
        for name in self.remote.list_objects():
            if wanted.is_in(self.remote.read(name)):
                yield name

    def remove(self, name: str) -> bool:
        """Remove an object."""
        self.remote.remove(name)
        return True


@dataclass(frozen=True, slots=True)
class ArtifactShelf:
    """The artifacts of a domain's runs on an MLflow server."""

    tracker: Tracker
    domain: DomainName
    title: str = "MLflow artifacts"

    def find(self, wanted: Wanted) -> Iterator[str]:
        """Yield ``run:path``."""
        for run, path in self.tracker.list_files(self.domain):
            if wanted.is_in(self.tracker.read_file(run, path)):
                yield f"{run}:{path}"

    def remove(self, name: str) -> bool:
        """Remove an artifact."""
        run, _, path = name.partition(":")
        self.tracker.remove_file(run, path)
        return True


@dataclass(frozen=True, slots=True)
class CorpusShelf:
    """The corpus's own files, log included; it is cleared by erasing the document from it, not file by file."""

    corpus: Corpus
    title: str = "corpus"

    def find(self, wanted: Wanted) -> Iterator[str]:
        """Yield the names of files."""
        for name, content in self.corpus.files():
            if wanted.is_in(content):
                yield name

    def remove(self, name: str) -> bool:
        """Leave it."""
        del name
        return False


def list_shelves(place: Place, domains: Sequence[DomainName]) -> Sequence[Shelf]:
    """Return every place where copies may lie, the archives and the corpora last: they know what is looked for."""
    home = place.home
    remade = [FolderShelf(name, home.root / name, is_remade=True, spared=PROGRAM) for name in REMADE]
    kept = [home.root / name for name in KEPT]
    apart = (*(shelf.root for shelf in remade), *kept, home.evidence, home.encoded, home.signatures, home.root / "corpus")
    return [
        *remade,
        FolderShelf("data of the workspace", place.workspace.root / "data", is_remade=True),
        FolderShelf("DVC cache of the workspace", place.workspace.root / ".dvc" / "cache", is_remade=True),
        TraceShelf("encoded texts", home.encoded),
        TraceShelf("signatures of texts", home.signatures),
        EvidenceShelf(place.evidence),
        *(RemoteShelf(remote) for remote in open_remotes(place.workspace.root, home.dvc_cache.parent / "site")),
        *(ArtifactShelf(place.tracker, domain) for domain in domains if place.settings.mlflow_uri),
        FolderShelf("databases and other files of the home", home.root, is_remade=False, apart=apart),
        *(FolderShelf(path.name, path, is_remade=False) for path in kept),
        *(CorpusShelf(place.corpus(domain)) for domain in domains),
    ]


def _walk(folder: Path, apart: tuple[Path, ...] = ()) -> Iterator[Path]:
    if not folder.is_dir():
        return
    for path in _list(folder):
        if path.is_symlink() or path in apart:
            continue
        if path.is_dir():
            yield from _walk(path, apart)
        elif path.is_file():
            yield path


def _list(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except FileNotFoundError:  # somebody at work removed it since
        return []
