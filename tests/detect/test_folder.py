"""What is a folder's own: it may be missing, hold links, and change while we look."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pydantic import ValidationError

from pipelines.detect.folder import Folder
from pipelines.domain.errors import ResponseError, UnreachableError
from tests.builders.shelves import FolderShelf, build_record, write_lines


@pytest.fixture
def shelf(tmp_path: Path) -> FolderShelf:
    return FolderShelf(tmp_path)


def test_refuses_a_folder_that_is_not_there(shelf: FolderShelf) -> None:
    with pytest.raises(UnreachableError, match="is no folder"):
        Folder(path=shelf.folder / "missing").detect(None, shelf.access)


def test_an_empty_folder_tells_nothing_at_the_first_look(shelf: FolderShelf) -> None:
    detection = shelf.source().detect(None, shelf.access)
    assert (detection.revisions, detection.responses) == ((), ())


def test_a_touched_file_is_not_a_changed_one(shelf: FolderShelf) -> None:
    shelf.put("a.jsonl", write_lines({"document_id": "one", "title": "t", "text": "x"}))
    first = shelf.source().detect(None, shelf.access)
    os.utime(shelf.folder / "a.jsonl", (0, 0))
    assert shelf.source().detect(first.cursor, shelf.access).revisions == ()


def test_an_undated_record_keeps_its_first_date_when_its_file_grows(shelf: FolderShelf) -> None:
    undated = {"document_id": "one", "title": "t", "text": "x"}
    shelf.put("a.jsonl", write_lines(undated))
    os.utime(shelf.folder / "a.jsonl", (86_400, 86_400))
    first = shelf.source().detect(None, shelf.access)
    assert first.revisions[0].published_at.isoformat() == "1970-01-02"
    shelf.put("a.jsonl", write_lines(undated, build_record("two")))
    assert [each.document_id for each in shelf.source().detect(first.cursor, shelf.access).revisions] == ["two"]


def test_does_not_follow_links_out_of_the_folder(tmp_path: Path) -> None:
    outside = tmp_path / "outside.jsonl"
    outside.write_bytes(write_lines(build_record()))
    shelf = FolderShelf(tmp_path / "in")
    shelf.put("a.jsonl", write_lines(build_record("inside")))
    (shelf.folder / "link.jsonl").symlink_to(outside)
    assert [each.document_id for each in shelf.source().detect(None, shelf.access).revisions] == ["inside"]


def test_a_file_cut_short_while_it_is_written_stops_the_source_and_the_next_look_goes_on(shelf: FolderShelf) -> None:
    whole = write_lines(build_record("one"), build_record("two"))
    shelf.put("a.jsonl", whole[: len(whole) - 20])
    with pytest.raises(ResponseError, match=r"a\.jsonl:2"):
        shelf.source().detect(None, shelf.access)
    shelf.put("a.jsonl", whole)
    assert len(shelf.source().detect(None, shelf.access).revisions) == 2


def test_refuses_params_that_do_not_exist() -> None:
    with pytest.raises(ValidationError):
        Folder(path="in", glob="*")  # type: ignore[call-arg, arg-type]
