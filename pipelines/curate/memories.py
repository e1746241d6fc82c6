"""What was signed once is remembered, so that curating a corpus again costs what is new in it and not the whole.

A memory is a folder of segments in the state folder, outside DVC's outputs, which DVC deletes before a stage runs. Each is an
Arrow file, read where it lies (memory-mapped) and named by what its content follows from (the parameters, the code, the
versions of what computes) and by the digest of its own bytes. It changes no result: a file that is missing, damaged or of
another version is not read, and its texts are signed again. It holds no text. A signature is a trace of one all the same, so an
erasure removes the folder as a whole: see :func:`forget_signatures`.
"""

from __future__ import annotations

import hashlib
import logging
import os
import shutil
import unicodedata
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict
from importlib.metadata import version
from mmap import ACCESS_READ, mmap
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from pipelines.curate.bands import Bands
from pipelines.curate.segments import Resemblance, Segment
from pipelines.curate.signatures import DIGEST, SEED
from pipelines.domain.identities import Digest, digest_value
from pipelines.files import digest_file

LOG = logging.getLogger("addendum.stage")
LIBRARIES = ("daft", "numpy", "pyarrow")
_CODE = ("bands.py", "memories.py", "segments.py", "signatures.py")
"""Whoever changes what a segment holds changes one of these: what an earlier version wrote is then found no more."""


class Memory:
    """The segments that are remembered in ``folder`` for what counts as nearly the same; those for anything else are dropped."""

    def __init__(self, folder: Path, resemblance: Resemblance) -> None:
        self._folder = folder
        self._resemblance = resemblance
        self._key = _name(resemblance)

    def recall(self) -> list[Segment]:
        """Return what is remembered, the largest segment first."""
        files = sorted(self._folder.glob(f"{self._key}-*.arrow"))
        found = [segment for segment in map(self._read, files) if segment is not None]
        return sorted(found, key=lambda segment: -len(segment.texts))

    def add(self, segment: Segment) -> None:
        """Remember one more segment."""
        self._write(segment, drop_others=False)

    def replace(self, segment: Segment) -> None:
        """Remember ``segment`` alone."""
        self._write(segment, drop_others=True)

    def _read(self, file: Path) -> Segment | None:
        """Return a segment in place; ``None`` for a file that is not what its name says, which is removed and never parsed."""
        try:
            if file.name.removesuffix(".arrow").rpartition("-")[2] != _digest(file):
                file.unlink(missing_ok=True)
                return None
            with pa.memory_map(str(file)) as source:
                row = pa.ipc.open_file(source).get_batch(0)
        except FileNotFoundError:  # another run has replaced it since it was listed
            return None
        except OSError as error:
            LOG.warning("%s cannot be read (%s): its texts are signed again", file, error.strerror)
            return None
        return _parse(
            {name: column.values for name, column in zip(row.schema.names, row.columns, strict=True)}, self._resemblance
        )

    def _write(self, segment: Segment, *, drop_others: bool) -> None:
        """Write the segment and remove what it makes useless. A folder that cannot be written costs time, and no result."""
        partial = self._folder / f"{self._key}.{os.getpid()}.incomplete"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            with pa.OSFile(str(partial), "wb") as sink, pa.ipc.new_file(sink, (table := _tabulate(segment)).schema) as writer:
                writer.write_table(table)
            written = self._folder / f"{self._key}-{_digest(partial)}.arrow"
            partial.replace(written)
            for file in self._list_useless(written, drop_others=drop_others):
                file.unlink(missing_ok=True)
        except OSError as error:
            LOG.warning("%s cannot be written (%s): the next run will sign these texts again", self._folder, error.strerror)
            with suppress(OSError):  # whoever writes next removes what is left of it
                partial.unlink()

    def _list_useless(self, written: Path, *, drop_others: bool) -> Iterator[Path]:
        """List files of other parameters or versions, what a killed run left half-written, and maybe all but the one written."""
        for file in sorted(self._folder.iterdir()):
            if file != written and (drop_others or not (file.name.startswith(self._key) and file.suffix == ".arrow")):
                yield file


def forget_signatures(folder: Path) -> None:
    """Remove all that is remembered in ``folder`` and below it: an erased text leaves no signature behind."""
    if folder.is_dir():
        shutil.rmtree(folder)


def _digest(file: Path) -> Digest:
    """Return one digest of the digests of a file's halves: a large segment is checked on two cores at once."""
    with file.open("rb") as stream, mmap(stream.fileno(), 0, access=ACCESS_READ) as content, memoryview(content) as whole:
        middle = len(whole) // 2
        with whole[:middle] as left, whole[middle:] as right, ThreadPoolExecutor(2) as cores:
            return digest_value([middle, *(one.hexdigest() for one in cores.map(hashlib.sha256, (left, right)))])


def _name(resemblance: Resemblance) -> Digest:
    code = [digest_file(Path(__file__).with_name(name)) for name in _CODE]
    libraries = [version(name) for name in LIBRARIES]
    return digest_value([asdict(resemblance), SEED, DIGEST, *code, *libraries, unicodedata.unidata_version])


def _tabulate(segment: Segment) -> pa.Table:
    """Return the segment as one row of lists, since its columns differ in length."""
    columns = {
        "texts": segment.texts,
        "forms_of": pa.array(segment.forms_of),
        "forms": segment.forms,
        "signatures": pa.array(segment.signatures.ravel()),
        "keys": pa.array(segment.bands.keys.ravel()),
        "order": pa.array(segment.bands.order.ravel()),
        "near": pa.array(segment.near.ravel()),
    }
    return pa.table({name: _wrap(values) for name, values in columns.items()})


def _wrap(values: pa.Array) -> pa.LargeListArray:
    return pa.LargeListArray.from_arrays(pa.array([0, len(values)], type=pa.int64()), values)


def _parse(columns: dict[str, pa.Array], resemblance: Resemblance) -> Segment:
    def read(name: str) -> NDArray[np.generic]:
        return columns[name].to_numpy(zero_copy_only=True)  # type: ignore[no-any-return]  # Arrow is untyped

    bands = Bands(
        keys=read("keys").reshape(resemblance.bands, -1).view(np.uint64),
        order=read("order").reshape(resemblance.bands, -1).view(np.uint32),
    )
    return Segment(
        texts=columns["texts"],
        forms_of=read("forms_of").view(np.uint32),
        forms=columns["forms"],
        signatures=read("signatures").reshape(-1, resemblance.permutations).view(np.uint32),
        bands=bands,
        near=read("near").reshape(-1, 2).view(np.int64),
    )
