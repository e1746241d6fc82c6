"""Which lesson a checkpoint belongs to: an attempt is named by all that its weights depend on, so that no other can take it up.

Nothing here asks for torch, since the stage that ends an attempt may have trained a model that needs none.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pydantic import BaseModel

from pipelines.domain.errors import StageError
from pipelines.domain.identities import Digest, Json, digest_bytes, digest_value
from pipelines.files import digest_file, digest_folder
from pipelines.learners.bases import find_base
from pipelines.learners.protocols import Lesson

LIBRARIES = ("liger-kernel", "numpy", "peft", "tokenizers", "torch", "transformers")
"""What computes a weight; one that is not installed counts too, since its kernels are used as soon as it is."""

_CARRIED = frozenset({"checkpoints", "conduct"})
"""The fields of a lesson that change no weight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One lesson's folder of checkpoints, and the least time between two of them."""

    folder: Path
    seconds: float

    @property
    def name(self) -> str:
        """The digest of all that the weights depend on, device and processes apart."""
        return self.folder.name


def open_attempt(learner: BaseModel, lesson: Lesson) -> Attempt | None:
    """Return where the checkpoints of this lesson are, which may be nowhere yet; ``None`` where none are kept."""
    if lesson.checkpoints is None:
        return None
    root = lesson.conduct.enclosure or lesson.checkpoints
    return Attempt(folder=root / digest_attempt(learner, lesson), seconds=lesson.conduct.checkpoint_seconds)


def enclose_attempts(learner: BaseModel, lesson: Lesson) -> Lesson:
    """Return the lesson with a folder of its own for all attempts at it, so that they can be forgotten."""
    if lesson.checkpoints is None:
        return lesson
    enclosure = lesson.checkpoints / digest_attempt(learner, lesson)
    return replace(lesson, conduct=replace(lesson.conduct, enclosure=enclosure))


def forget_attempts(lesson: Lesson) -> None:
    """Remove the checkpoints of an enclosed lesson that has been learned."""
    if lesson.conduct.enclosure is not None and lesson.conduct.enclosure.is_dir():
        shutil.rmtree(lesson.conduct.enclosure)


def digest_attempt(learner: BaseModel, lesson: Lesson) -> Digest:
    """Return the digest of the learner's parameters, the lesson (rows in their order, champion's weights), the base and the code.

    The device and the number of processes stand in each checkpoint instead.
    """
    given = {field.name: getattr(lesson, field.name) for field in fields(lesson) if field.name not in _CARRIED}
    return digest_value(
        {
            "learner": learner.model_dump(mode="json"),
            "lesson": {name: _describe(value) for name, value in given.items()},
            "base": _digest_base(str(getattr(learner, "base", ""))),
            "code": [[path.name, digest_file(path)] for path in sorted(Path(__file__).parent.glob("*.py"))],
            "libraries": {name: _find_version(name) for name in LIBRARIES},
        }
    )


def _find_version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def _digest_base(base: str) -> Digest | None:
    """A folder may hold other weights tomorrow; a commit of the hub and a network from scratch are what they are called."""
    if not base:
        return None
    found = find_base(base)
    if found.origin == "folder":
        return digest_folder(Path(found.name))
    return digest_file(Path(found.name)) if found.origin == "gguf" else None


def _describe(value: object) -> Json:
    if value is None or isinstance(value, str | int | float | bool):
        return digest_bytes(value.encode()) if isinstance(value, str) else value
    if isinstance(value, Path):
        return digest_folder(value) if value.is_dir() else digest_file(value)
    if isinstance(value, Mapping):
        return [[_describe(key), _describe(inner)] for key, inner in sorted(value.items())]
    if isinstance(value, Sequence):
        return digest_value([_describe(inner) for inner in value])
    if isinstance(value, BaseModel):
        return digest_value(value.model_dump(mode="json"))
    if is_dataclass(value):
        return [_describe(getattr(value, field.name)) for field in fields(value)]
    raise StageError(f"a lesson holds a {type(value).__name__}, which no checkpoint can be named by: make it plain data")
