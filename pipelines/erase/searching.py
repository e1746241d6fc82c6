"""Looks for what was erased in a file of any form that the project writes: tables are read, archives are unpacked.

A table is searched by its rows' digests too: a cleaned text may have lost the pieces that it was known by, and its row has not.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from pipelines.domain.identities import Digest
from pipelines.erase.traces import Traces

if TYPE_CHECKING:
    import pyarrow as pa

GZIP, ZIP, PARQUET = b"\x1f\x8b", b"PK\x03\x04", b"PAR1"
NAMES = ("digest", "row_id")
"""Columns that name a row by the digest of its revision."""
TEXTS = ("title", "text", "text_before", "text_in_force", "question")
"""Columns that hold what a revision says."""
PIECE = 1 << 24
DEEPEST = 3
"""Archives within archives."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for: the pieces that give a document away, and the digests of its revisions."""

    traces: Traces
    digests: frozenset[Digest]

    def is_in_file(self, path: Path) -> bool:
        """Tell whether a file holds any of it; an empty one does not, nor one that has gone since."""
        try:
            with path.open("rb") as stream:
                head = stream.read(4)
                if head == PARQUET:
                    return self._is_in_table(path.read_bytes())
                if head[:2] == GZIP or head == ZIP:
                    return self.is_in(path.read_bytes())
                stream.seek(0)
                return self._is_streamed_in(stream)
        except FileNotFoundError:
            return False

    def is_in(self, content: bytes, depth: int = 0) -> bool:
        """Tell whether ``content`` holds any of it, unpacked as often as it was packed (``DEEPEST`` times at most)."""
        if content.startswith(PARQUET) and self._is_in_table(content):
            return True
        if self.traces.are_in(content):
            return True
        return depth < DEEPEST and any(self.is_in(part, depth + 1) for part in _unpack(content))

    def _is_streamed_in(self, stream: BinaryIO) -> bool:
        """Tell whether a file holds any of it, read in pieces that overlap: others may be writing to it."""
        overlap, before = max(map(len, self.traces.needles), default=1), b""
        while piece := stream.read(PIECE):
            window = before + piece
            if self.traces.are_in(window):
                return True
            before = window[-overlap:]
        return False

    def _is_in_table(self, content: bytes) -> bool:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table = pq.read_table(io.BytesIO(content))
        except pa.ArrowInvalid:
            return self.traces.are_in(content)
        return self._is_told(table) or any(self.traces.are_in(cells) for cells in _list_cells(table))

    def _is_told(self, table: pa.Table) -> bool:
        """Tell whether a row of one of the digests still says something."""
        import pyarrow as pa
        import pyarrow.compute as pc

        texts = [name for name in TEXTS if name in table.column_names]
        for name in NAMES:
            if name in table.column_names and texts:
                rows = table.filter(pc.is_in(table[name], value_set=pa.array(sorted(self.digests), table[name].type)))
                if any(pc.any(pc.not_equal(rows[text], "")).as_py() for text in texts):
                    return True
        return False


def _list_cells(table: pa.Table) -> Iterator[bytes]:
    """Yield the strings of each column, those within lists too, as one text."""
    import pyarrow as pa
    import pyarrow.compute as pc

    for column in table.columns:
        flat = column
        while pa.types.is_list(flat.type) or pa.types.is_large_list(flat.type):
            flat = pc.list_flatten(flat)
        if pa.types.is_string(flat.type) or pa.types.is_large_string(flat.type):
            yield "\n".join(cell for cell in flat.to_pylist() if cell).encode()
        elif pa.types.is_binary(flat.type) or pa.types.is_large_binary(flat.type):
            yield b"\n".join(cell for cell in flat.to_pylist() if cell)


def _unpack(content: bytes) -> Iterator[bytes]:
    """Yield what is packed in ``content``; what cannot be unpacked was searched as it is."""
    try:
        if content.startswith(GZIP):
            yield gzip.decompress(content)
        elif content.startswith(ZIP):
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                for member in archive.infolist():
                    yield archive.read(member)
    except (EOFError, OSError, RuntimeError, zipfile.BadZipFile, zlib.error):
        return
