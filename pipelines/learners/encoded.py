"""Texts as ids, made once: a lesson that is trained again, resumed, or trained by several processes reads them from a file.

The file is Arrow's, read where it lies (memory-mapped), and is named by all that its content follows from: the tokenizer, the
texts in order, and how they are cut. It is only ever a copy of what can be made again: one that is damaged is made anew, and all
of them may be deleted at any time. Ids are text: whatever is private in the texts is private in this folder, which is named
``encoded`` beside the checkpoints in the state folder, and goes when they go.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from tokenizers import Tokenizer

from pipelines.domain.identities import digest_value
from pipelines.learners.padding import Ragged
from pipelines.learners.tokenizers import tokenise
from pipelines.workspace import ENCODED

KEPT = 8
"""Files that are kept, those used last: a file for the rows of a lesson, and one for its dev rows."""
_FORM = 1
_DIGEST = b"addendum.digest"


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoding:
    """How texts become rows: at most ``limit`` ids, ``start`` before all others, and ``empty`` for a text that has none."""

    limit: int
    start: int | None = None
    empty: int | None = None


def find_cache(checkpoints: Path | None) -> Path | None:
    """Return the folder of encoded texts beside that of the checkpoints; ``None`` where nothing is to be kept."""
    return None if checkpoints is None else checkpoints.parent / ENCODED


def encode_rows(tokenizer: Tokenizer, texts: Sequence[str], encoding: Encoding, cache: Path | None) -> Ragged:
    """Return the ids of ``texts``, read from ``cache`` where they lie there undamaged, else made and laid there."""
    if cache is None or not texts:
        return _encode(tokenizer, texts, encoding)
    file = cache / f"{_name(tokenizer, texts, encoding)}.arrow"
    found = _read(file)
    if found is None:
        _write(file, _encode(tokenizer, texts, encoding))
        _drop_oldest(cache)
        found = _read(file)
    if found is None:  # another process may have dropped it since
        return _encode(tokenizer, texts, encoding)
    return found


def _encode(tokenizer: Tokenizer, texts: Sequence[str], encoding: Encoding) -> Ragged:
    start = () if encoding.start is None else (encoding.start,)
    empty = () if encoding.empty is None else (encoding.empty,)
    rows = [(*start, *(tokens.ids or empty)) for tokens in tokenise(tokenizer, texts, encoding.limit - len(start))]
    offsets = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum([len(row) for row in rows], out=offsets[1:])
    ids = np.fromiter((one for row in rows for one in row), dtype=np.int32, count=int(offsets[-1]))
    return Ragged(ids=ids, offsets=offsets)


def _name(tokenizer: Tokenizer, texts: Sequence[str], encoding: Encoding) -> str:
    digest = hashlib.sha256(tokenizer.to_str(pretty=False).encode())
    for text in texts:
        content = text.encode(errors="surrogatepass")
        digest.update(len(content).to_bytes(8, "big") + content)
    how = [_FORM, encoding.limit, encoding.start, encoding.empty]
    return digest_value([digest.hexdigest(), *how])


def _digest(ids: bytes, offsets: bytes) -> bytes:
    return hashlib.sha256(len(ids).to_bytes(8, "big") + ids + offsets).hexdigest().encode()


def _write(file: Path, rows: Ragged) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    column = pa.LargeListArray.from_arrays(pa.array(rows.offsets), pa.array(rows.ids))
    metadata = {_DIGEST: _digest(rows.ids.tobytes(), rows.offsets.tobytes())}
    table = pa.table([column], schema=pa.schema([("ids", column.type)], metadata=metadata))
    partial = file.with_name(f"{file.name}.{os.getpid()}.incomplete")
    try:
        with pa.OSFile(str(partial), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)


def _read(file: Path) -> Ragged | None:
    """Return the rows of a file, in place; ``None`` for one that is missing or damaged."""
    try:
        with pa.ipc.open_file(pa.memory_map(str(file))) as reader:
            column = reader.get_batch(0).column(0)
            expected = (reader.schema.metadata or {}).get(_DIGEST)
        rows = Ragged(ids=column.values.to_numpy(zero_copy_only=True), offsets=column.offsets.to_numpy(zero_copy_only=True))
    except (OSError, pa.ArrowInvalid, IndexError, AttributeError):
        return None
    if _digest(rows.ids.tobytes(), rows.offsets.tobytes()) != expected:
        return None
    os.utime(file)
    return rows


def _drop_oldest(folder: Path) -> None:
    files = sorted(folder.glob("*.arrow"), key=lambda file: (file.stat().st_mtime_ns, file.name))
    for file in files[:-KEPT]:
        file.unlink(missing_ok=True)
