"""A copy of a corpus without certain documents, cut at the arrivals where pins were made: the past as it would have been.

Retrainings that are replayed read it in the corpus's place, with code of any age: it is a corpus like any other.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from pipelines.corpus.tables import Corpus
from pipelines.domain.identities import Digest
from pipelines.domain.pins import CorpusPin


def branch_corpus(corpus: Corpus, uri: str, allowed: Collection[Digest], cuts: Sequence[int]) -> Mapping[int, CorpusPin]:
    """Write the present entries with ``allowed`` digests to a new corpus at ``uri``; return its pin at each arrival of ``cuts``.

    Every entry keeps its arrival and its drop. Raises :class:`~pipelines.domain.errors.CorpusError` where either corpus cannot be
    reached, and ``ValueError`` where ``uri`` holds arrivals already.
    """
    branch = Corpus.open(uri)
    if branch.pin().ingest_seq:
        raise ValueError(f"{uri} is no new corpus")
    entries = [entry for entry in corpus.read() if entry.digest in allowed]
    pins, before = dict[int, CorpusPin](), 0
    for cut in sorted(set(cuts)):
        branch.land([entry for entry in entries if before < entry.ingest_seq <= cut], cut)
        pins[cut], before = branch.pin(), cut
    return pins
