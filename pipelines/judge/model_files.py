"""What a model's folder holds, read without the library that would load it: names, bytes, parameters, and what is wrong.

A file that a library opens can run code when it is a pickle, lie about its offsets, or be something else than its name says. So
each is read here as plain bytes first. The format: https://github.com/huggingface/safetensors#format.
"""

from __future__ import annotations

import json
import math
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter, ValidationError

from pipelines.domain.errors import WorkspaceError

LARGEST_HEADER = 100_000_000
"""The format's own limit, in bytes."""

BITS = {
    **dict.fromkeys(("BOOL", "U8", "I8", "F8_E5M2", "F8_E4M3", "F8_E8M0", "F8_E4M3FNUZ", "F8_E5M2FNUZ"), 8),
    **dict.fromkeys(("U16", "I16", "F16", "BF16"), 16),
    **dict.fromkeys(("U32", "I32", "F32"), 32),
    **dict.fromkeys(("U64", "I64", "F64", "C64"), 64),
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
}
"""Bits of one number, by the format's name of its kind."""

PICKLED = (b"PK\x03\x04", *(bytes((0x80, protocol)) for protocol in range(1, 6)))
"""How a pickle starts, and the archive that torch wraps around one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """One file below a model's folder."""

    name: str
    size: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFiles:
    """A model's folder: its files by name, the parameters that their headers declare, and every problem, naming its file."""

    files: tuple[ModelFile, ...]
    parameters: int
    problems: tuple[str, ...]

    @property
    def size(self) -> int:
        """All bytes on disk."""
        return sum(file.size for file in self.files)


class _Tensor(BaseModel):
    """One entry of a header."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    dtype: str
    shape: list[int] = Field(max_length=64)
    data_offsets: list[int] = Field(min_length=2, max_length=2)


def _drop_notes(header: object) -> object:
    return {name: entry for name, entry in header.items() if name != "__metadata__"} if isinstance(header, dict) else header


_HEADER = TypeAdapter(Annotated[dict[str, _Tensor], BeforeValidator(_drop_notes)])


def read_model_files(folder: Path) -> ModelFiles:
    """Read all below ``folder`` but for ``.gitignore``, which is no part of a model; nothing that is wrong raises.

    A missing or an empty folder is a problem like any other.
    """
    files: list[ModelFile] = []
    problems = ["the folder itself is a link"] if folder.is_symlink() else []
    parameters = 0
    for path in sorted(_walk(folder)):
        name, status = path.relative_to(folder).as_posix(), path.lstat()
        if stat.S_ISREG(status.st_mode):
            files.append(ModelFile(name=name, size=status.st_size))
        try:
            parameters += _inspect(path, status)
        except WorkspaceError as error:
            problems.append(f"{name} {error}")
    if not any(file.name.endswith(".safetensors") for file in files):
        problems.append("the folder holds no weights (*.safetensors)")
    return ModelFiles(files=tuple(files), parameters=parameters, problems=tuple(problems))


def _walk(folder: Path) -> Iterator[Path]:
    """Yield everything but plain folders, and follow no link."""
    for parent, folders, names in os.walk(folder):
        yield from (Path(parent) / name for name in names if name != ".gitignore")
        yield from (Path(parent) / name for name in folders if (Path(parent) / name).is_symlink())


def _inspect(path: Path, status: os.stat_result) -> int:
    """Return the parameters in a file; raises :class:`WorkspaceError` for the first thing that is wrong with it."""
    if stat.S_ISLNK(status.st_mode):
        raise WorkspaceError("is a link")
    if not stat.S_ISREG(status.st_mode):
        raise WorkspaceError("is no plain file")
    if status.st_mode & (stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH):
        raise WorkspaceError("is executable")
    with path.open("rb") as stream:
        if stream.read(4).startswith(PICKLED):
            raise WorkspaceError("starts like a pickle")
    if path.suffix == ".json":
        _parse(path.read_bytes())
        return 0
    if path.suffix == ".safetensors":
        return _count_parameters(path, status.st_size)
    raise WorkspaceError("is neither safetensors nor JSON")


def _count_parameters(path: Path, size: int) -> int:
    with path.open("rb") as stream:
        length = int.from_bytes(stream.read(8), "little")
        if size < 8 or length > min(size - 8, LARGEST_HEADER):
            raise WorkspaceError("has a header longer than the file")
        header = _parse(stream.read(length))
    try:
        tensors = _HEADER.validate_python(header)
    except ValidationError:
        raise WorkspaceError("has a header of another form") from None
    _check_offsets(tensors, size - 8 - length)
    return sum(math.prod(tensor.shape) for tensor in tensors.values())


def _check_offsets(tensors: Mapping[str, _Tensor], size: int) -> None:
    """Raise unless the tensors, each as long as its shape says, fill the rest of the file without gap or overlap."""
    for tensor in tensors.values():
        start, end = tensor.data_offsets
        if tensor.dtype not in BITS or min(tensor.shape, default=0) < 0:
            raise WorkspaceError("declares a tensor of an unknown kind")
        if 8 * (end - start) != BITS[tensor.dtype] * math.prod(tensor.shape):
            raise WorkspaceError("declares a tensor of another length than its shape")
    edges = [[0, 0], *sorted(tensor.data_offsets for tensor in tensors.values()), [size, size]]
    if any(before[1] != after[0] for before, after in pairwise(edges)):
        raise WorkspaceError("has tensors that leave gaps, overlap or reach beyond its end")


def _parse(content: bytes) -> Any:  # noqa: ANN401  # JSON is whatever it is
    try:
        return json.loads(content, object_pairs_hook=_refuse_doubles)
    except (ValueError, RecursionError):  # a UnicodeDecodeError is a ValueError
        raise WorkspaceError("is not JSON") from None


def _refuse_doubles(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Two readers may take different ones of two entries of one name."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise WorkspaceError("names an entry twice")
    return found
