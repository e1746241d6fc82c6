"""Texts as MinHash signatures, made by Daft on as many cores or machines as it is given.

A signature says how much of its runs of words a text shares with another one, and none of the words. It is a trace of the text
all the same: whoever has a text can tell whether its signature is here.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

WORD = re.compile(r"\w+")
_SPACED = str.maketrans({letter: " " for letter in map(chr, range(128)) if not WORD.match(letter)})
SEED = 1
PART = 8_192
"""Texts that are signed together: the piece of work that one core, or one machine of a cluster, is given."""

DIGEST = 16
"""Bytes of a text's digest. At 128 bits nobody finds two texts of one digest by trying (2**64 of them)."""

Signatures = NDArray[np.uint32]
"""One signature a text: texts × permutations."""


def normalise(text: str) -> str:
    """Return the words of ``text`` without case and punctuation: what is compared, never what is kept."""
    if text.isascii():  # the same by a shorter way, which most texts take
        return " ".join(text.lower().translate(_SPACED).split())
    return " ".join(WORD.findall(text.casefold()))


def digest_texts(texts: Sequence[str]) -> pa.FixedSizeBinaryArray:
    """Return the digest of each text."""
    return wrap_digests(b"".join(map(digest_text, texts)))


def digest_text(text: str) -> bytes:
    """Return BLAKE2b (RFC 7693) of a text, ``DIGEST`` bytes long."""
    return hashlib.blake2b(text.encode(errors="surrogatepass"), digest_size=DIGEST).digest()


def wrap_digests(digests: bytes) -> pa.FixedSizeBinaryArray:
    """Return digests that follow each other as a column."""
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(DIGEST), len(digests) // DIGEST, [None, pa.py_buffer(digests)])


def sign(texts: Sequence[str], shingle: int, permutations: int) -> Signatures:
    """Return the MinHash signature of each normalised text over runs of ``shingle`` words; every text has at least one run.

    Broder (1997), *On the resemblance and containment of documents*: two signatures agree in a place with the probability of
    the Jaccard similarity of the two sets of runs.
    """
    signatures: Signatures = np.empty((len(texts), permutations), dtype=np.uint32)
    if not len(texts):
        return signatures
    import daft
    from daft.functions import minhash

    signature = minhash(daft.col("text"), num_hashes=permutations, ngram_size=shingle, seed=SEED, hash_function="xxhash")
    parts = [_tabulate(texts, start) for start in range(0, len(texts), PART)]
    signed = daft.from_arrow(parts).select(daft.col("row"), signature.alias("signature")).to_arrow()
    for batch in signed.to_batches():
        # a slice of a list keeps its parent's values: flatten() heeds the offset, and .values does not
        flat = batch["signature"].flatten().to_numpy(zero_copy_only=False)
        signatures[batch["row"].to_numpy()] = flat.reshape(-1, permutations)
    return signatures


def _tabulate(texts: Sequence[str], start: int) -> pa.Table:
    part = texts[start : start + PART]
    rows = pa.array(np.arange(start, start + len(part)))
    return pa.table({"row": rows, "text": pa.array(part, type=pa.large_string())})
