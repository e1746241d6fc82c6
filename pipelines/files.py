"""Nouns to and from disk, atomically: a reader sees the old file or the new one, never half of either.

JSON is written sorted and indented with a final newline, so that the same value gives the same bytes and a diff reads well.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import Digest, digest_value, shorten

Noun = TypeVar("Noun")


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` to a temporary file beside ``path``, sync it, and rename it over ``path``."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    finally:
        Path(temporary).unlink(missing_ok=True)  # gone already, unless something failed


def write_json(path: Path, noun: object) -> None:
    """Write a dataclass, a pydantic model or plain data as JSON; the same value gives the same bytes."""
    plain = TypeAdapter(type(noun)).dump_python(noun, mode="json")
    write_bytes(path, (json.dumps(plain, sort_keys=True, indent=2, ensure_ascii=False, allow_nan=False) + "\n").encode())


def read_json(path: Path, kind: type[Noun]) -> Noun:
    """Read what :func:`write_json` wrote, as ``kind``; raises :class:`WorkspaceError` naming the file and the field."""
    try:
        return TypeAdapter(kind).validate_json(path.read_bytes())
    except FileNotFoundError as error:
        raise WorkspaceError(f"{path} is missing: run the stage that makes it (`dvc repro`), or `addendum pin`") from error
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise WorkspaceError(f"{path}: {where or 'content'}: {first['msg']}") from error


def digest_folder(folder: Path) -> Digest:
    """Return one digest over the names and contents of all files below ``folder``, whatever their times and modes."""
    return digest_value([[name, digest_file(path)] for name, path in list_files(folder)])


def list_files(folder: Path) -> list[tuple[str, Path]]:
    """Return all files below ``folder`` that its digest counts, in the order in which it does, by name and path."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ".gitignore")
    return [(path.relative_to(folder).as_posix(), path) for path in files]


def check_folder(folder: Path, expected: Digest) -> None:
    """Raise :class:`WorkspaceError` when the folder is not what its pin says: nothing of an altered model is read."""
    found = digest_folder(folder)
    if found != expected:
        problem = (
            f"{folder} is {shorten(found)}, and the pin says {shorten(expected)}: a file in it was altered, added or removed"
        )
        raise WorkspaceError(f"{problem}; lay it out again with `addendum pin DOMAIN --as-is`, or let the flow retrain")


def digest_file(path: Path) -> Digest:
    """Return the digest of one file's content, which may be larger than memory."""
    with path.open("rb") as stream:
        return Digest(hashlib.file_digest(stream, "sha256").hexdigest())
