"""What was erased is found in a file of any form: plain, packed, or a table; and nothing is found where nothing is."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from pipelines.domain.identities import Digest
from pipelines.erase.searching import PIECE, Wanted
from pipelines.erase.traces import find_traces
from pipelines.tables import tabulate_entries, write_table
from tests.builders.revisions import build_entry

TEXT = "The patient of ward seven, who was seen twice in March, had an unusual reaction to the tablets of lot 4711."
OTHER = "A notice about labels that were printed in the wrong colour on the outer sleeve of a carton."
OWN = build_entry("own", text=TEXT)
STRANGE = build_entry("strange", text=OTHER)
WANTED = Wanted(find_traces([TEXT], [OTHER]), frozenset({OWN.digest}))


def zip_up(content: bytes) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.txt", content)
    return sink.getvalue()


def tabulate(content: bytes) -> bytes:
    sink = io.BytesIO()
    pq.write_table(pa.table({"names": [["a"], [content.decode()]]}), sink, compression="zstd")
    return sink.getvalue()


def keep_in_database(content: bytes, path: Path) -> bytes:
    with sqlite3.connect(path) as database:
        database.execute("create table notes (note text)")
        database.execute("insert into notes values (?)", (content.decode(),))
    database.close()
    return path.read_bytes()


FORMS: tuple[Callable[[bytes], bytes], ...] = (
    bytes,
    lambda content: json.dumps({"text": content.decode()}).encode(),
    gzip.compress,
    zip_up,
    lambda content: zip_up(gzip.compress(content)),
    tabulate,
)


@pytest.mark.parametrize("form", FORMS)
def test_a_text_is_found_in_any_form_and_another_is_not(form: Callable[[bytes], bytes], tmp_path: Path) -> None:
    for text, is_there in ((TEXT, True), (OTHER, False)):
        content = form(text.encode())
        (tmp_path / "file").write_bytes(content)
        assert WANTED.is_in(content) is is_there
        assert WANTED.is_in_file(tmp_path / "file") is is_there


def test_a_database_is_searched_as_it_lies(tmp_path: Path) -> None:
    assert WANTED.is_in(keep_in_database(TEXT.encode(), tmp_path / "with.db"))
    assert not WANTED.is_in(keep_in_database(OTHER.encode(), tmp_path / "without.db"))


def test_a_row_is_found_by_its_digest_though_its_text_was_cleaned_beyond_recognition(tmp_path: Path) -> None:
    table = tabulate_entries([STRANGE, OWN])
    cleaned = table.set_column(table.column_names.index("text"), "text", pa.array([OTHER, "[NAME] [DATE] [LOT]"]))
    write_table(tmp_path / "cleaned.parquet", cleaned)
    assert WANTED.is_in_file(tmp_path / "cleaned.parquet")
    assert not Wanted(WANTED.traces, frozenset({Digest("f" * 64)})).is_in_file(tmp_path / "cleaned.parquet")


def test_a_row_that_says_nothing_any_more_is_no_find(tmp_path: Path) -> None:
    blank = build_entry("own", text="", title="")
    table = tabulate_entries([STRANGE, blank])
    told = table.set_column(table.column_names.index("digest"), "digest", pa.array([STRANGE.digest, OWN.digest]))
    write_table(tmp_path / "blank.parquet", told)
    assert not WANTED.is_in_file(tmp_path / "blank.parquet")


def test_a_list_of_digests_without_texts_is_no_find(tmp_path: Path) -> None:
    pq.write_table(pa.table({"digest": [OWN.digest], "reason": ["too short"]}), tmp_path / "dropped.parquet")
    assert not WANTED.is_in_file(tmp_path / "dropped.parquet")


@pytest.mark.parametrize("content", [b"", b"PAR1 but no table", b"\x1f\x8b but no gzip", b"PK\x03\x04 but no zip"])
def test_files_that_are_not_what_they_begin_like_are_searched_as_they_are(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    assert not WANTED.is_in_file(tmp_path / "file")
    (tmp_path / "file").write_bytes(content + TEXT.encode())
    assert WANTED.is_in_file(tmp_path / "file")


@pytest.mark.parametrize("before", [0, PIECE - 50, PIECE - 1, PIECE + 7])
def test_a_large_file_is_searched_over_the_seams_of_its_pieces(before: int, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"." * before + TEXT.encode() + b"." * 50)
    assert WANTED.is_in_file(tmp_path / "large")
    (tmp_path / "large").write_bytes(b"." * (before + 500))
    assert not WANTED.is_in_file(tmp_path / "large")


def test_a_file_that_has_gone_holds_nothing(tmp_path: Path) -> None:
    assert not WANTED.is_in_file(tmp_path / "gone")
