"""A snapshot is the corpus at the pin with statuses resolved, and the same bytes whenever it is taken."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from pipelines.domain.errors import CorpusError, StageError, WorkspaceError
from pipelines.domain.identities import Digest, DropId, digest_bytes
from pipelines.domain.revisions import Status
from pipelines.files import digest_folder, read_json
from pipelines.snapshot.snapshots import SnapshotManifest, check_digests, take_snapshot
from pipelines.tables import ENTRY_SCHEMA, read_entries, read_table
from pipelines.workspace import DomainFolder
from tests.builders.corpora import build_corpus, lay_pin
from tests.builders.revisions import build_entry, build_revision

OLD = build_revision("rule", effective_from=date(2026, 1, 1))
NEW = build_revision("rule", effective_from=date(2026, 2, 1), text="The rule as it was amended.")
GONE = build_revision("gone")
TOMBSTONE = build_revision("gone", title="", text="", status=Status.WITHDRAWN)


def statuses(folder: DomainFolder) -> list[tuple[str, int, str]]:
    entries = read_entries(read_table(folder.snapshot / "revisions.parquet", ENTRY_SCHEMA))
    return [(entry.revision.document_id, entry.ingest_seq, entry.revision.status.value) for entry in entries]


def test_resolves_the_status_of_every_entry(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (OLD, GONE), (NEW, TOMBSTONE))
    folder = lay_pin(tmp_path, corpus.pin())
    take_snapshot(folder, corpus)
    assert statuses(folder) == [
        ("gone", 1, "withdrawn"),
        ("gone", 2, "withdrawn"),
        ("rule", 1, "superseded"),
        ("rule", 2, "active"),
    ]


def test_the_manifest_says_where_it_is_from_and_what_it_holds(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (OLD, GONE), (NEW, TOMBSTONE, build_revision("paper", source="pubmed")))
    folder = lay_pin(tmp_path, corpus.pin())
    manifest = take_snapshot(folder, corpus)
    assert manifest == read_json(folder.snapshot / "manifest.json", SnapshotManifest)
    assert manifest.corpus == corpus.pin()
    assert manifest.entries == 5
    assert manifest.by_status == {"active": 2, "superseded": 1, "withdrawn": 2, "retracted": 0, "erased": 0}
    assert manifest.by_source == {"folder": 4, "pubmed": 1}
    assert manifest.table_digest == digest_bytes((folder.snapshot / "revisions.parquet").read_bytes())


def test_the_same_pin_gives_the_same_bytes_whatever_came_since(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (OLD, GONE))
    folder = lay_pin(tmp_path, corpus.pin())
    take_snapshot(folder, corpus)
    before = digest_folder(folder.snapshot)
    corpus.append(DropId("later"), [NEW])
    corpus.withdraw_drop(DropId("drop-1"))
    take_snapshot(folder, corpus)
    assert digest_folder(folder.snapshot) == before


def test_the_order_of_rows_in_a_drop_changes_no_byte_of_the_table(tmp_path: Path) -> None:
    tables = set()
    for name, revisions in (("a", (OLD, GONE, NEW)), ("b", (NEW, OLD, GONE))):
        corpus = build_corpus(tmp_path / name, revisions)
        tables.add(take_snapshot(lay_pin(tmp_path / name, corpus.pin()), corpus).table_digest)
    assert len(tables) == 1


def test_a_withdrawn_drop_is_not_in_it(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (OLD,), (NEW,))
    corpus.withdraw_drop(DropId("drop-2"))
    folder = lay_pin(tmp_path, corpus.pin())
    take_snapshot(folder, corpus)
    assert statuses(folder) == [("rule", 1, "active")]


def test_an_empty_corpus_gives_an_empty_table_of_the_right_columns(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path)
    folder = lay_pin(tmp_path, corpus.pin())
    assert take_snapshot(folder, corpus).entries == 0
    assert statuses(folder) == []


def test_refuses_a_workspace_without_a_pin(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"pin\.json is missing"):
        take_snapshot(DomainFolder(tmp_path), build_corpus(tmp_path))


def test_refuses_a_tampered_pin_and_writes_nothing(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (OLD,))
    folder = lay_pin(tmp_path, replace(corpus.pin(), manifest_digest=Digest("f" * 64)))
    with pytest.raises(CorpusError):
        take_snapshot(folder, corpus)
    assert not folder.snapshot.exists()


def test_refuses_an_entry_that_is_not_what_its_digest_says() -> None:
    forged = replace(build_entry("rule"), digest=Digest("f" * 64))
    with pytest.raises(StageError, match="document rule: its content is not what its digest says") as refusal:
        check_digests([build_entry("other"), forged])
    assert forged.revision.text not in str(refusal.value)


def test_what_was_erased_is_not_held_to_its_digest() -> None:
    check_digests([replace(build_entry("rule", text="", status=Status.ERASED), digest=Digest("f" * 64))])
