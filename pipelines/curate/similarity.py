"""Finds texts that are nearly the same: MinHash signatures, banded, with every candidate pair verified (sole importer of Daft).

With 128 permutations in 16 bands of 8, a pair of Jaccard similarity .85 becomes a candidate with probability .994, one of
.75 with .82 and one of .6 with .24 (1 - (1 - J**8)**16); the estimate from the whole signature, whose standard error
is at most .044, then decides. Without that verification a third of the pairs at .6 would be merged.
Daft runs the same plan on its native runner, which it uses unless it is told of a cluster, or on Ray.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from daft import DataFrame

WORD = re.compile(r"\w+")
SEED = 1
CHUNK = 65_536
"""Pairs compared at once: 64 MiB of signatures."""

Signatures = NDArray[np.uint32]
"""One signature a text: texts × permutations."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resemblance:
    """What counts as nearly the same: Jaccard similarity over runs of ``shingle`` words, estimated, at least ``threshold``."""

    shingle: int
    bands: int
    rows: int
    threshold: float

    @property
    def permutations(self) -> int:
        """The length of a signature."""
        return self.bands * self.rows


def normalise(text: str) -> str:
    """Return the words of ``text`` without case and punctuation: what is compared, never what is kept."""
    return " ".join(WORD.findall(text.casefold()))


def find_resembling(texts: Sequence[str], resemblance: Resemblance) -> list[tuple[int, int]]:
    """Return the pairs (smaller position first, sorted) of normalised, distinct ``texts`` that are nearly the same.

    Texts of fewer words than a shingle have no shingle to compare by and resemble nothing.
    """
    positions = [position for position, text in enumerate(texts) if text.count(" ") + 1 >= resemblance.shingle]
    if len(positions) < 2:
        return []
    signed = _sign([texts[position] for position in positions], resemblance)
    signatures = _read_signatures(signed, resemblance.permutations)
    pairs = _find_candidates(signed, resemblance)
    near = [pair for chunk in _split(pairs) for pair in _verify(chunk, signatures, resemblance.threshold)]
    return sorted((positions[left], positions[right]) for left, right in near)


def _sign(texts: Sequence[str], resemblance: Resemblance) -> DataFrame:
    import daft
    from daft.functions import minhash

    signature = minhash(
        daft.col("text"),
        num_hashes=resemblance.permutations,
        ngram_size=resemblance.shingle,
        seed=SEED,
        hash_function="xxhash",
    )
    rows = daft.from_pydict({"row": list(range(len(texts))), "text": list(texts)})
    return rows.select(daft.col("row"), signature.alias("signature")).collect()


def _read_signatures(signed: DataFrame, permutations: int) -> Signatures:
    table = signed.to_arrow()
    flat = table["signature"].combine_chunks().values.to_numpy(zero_copy_only=False)
    signatures: Signatures = np.empty((table.num_rows, permutations), dtype=np.uint32)
    signatures[table["row"].to_numpy()] = flat.reshape(-1, permutations)
    return signatures


def _find_candidates(signed: DataFrame, resemblance: Resemblance) -> NDArray[np.int64]:
    """Return the pairs that agree wholly in at least one band: pairs × 2."""
    from daft import col, lit
    from daft.functions import hash as hash_value

    def cut(band: int) -> DataFrame:
        start = band * resemblance.rows
        key = hash_value(col("signature").slice(start, start + resemblance.rows))
        return signed.select(col("row"), lit(band).alias("band"), key.alias("key"))

    left = reduce(lambda whole, part: whole.concat(part), [cut(band) for band in range(resemblance.bands)])
    right = left.select(col("row").alias("other"), col("band"), col("key"))
    pairs = left.join(right, on=["band", "key"]).where(col("row") < col("other")).select("row", "other").distinct().to_arrow()
    return np.column_stack([pairs["row"].to_numpy(), pairs["other"].to_numpy()]).astype(np.int64)


def _split(pairs: NDArray[np.int64]) -> Iterator[NDArray[np.int64]]:
    for start in range(0, len(pairs), CHUNK):
        yield pairs[start : start + CHUNK]


def _verify(pairs: NDArray[np.int64], signatures: Signatures, threshold: float) -> list[tuple[int, int]]:
    agreement = (signatures[pairs[:, 0]] == signatures[pairs[:, 1]]).mean(axis=1)
    return [(int(left), int(right)) for left, right in pairs[agreement >= threshold]]
