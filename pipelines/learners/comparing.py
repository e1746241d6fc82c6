"""Two model folders side by side: the same bytes, or how far apart their numbers are. So "recreated" means something exact."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.domain.identities import Digest
from pipelines.files import digest_file

if TYPE_CHECKING:
    import torch

WEIGHTS = ".safetensors"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileMatch:
    """One file of two folders; a digest is ``None`` where the file is missing."""

    name: str
    expected: Digest | None
    found: Digest | None

    @property
    def is_same(self) -> bool:
        """The bytes are the same."""
        return self.expected == self.found


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorDifference:
    """How far one tensor is from the expected one.

    ``absolute`` is max|a - b| over its elements and ``relative`` the same over max|b|, with b the expected one: a measure of the
    whole tensor, since a single weight near zero may differ by any factor and mean nothing. Both are infinite where one of the
    two is missing, has another shape or type, or is not a number.
    """

    file: str
    tensor: str
    absolute: float
    relative: float


def match_files(expected: Path, found: Path) -> tuple[FileMatch, ...]:
    """Return every file of the two folders with both digests, sorted by name."""
    digests = [_digest_files(folder) for folder in (expected, found)]
    names = sorted(digests[0].keys() | digests[1].keys())
    return tuple(FileMatch(name=name, expected=digests[0].get(name), found=digests[1].get(name)) for name in names)


def measure_tensors(expected: Path, found: Path) -> tuple[TensorDifference, ...]:
    """Return the difference of every tensor in the safetensors files that both folders have, the largest first."""
    shared = sorted(_digest_files(expected).keys() & _digest_files(found).keys())
    names = [name for name in shared if name.endswith(WEIGHTS)]
    measured = [difference for name in names for difference in _measure_file(name, expected / name, found / name)]
    return tuple(sorted(measured, key=lambda one: (-one.relative, one.file, one.tensor)))


def _digest_files(folder: Path) -> dict[str, Digest]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != ".gitignore")
    return {path.relative_to(folder).as_posix(): digest_file(path) for path in files}


def _measure_file(name: str, expected: Path, found: Path) -> list[TensorDifference]:
    from safetensors.torch import load_file

    first, second = load_file(expected), load_file(found)
    return [_measure(name, tensor, first.get(tensor), second.get(tensor)) for tensor in sorted(first.keys() | second.keys())]


def _measure(file: str, name: str, expected: torch.Tensor | None, found: torch.Tensor | None) -> TensorDifference:
    import torch

    apart = TensorDifference(file=file, tensor=name, absolute=float("inf"), relative=float("inf"))
    if expected is None or found is None or (expected.shape, expected.dtype) != (found.shape, found.dtype):
        return apart
    if torch.equal(expected, found):
        return TensorDifference(file=file, tensor=name, absolute=0.0, relative=0.0)
    wide = expected.to(torch.float64)
    absolute, largest = float((found.to(torch.float64) - wide).abs().max()), float(wide.abs().max())
    if absolute != absolute:  # noqa: PLR0124  # only what is not a number differs from itself
        return apart
    relative = absolute / largest if largest else float("inf")
    return TensorDifference(file=file, tensor=name, absolute=absolute, relative=relative)
