"""A recipe says how a model was made, so that two models can be compared by what differs in their making, not only in scores.

It names no place, no time and no secret: the same workspace at the same commit gives the same recipe.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pipelines.domain.identities import Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a candidate was made by, beside its documents.

    ``params`` are the domain's sections as dotted names to canonical JSON (``"train.learner.rate": "5e-05"``), without keys.
    ``code`` is the digest of each part of the code that a pure stage runs; ``constraints`` of the exact library versions.
    ``corpus`` is the manifest's digest, ``sources`` the sources with a revision in it, ``ingest_seq`` its last arrival.
    """

    params: Mapping[str, str]
    code: Mapping[str, Digest]
    constraints: Digest
    corpus: Digest
    ingest_seq: int
    sources: tuple[str, ...]
    labels: tuple[str, ...]
