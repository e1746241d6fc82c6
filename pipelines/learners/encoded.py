"""Texts as ids, made once: a lesson that is trained again, resumed, or trained by several processes reads them from a file.

The file is Arrow's, read where it lies (memory-mapped), and is named by all that its content follows from (the tokenizer, the
texts in order, how they are cut, the code and the library that cut them) and by the digest of its own bytes. It is only ever a
copy of what can be made again: one that is damaged is made anew, and all of them may be deleted at any time, by others too.
Ids are text: whatever is private in the texts is private in this folder, ``encoded`` beside the checkpoints in the state folder.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pyarrow as pa
from tokenizers import Tokenizer

from pipelines.domain.identities import digest_value
from pipelines.files import digest_file
from pipelines.learners.padding import Ragged
from pipelines.learners.tokenizers import tokenise
from pipelines.workspace import ENCODED

KEPT = 8
"""Files that are kept, those used last: a file for the rows of a lesson, and one for its dev rows."""
_CODE = ("encoded.py", "tokenizers.py")
"""Whoever changes how a text becomes ids changes one of these: what an earlier version wrote is then found no more."""


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
    name = _name(tokenizer, texts, encoding)
    found = _find(cache, name)
    if found is None:
        _write(cache, name, _encode(tokenizer, texts, encoding))
        _drop_oldest(cache)
        found = _find(cache, name)
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
    how = [encoding.limit, encoding.start, encoding.empty]
    code = [digest_file(Path(__file__).with_name(name)) for name in _CODE]
    return digest_value([digest.hexdigest(), *how, *code, version("tokenizers")])


def _find(cache: Path, name: str) -> Ragged | None:
    for file in sorted(cache.glob(f"{name}-*.arrow")):
        try:
            found = _read(file)
        except FileNotFoundError:  # another training has dropped it since it was listed
            continue
        if found is not None:
            return found
        file.unlink(missing_ok=True)
    return None


def _read(file: Path) -> Ragged | None:
    """Return the rows of a file, in place; ``None`` for one that is not what its name says, which is never parsed."""
    if file.name.removesuffix(".arrow").rpartition("-")[2] != digest_file(file):
        return None
    with pa.memory_map(str(file)) as source:
        column = pa.ipc.open_file(source).get_batch(0).column(0)
    os.utime(file)
    return Ragged(ids=column.values.to_numpy(zero_copy_only=True), offsets=column.offsets.to_numpy(zero_copy_only=True))


def _write(cache: Path, name: str, rows: Ragged) -> None:
    cache.mkdir(parents=True, exist_ok=True)
    table = pa.table({"ids": pa.LargeListArray.from_arrays(pa.array(rows.offsets), pa.array(rows.ids))})
    partial = cache / f"{name}.{os.getpid()}.incomplete"
    try:
        with pa.OSFile(str(partial), "wb") as sink, pa.ipc.new_file(sink, table.schema) as writer:
            writer.write_table(table)
        partial.replace(cache / f"{name}-{digest_file(partial)}.arrow")
    finally:
        partial.unlink(missing_ok=True)


def _drop_oldest(cache: Path) -> None:
    files = sorted((_find_age(file), file.name) for file in cache.glob("*.arrow"))
    for _, name in files[:-KEPT]:
        (cache / name).unlink(missing_ok=True)


def _find_age(file: Path) -> int:
    """When a file was used last; 0 for one that another training has dropped since it was listed."""
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
