"""Real regulations, paragraph by paragraph and version by version, from a folder through the corpus into a snapshot."""

from __future__ import annotations

import gzip
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from pipelines.corpus.tables import Corpus
from pipelines.domain.drops import Cursor
from pipelines.domain.identities import DropId
from pipelines.domain.revisions import Status
from pipelines.settings import Settings
from pipelines.snapshot.snapshots import take_snapshot
from pipelines.tables import ENTRY_SCHEMA, read_entries, read_table
from tests.builders.corpora import build_corpus, lay_pin
from tests.builders.shelves import FolderShelf, write_lines

VERSIONS = Settings().data / "cfpb_revisions" / "paragraph_versions.jsonl.gz"

pytestmark = [pytest.mark.data, pytest.mark.skipif(not VERSIONS.is_file(), reason="the folder of real data is absent")]


def read_versions() -> dict[str, list[dict[str, Any]]]:
    """Return the records of each year of publication."""
    by_year: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    with gzip.open(VERSIONS, "rt", encoding="utf-8") as lines:
        for version in map(json.loads, lines):
            by_year[version["published"][:4]].append(
                {
                    "document_id": f"{version['part']} {version['label']}",
                    "family_id": str(version["part"]),
                    "title": str(version["label"]),
                    "text": version["text"],
                    "published_at": version["published"],
                    "effective_from": version["effective"],
                    "licence": "US government work",
                }
            )
    return by_year


def land_years(corpus: Corpus, shelf: FolderShelf, by_year: dict[str, list[dict[str, Any]]]) -> int:
    """Lay a file a year, look after each, and append what the look found; return how many revisions were told."""
    cursor: Cursor | None = None
    told = 0
    for year in sorted(by_year):
        shelf.put(f"{year}.jsonl", write_lines(*(record for record in by_year[year] if record["text"].strip())))
        detection = shelf.source().detect(cursor, shelf.access)
        cursor, told = detection.cursor, told + len(detection.revisions)
        corpus.append(DropId(year), detection.revisions)
    return told


def test_every_amended_paragraph_has_one_version_in_force_and_its_history(tmp_path: Path) -> None:
    by_year = read_versions()
    corpus = build_corpus(tmp_path)
    told = land_years(corpus, FolderShelf(tmp_path / "in"), by_year)
    folder = lay_pin(tmp_path, corpus.pin())
    manifest = take_snapshot(folder, corpus)
    entries = read_entries(read_table(folder.snapshot / "revisions.parquet", ENTRY_SCHEMA))
    paragraphs = {record["document_id"] for records in by_year.values() for record in records if record["text"].strip()}
    assert manifest.entries == told == len(entries)
    assert manifest.by_status["active"] == len(paragraphs)
    assert manifest.by_status["superseded"] == told - len(paragraphs) > 300
    in_force = {entry.revision.document_id for entry in entries if entry.revision.status is Status.ACTIVE}
    assert in_force == paragraphs
