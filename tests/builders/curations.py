"""Rows, snapshots and texts of a known similarity, for whatever curates and splits."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from pipelines.curate.rows import Row, enter
from pipelines.domain.identities import Digest
from pipelines.domain.pins import FIRST_GENERATION, CorpusPin, Generation, Pin
from pipelines.domain.revisions import Entry, Status
from pipelines.files import write_json
from pipelines.tables import CURATED_SCHEMA, tabulate_entries, write_table
from pipelines.workspace import DomainFolder
from tests.builders.revisions import build_entry

SHINGLE = 3


def build_row(document: str = "doc-1", **fields: Any) -> Row:
    return enter(build_entry(document, **fields))


def build_superseded(document: str = "doc-1", **fields: Any) -> Entry:
    return build_entry(document, **{"status": Status.SUPERSEDED, **fields})


def lay_snapshot(root: Path, entries: Sequence[Entry]) -> DomainFolder:
    folder = DomainFolder(root)
    write_table(folder.snapshot / "revisions.parquet", tabulate_entries(entries))
    return folder


def lay_curated(
    root: Path, entries: Sequence[Entry], clusters: Iterable[str] | None = None, generation: Generation = FIRST_GENERATION
) -> DomainFolder:
    """What ``split`` reads, as a curation that drops nothing leaves it."""
    folder = lay_snapshot(root, entries)
    corpus = CorpusPin(id="corpus", version=1, ingest_seq=9, manifest_digest=Digest("c" * 64))
    write_json(folder.pin, Pin(corpus=corpus, champion=None, anchor=None, look=None, reason="a test", generation=generation))
    names = list(clusters) if clusters is not None else [entry.digest for entry in entries]
    table = tabulate_entries(entries).append_column(CURATED_SCHEMA.field("cluster_id"), pa.array(names, type=pa.string()))
    write_table(folder.curated / "documents.parquet", table)
    return folder


def invent_words(seed: int, count: int = 302) -> list[str]:
    """Return words that occur once each, so that similarity can be told exactly."""
    return [f"w{seed}x{position}" for position in range(count)]


def vary(words: Sequence[str], swaps: int, seed: int = 0) -> list[str]:
    """Return ``words`` with ``swaps`` of them replaced, far enough apart for each to cost ``SHINGLE`` shingles."""
    places = random.Random(seed).sample(range(SHINGLE, len(words) - SHINGLE, SHINGLE), swaps)
    return [f"{word}swapped{seed}" if position in places else word for position, word in enumerate(words)]


def compare(left: Sequence[str], right: Sequence[str]) -> float:
    """Return the true Jaccard similarity of two texts over runs of ``SHINGLE`` words."""
    first, second = _shingles(left), _shingles(right)
    return len(first & second) / len(first | second)


def _shingles(words: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(words[start : start + SHINGLE]) for start in range(len(words) - SHINGLE + 1)}
