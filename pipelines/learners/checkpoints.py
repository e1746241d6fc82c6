"""A training that was killed goes on where it was: its whole state, written beside the training and never trusted unchecked.

The loop copies its state to the memory of the CPU and goes on; a thread writes the copy under another name, syncs it, and renames
it, so that a checkpoint is whole or is not there. Safetensors and JSON only.
"""

from __future__ import annotations

import logging
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch
from pydantic import TypeAdapter, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import Digest, digest_bytes, digest_value
from pipelines.files import digest_file, read_json, write_bytes, write_json
from pipelines.learners.attempts import Attempt
from pipelines.learners.disks import refuse_full_disk
from pipelines.learners.protocols import Step

LOG = logging.getLogger("addendum.stage")
KEPT = 2
"""The newest may be found damaged; the one before it then still saves most of the time."""

INCOMPLETE = ".incomplete"
_STATE, _CURVE, _ABOUT = "state.safetensors", "curve.json", "checkpoint.json"
_CURVES = TypeAdapter(list[Step])


@dataclass(frozen=True, slots=True, kw_only=True)
class Position:
    """How far a training is: steps done, and the next batch as epoch and place in it. ``micro_tokens`` divides every batch.

    ``device`` and ``processes`` are where it was done: on another device no bit would be the same.
    """

    step: int
    epoch: int
    batch: int
    micro_tokens: int | None
    device: str
    processes: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Everything that the rest of a training depends on: tensors by name (on the CPU), the curve so far, and the position."""

    position: Position
    curve: Sequence[Step]
    tensors: Mapping[str, torch.Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What stands beside the tensors. ``digest`` is that of all the rest."""

    attempt: str
    position: Position
    state: Digest
    curve: Digest
    digest: Digest


class Keeper:
    """Writes checkpoints of one attempt beside the training, one at a time; what goes wrong there is raised in the loop."""

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="checkpoint")
        self._writing: Future[None] | None = None
        self._last = time.monotonic()

    def is_due(self) -> bool:
        """Tell whether the next checkpoint should be taken now; raises what the writing of the last one raised."""
        if self._writing is not None:
            if not self._writing.done():
                return False
            self._writing.result()
        return time.monotonic() - self._last >= self._attempt.seconds

    def keep(self, state: State) -> None:
        """Begin to write ``state``, which nobody may change any more."""
        self._writing = self._thread.submit(write_checkpoint, self._attempt, state)
        self._last = time.monotonic()

    def finish(self) -> None:
        """Wait until what is being written is written, and raise what went wrong."""
        self._thread.shutdown(wait=True)
        if self._writing is not None:
            self._writing.result()

    def leave(self) -> None:
        """Wait for the thread alone: something worse is being raised."""
        self._thread.shutdown(wait=True)


def write_checkpoint(attempt: Attempt, state: State) -> None:
    """Write ``state`` and remove all but the last two; a full disk is refused, and leaves nothing half-written."""
    target = attempt.folder / f"step-{state.position.step:09d}"
    half = target.with_name(target.name + INCOMPLETE)
    shutil.rmtree(half, ignore_errors=True)
    try:
        with refuse_full_disk(target):
            half.mkdir(parents=True)
            _write(half, attempt.name, state)
            shutil.rmtree(target, ignore_errors=True)
            half.rename(target)
            _sync(attempt.folder)
    finally:
        shutil.rmtree(half, ignore_errors=True)  # gone already, unless something failed
    for old in _list(attempt)[KEPT:]:
        shutil.rmtree(old, ignore_errors=True)


def find_checkpoint(attempt: Attempt, device: str) -> State | None:
    """Return the newest checkpoint that is whole and of this attempt and ``device``; others are passed over, with the reason."""
    for folder in _list(attempt):
        try:
            return _read(folder, attempt.name, device)
        except (WorkspaceError, SafetensorError, OSError) as error:
            LOG.warning("train: checkpoint %s is passed over: %s", folder, error)
    return None


def _write(folder: Path, attempt: str, state: State) -> None:
    save_file(dict(state.tensors), folder / _STATE)
    curve = _CURVES.dump_json(list(state.curve))
    write_bytes(folder / _CURVE, curve)
    write_json(folder / _ABOUT, _describe(attempt, state.position, digest_file(folder / _STATE), digest_bytes(curve)))
    for path in (folder / _STATE, folder):
        _sync(path)


def _list(attempt: Attempt) -> list[Path]:
    """The whole checkpoints, newest first."""
    found = attempt.folder.glob("step-*")
    return sorted((path for path in found if path.is_dir() and path.suffix != INCOMPLETE), reverse=True)


def _describe(attempt: str, position: Position, state: Digest, curve: Digest) -> About:
    facts = TypeAdapter(Position).dump_python(position, mode="json")
    digest = digest_value([attempt, facts, state, curve])
    return About(attempt=attempt, position=position, state=state, curve=curve, digest=digest)


def _read(folder: Path, attempt: str, device: str) -> State:
    about = read_json(folder / _ABOUT, About)
    if about != _describe(about.attempt, about.position, about.state, about.curve):
        raise WorkspaceError("its own description is damaged")
    if about.attempt != attempt:
        raise WorkspaceError("it belongs to another lesson")
    if about.position.device != device:
        raise WorkspaceError(f"it was made on {about.position.device}, and this is {device}")
    content = (folder / _CURVE).read_bytes()
    if digest_file(folder / _STATE) != about.state or digest_bytes(content) != about.curve:
        raise WorkspaceError("its content is damaged")
    try:
        return State(position=about.position, curve=_CURVES.validate_json(content), tensors=load_file(folder / _STATE))
    except ValidationError as error:
        raise WorkspaceError("its curve is of another shape") from error


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
