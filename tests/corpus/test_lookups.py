"""A question that names its documents is answered as the whole corpus would answer it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from pipelines.corpus import logs
from pipelines.corpus.lookups import Arrived, find_standing, list_arrived
from pipelines.domain.identities import DocumentId, DropId, SourceName
from pipelines.domain.revisions import Status
from tests.builders.corpora import build_corpus
from tests.builders.revisions import build_revision

ONE, TWO, THREE = (build_revision(name) for name in ("one", "two", "three"))
AMENDED = build_revision("one", text="Amended.")
FOREIGN = build_revision("one", source=SourceName("pubmed"))
DOCUMENT = DocumentId("one")


def test_a_document_stands_as_its_revision_in_force_whatever_its_source(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE, TWO, FOREIGN), (AMENDED, THREE))
    assert find_standing(corpus, [DOCUMENT]) == [AMENDED, FOREIGN]
    assert find_standing(corpus, [DocumentId("three"), DocumentId("two")]) == [THREE, TWO]


@pytest.mark.parametrize("status", [Status.WITHDRAWN, Status.RETRACTED])
def test_a_document_that_was_ended_stands_as_withdrawn(tmp_path: Path, status: Status) -> None:
    corpus = build_corpus(tmp_path, (ONE,), (replace(ONE, text="", status=status),))
    assert [each.status for each in find_standing(corpus, [DOCUMENT])] == [Status.WITHDRAWN]


def test_a_document_whose_drop_was_taken_out_is_known_and_does_not_stand(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE, TWO), (AMENDED,))
    corpus.withdraw_drop(DropId("drop-2"))
    assert find_standing(corpus, [DOCUMENT]) == [ONE]
    corpus.withdraw_drop(DropId("drop-1"))
    assert [each.status for each in find_standing(corpus, [DOCUMENT])] == [Status.WITHDRAWN]


def test_a_document_that_never_arrived_is_not_known(tmp_path: Path) -> None:
    corpus = build_corpus(tmp_path, (ONE,))
    corpus.withdraw_drop(DropId("drop-1"))
    assert find_standing(corpus, [DocumentId("nobody's"), DocumentId("")]) == []
    assert find_standing(corpus, []) == []
    assert list_arrived(corpus, DocumentId("nobody's")) == []
    assert list_arrived(corpus, DocumentId("")) == []


@pytest.mark.parametrize("is_compacted", [False, True])
def test_every_arrival_of_a_document_is_listed_with_its_drop_and_its_end(tmp_path: Path, *, is_compacted: bool) -> None:
    corpus = build_corpus(tmp_path, (ONE, TWO), (AMENDED, THREE))
    corpus.withdraw_drop(DropId("drop-1"))
    if is_compacted:
        corpus.compact()
    found = list_arrived(corpus, DOCUMENT)
    assert found == [
        Arrived(digest=ONE.digest, source=ONE.source, drop_id="drop-1", ingest_seq=1, taken_out=3),
        Arrived(digest=AMENDED.digest, source=ONE.source, drop_id="drop-2", ingest_seq=2, taken_out=None),
    ]
    assert [one.digest for one in found] == [entry.digest for entry in corpus.arrived(DOCUMENT)]
    assert [[one.stood_at(seq) for seq in range(5)] for one in found] == [
        [False, True, True, False, False],
        [False, False, True, True, True],
    ]


def test_finds_a_row_in_any_row_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "GROUP_ROWS", 7)
    corpus = build_corpus(tmp_path, tuple(build_revision(f"doc-{number:03d}") for number in range(50)))
    table = logs.load_head(corpus.uri, {})
    (file,) = Path(corpus.uri).glob("*.parquet")
    assert pq.read_metadata(file).num_row_groups > 5
    found = logs.find_rows(table, "document_id", ["doc-000", "doc-049", "nobody's"], ["document_id", "title"])
    assert sorted(found["document_id"].to_pylist()) == ["doc-000", "doc-049"]
    assert found.column_names == ["document_id", "title"]
    assert len(logs.find_rows(table, "document_id", ["nobody's"], ["title"])) == 0
