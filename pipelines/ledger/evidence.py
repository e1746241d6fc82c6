"""What ledger events name by digest is kept here, by that digest, so that no deletion elsewhere takes a verdict's ground away.

A file stands under the digest of its bytes. A folder stands under the digest of its manifest, the list of its names and their
digests; that list is the very value that :func:`pipelines.files.digest_folder` hashes, so both give one digest. What is read
is checked: the store returns what was put there or raises.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from pipelines.domain.errors import LedgerError
from pipelines.domain.identities import Digest, digest_bytes, encode_canonically, shorten
from pipelines.files import digest_folder, list_files

PIECE = 1 << 20
_FORM = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file of a folder: its name relative to the folder, with slashes, and the digest of its content."""

    name: str
    digest: Digest


@dataclass(frozen=True, slots=True)
class EvidenceStore:
    """Files under ``root``, each named by the SHA-256 of its content and found by its first two pairs of digits."""

    root: Path

    def put(self, content: bytes) -> Digest:
        """Keep ``content`` and return its digest; what is there already, unaltered, is left as it is."""
        digest = digest_bytes(content)
        if self.find_problem(digest):
            with self._writing() as (stream, temporary):
                stream.write(content)
                _settle(stream, temporary, self._path(digest))
        return digest

    def put_file(self, path: Path) -> Digest:
        """Keep a file's content, read once and never held whole in memory, and return its digest."""
        with path.open("rb") as source, self._writing() as (stream, temporary):
            digest = _copy(source, stream)
            if self.find_problem(digest):
                _settle(stream, temporary, self._path(digest))
        return digest

    def put_folder(self, path: Path) -> Digest:
        """Keep all files below ``path`` and return what :func:`pipelines.files.digest_folder` says of it."""
        if not path.is_dir():
            raise LedgerError(f"{path} is no folder: there is nothing to keep as evidence")
        return self.put(encode_canonically([[name, self.put_file(file)] for name, file in list_files(path)]))

    def get(self, digest: Digest) -> bytes:
        """Return what stands under ``digest``; raises :class:`LedgerError` where it is missing or altered."""
        self._check(digest)
        return self._path(digest).read_bytes()

    def read_piece(self, digest: Digest, start: int, size: int) -> bytes:
        """Return ``size`` bytes from byte ``start`` on, unchecked: for files whose pieces somebody knows by their own digests.

        Raises :class:`LedgerError` where the file is missing.
        """
        try:
            with self._path(digest).open("rb") as stream:
                stream.seek(start)
                return stream.read(size)
        except FileNotFoundError:
            self._check(digest)
            raise

    def list_folder(self, digest: Digest) -> tuple[Entry, ...]:
        """Return what a folder holds; raises :class:`LedgerError` for a digest that is not a folder's."""
        content = self.get(digest)
        try:
            return _read_list(content)
        except (TypeError, ValueError) as error:
            raise LedgerError(f"the evidence {shorten(digest)} is a file and no folder") from error

    def lay_folder(self, digest: Digest, destination: Path) -> None:
        """Make ``destination`` the folder kept under ``digest``, replacing what is there, whole or not at all.

        Raises :class:`LedgerError` where the folder or a file of it is missing or altered.
        """
        if destination.is_dir() and digest_folder(destination) == digest:
            return
        destination.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=destination.parent, prefix=f".{destination.name}.") as temporary:
            laid = Path(temporary) / "laid"
            laid.mkdir()
            for entry in self.list_folder(digest):
                self.lay_file(entry.digest, laid / entry.name)
            shutil.rmtree(destination, ignore_errors=True)
            laid.rename(destination)

    def lay_file(self, digest: Digest, destination: Path) -> None:
        """Copy what stands under ``digest`` to ``destination``; raises :class:`LedgerError` where it is missing or altered."""
        self._check(digest)
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(self._path(digest), destination)

    def has(self, digest: Digest) -> bool:
        """Tell whether something stands under ``digest``, altered or not."""
        return self._path(digest).is_file()

    def holds_folder(self, digest: Digest) -> bool:
        """Tell whether a folder stands under ``digest``, whole: no file of it is missing or altered."""
        try:
            return all(self.find_problem(entry.digest) is None for entry in self.list_folder(digest))
        except LedgerError:
            return False

    def erase(self, digest: Digest) -> None:
        """Remove what stands under ``digest``, once or again; record it in the ledger, or ``verify`` reports it missing.

        For a folder this removes the list alone: erase the files that :meth:`list_folder` names before it.
        """
        self._path(digest).unlink(missing_ok=True)

    def find_problem(self, digest: Digest) -> str | None:
        """Return ``"missing"`` or ``"altered"``, or ``None`` where what stands under ``digest`` is what it says."""
        try:
            with self._path(digest).open("rb") as stream:
                found = hashlib.file_digest(stream, "sha256").hexdigest()
        except FileNotFoundError:
            return "missing"
        return None if found == digest else "altered"

    def _check(self, digest: Digest) -> None:
        problem = self.find_problem(digest)
        if problem:
            raise LedgerError(f"the evidence {shorten(digest)} is {problem}: `addendum verify` names the events that stand on it")

    def _path(self, digest: Digest) -> Path:
        if not _FORM.fullmatch(digest):
            raise LedgerError(f"{shorten(digest)!r} is no digest: evidence is named by 64 hexadecimal digits")
        return self.root / digest[:2] / digest[2:4] / digest

    @contextmanager
    def _writing(self) -> Iterator[tuple[BinaryIO, Path]]:
        self.root.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self.root, prefix=".")
        try:
            with os.fdopen(handle, "wb") as stream:
                yield stream, Path(name)
        finally:
            Path(name).unlink(missing_ok=True)


def _copy(source: BinaryIO, destination: BinaryIO) -> Digest:
    digest = hashlib.sha256()
    while piece := source.read(PIECE):
        digest.update(piece)
        destination.write(piece)
    return Digest(digest.hexdigest())


def _settle(stream: BinaryIO, temporary: Path, path: Path) -> None:
    """Sync what was written and give it its name; its folder is synced too, since an event may name it a moment later."""
    stream.flush()
    os.fsync(stream.fileno())
    os.fchmod(stream.fileno(), 0o444)
    path.parent.mkdir(parents=True, exist_ok=True)
    os.replace(temporary, path)
    for folder in (path.parent, path.parent.parent, path.parent.parent.parent):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _read_list(content: bytes) -> tuple[Entry, ...]:
    listed = tuple(Entry(name, Digest(held)) for name, held in json.loads(content))
    if content != encode_canonically([[entry.name, entry.digest] for entry in listed]):
        raise ValueError("not in the form that is written")
    for entry in listed:
        parts = PurePosixPath(entry.name).parts
        if not parts or parts[0] == "/" or ".." in parts:
            raise ValueError("a name that leads out of the folder")
    return listed
