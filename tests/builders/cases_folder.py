"""A folder's world for the contract of all sources: two files at first, and then a third and a longer first one."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

from tests.builders.servers import ScriptedServer
from tests.builders.shelves import FolderShelf, build_record, write_lines, write_parquet
from tests.builders.source_cases import SourceCase

FILES_BEFORE = {
    "a.jsonl": write_lines(build_record("one", labels=["x"]), build_record("two", status="retracted", text="")),
    "deeper/b.parquet": write_parquet(build_record("three")),
}
FILES_AFTER = {
    **FILES_BEFORE,
    "a.jsonl": FILES_BEFORE["a.jsonl"] + write_lines(build_record("four")),
    "c.jsonl": write_lines(build_record("five")),
}


def build_case() -> SourceCase:
    folder = Path(tempfile.mkdtemp(prefix="folder-case-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    shelf = FolderShelf(folder)

    def script(_server: ScriptedServer, step: int) -> None:
        for file in folder.rglob("*.*"):
            file.unlink()
        for name, body in (FILES_AFTER if step else FILES_BEFORE).items():
            shelf.put(name, body)

    return SourceCase(
        name="folder",
        source=shelf.source(),
        script=script,
        known=frozenset({"one", "two", "three"}),
        appearing=frozenset({"four", "five"}),
        redelivered=0,
        is_http=False,
    )
