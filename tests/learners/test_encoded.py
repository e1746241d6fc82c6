"""Encoded texts: the same with the file, without it, and after it was damaged."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Tokenizer

from pipelines.learners import encoded
from pipelines.learners.encoded import Encoding, encode_rows, find_cache
from pipelines.learners.tokenizers import tokenise, train_tokenizer
from pipelines.workspace import Home
from tests.builders.lessons import build_documents

TEXTS = [*(document.text for document in build_documents(20)), ""]
TOKENIZER = train_tokenizer(TEXTS, "tiny")
ENCODING = Encoding(limit=6, start=0, empty=3)


def encode(cache: Path | None, encoding: Encoding = ENCODING, tokenizer: Tokenizer = TOKENIZER) -> list[list[int]]:
    return [row.tolist() for row in encode_rows(tokenizer, TEXTS, encoding, cache)]


def spoil(file: Path, content: bytes) -> None:
    file.unlink()
    file.write_bytes(content)


def test_rows_are_what_the_tokenizer_says_after_the_start(tmp_path: Path) -> None:
    expected = [[0, *(row.ids or (3,))] for row in tokenise(TOKENIZER, TEXTS, 5)]
    assert encode(None) == encode(tmp_path) == encode(tmp_path) == expected
    assert max(len(row) for row in expected) == 6


def test_a_file_is_read_again_where_it_lies(tmp_path: Path) -> None:
    encode(tmp_path)
    (file,) = tmp_path.iterdir()
    written = file.stat().st_ino
    rows = encode_rows(TOKENIZER, TEXTS, ENCODING, tmp_path)
    assert file.stat().st_ino == written
    assert not rows.ids.flags.owndata
    assert not rows.ids.flags.writeable


def test_the_same_texts_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        encode(tmp_path / name)
    first, second = (next((tmp_path / name).iterdir()) for name in ("one", "two"))
    assert first.name == second.name
    assert first.read_bytes() == second.read_bytes()


def test_whatever_the_ids_follow_from_names_another_file(tmp_path: Path) -> None:
    encode(tmp_path)
    for changed in (Encoding(limit=5, start=0, empty=3), Encoding(limit=6, empty=3), Encoding(limit=6, start=0)):
        encode(tmp_path, changed)
    encode(tmp_path, tokenizer=train_tokenizer(["another"], "tiny"))
    encode_rows(TOKENIZER, [TEXTS[0] + TEXTS[1], *TEXTS[2:]], ENCODING, tmp_path)
    encode_rows(TOKENIZER, TEXTS[::-1], ENCODING, tmp_path)
    assert len(list(tmp_path.iterdir())) == 7


@pytest.mark.parametrize("changed", ["library", "code"])
def test_what_another_version_wrote_is_not_read(changed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    encode(tmp_path)
    if changed == "library":
        monkeypatch.setattr(encoded, "version", lambda _: "0.0.1")
    else:
        code = tmp_path / "code"
        code.mkdir()
        for name in ("encoded.py", "tokenizers.py"):
            (code / name).write_bytes(Path(encoded.__file__).with_name(name).read_bytes() + b"#")
        monkeypatch.setattr(encoded, "__file__", str(code / "encoded.py"))
    encode(tmp_path)
    assert len(list(tmp_path.glob("*.arrow"))) == 2


def test_a_file_that_another_training_drops_meanwhile_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    expected, listed = encode(tmp_path), Path.glob

    def list_and_drop(folder: Path, pattern: str) -> list[Path]:
        found = list(listed(folder, pattern))
        for file in found:
            file.unlink()
        return found

    monkeypatch.setattr(Path, "glob", list_and_drop)
    assert encode(tmp_path) == expected


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_file_that_was_cut_is_made_anew(tmp_path: Path, share: float) -> None:
    expected = encode(tmp_path)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    spoil(file, whole[: int(share * len(whole))])
    assert encode(tmp_path) == expected
    assert file.read_bytes() == whole


def test_a_flipped_byte_anywhere_changes_no_row(tmp_path: Path) -> None:
    expected = encode(tmp_path)
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    for place in np.linspace(0, len(whole) - 1, 80, dtype=int).tolist():
        spoil(file, whole[:place] + bytes([whole[place] ^ 0x41]) + whole[place + 1 :])
        assert encode(tmp_path) == expected


def test_nothing_half_written_is_left_or_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="No space"):
        encode(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_only_the_files_used_last_are_kept(tmp_path: Path) -> None:
    for limit in range(2, 2 + encoded.KEPT):
        encode(tmp_path, Encoding(limit=limit))
    files = sorted(tmp_path.iterdir(), key=lambda file: file.stat().st_mtime_ns)
    for age, file in enumerate(files):
        os.utime(file, (age, age))
    encode(tmp_path, Encoding(limit=2))
    encode(tmp_path, Encoding(limit=99))
    left = set(tmp_path.iterdir())
    assert len(left) == encoded.KEPT
    assert files[0] in left
    assert files[1] not in left


def test_no_texts_and_no_cache_write_nothing(tmp_path: Path) -> None:
    assert len(encode_rows(TOKENIZER, [], ENCODING, tmp_path)) == 0
    assert list(tmp_path.iterdir()) == []
    assert find_cache(None) is None


def test_the_folder_is_the_one_that_the_workspace_names(tmp_path: Path) -> None:
    home = Home(tmp_path)
    assert find_cache(home.checkpoints) == home.encoded
