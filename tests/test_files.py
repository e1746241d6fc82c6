"""Files are written whole or not at all, and the same value gives the same bytes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines import files
from pipelines.domain.errors import WorkspaceError
from pipelines.domain.identities import Digest
from pipelines.domain.pins import CorpusPin, Look, ModelPin, Pin
from pipelines.files import check_folder, digest_folder, read_json, write_bytes, write_json

BUSY = settings(deadline=None, max_examples=60)
"""A busy machine says nothing about a law."""


@dataclass(frozen=True, slots=True)
class Note:
    name: str
    counts: dict[str, int]


@dataclass(frozen=True, slots=True)
class Measure:
    loss: float


DIGESTS = st.text("0123456789abcdef", min_size=64, max_size=64).map(Digest)
PINS = st.builds(
    Pin,
    corpus=st.builds(CorpusPin, id=st.text(), version=st.integers(0), ingest_seq=st.integers(0), manifest_digest=DIGESTS),
    champion=st.none() | st.builds(ModelPin, version=st.integers(1), digest=DIGESTS),
    anchor=st.none() | st.builds(ModelPin, version=st.integers(1), digest=DIGESTS),
    look=st.none()
    | st.builds(Look, generation=st.integers(1), t=st.integers(1), alpha=st.floats(0, 1, allow_nan=False), plan=DIGESTS),
    reason=st.text(),
)


@BUSY
@given(PINS)
def test_a_pin_comes_back_from_disk_as_it_was(tmp_path_factory: pytest.TempPathFactory, pin: Pin) -> None:
    path = tmp_path_factory.mktemp("pin") / "pin.json"
    write_json(path, pin)
    assert read_json(path, Pin) == pin


def test_makes_the_folders_it_needs_and_leaves_no_temporary_file(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a" / "b" / "c.bin", b"\x00\xff")
    assert (tmp_path / "a" / "b" / "c.bin").read_bytes() == b"\x00\xff"
    assert [path.name for path in (tmp_path / "a" / "b").iterdir()] == ["c.bin"]


def test_a_file_is_readable_by_others_whatever_the_temporary_one_was(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a", b"")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("step", ["fsync", "chmod", "replace"])
def test_a_failure_at_any_step_keeps_the_old_file_and_leaves_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    write_bytes(tmp_path / "a", b"old")

    def fail(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(files.os, step, fail)
    with pytest.raises(OSError, match="No space left"):
        write_bytes(tmp_path / "a", b"new")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"a": b"old"}


def test_json_is_sorted_indented_and_ends_with_a_newline(tmp_path: Path) -> None:
    write_json(tmp_path / "a.json", Note("§", {"b": 1, "a": 2}))
    write_json(tmp_path / "b.json", Note("§", {"a": 2, "b": 1}))
    content = (tmp_path / "a.json").read_text(encoding="utf-8")
    assert content == '{\n  "counts": {\n    "a": 2,\n    "b": 1\n  },\n  "name": "§"\n}\n'
    assert (tmp_path / "b.json").read_text(encoding="utf-8") == content


@pytest.mark.parametrize("loss", [float("nan"), float("inf"), -float("inf")])
def test_refuses_a_number_that_json_does_not_have(tmp_path: Path, loss: float) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(tmp_path / "a.json", Measure(loss))
    assert not list(tmp_path.iterdir())


def test_names_the_missing_file_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(WorkspaceError, match=r"pin\.json is missing: run"):
        read_json(tmp_path / "pin.json", Pin)


@pytest.mark.parametrize(
    ("content", "where"), [("{", "content"), ('{"corpus": {"id": 7}}', r"corpus\.id"), ("[]", "content"), ("", "content")]
)
def test_names_the_field_that_is_wrong_and_does_not_quote_it(tmp_path: Path, content: str, where: str) -> None:
    (tmp_path / "pin.json").write_text(content)
    with pytest.raises(WorkspaceError, match=rf"pin\.json: {where}"):
        read_json(tmp_path / "pin.json", Pin)


def fill(folder: Path, contents: dict[str, bytes]) -> Path:
    for name, content in contents.items():
        write_bytes(folder / name, content)
    return folder


CONTENTS = {"a": b"1", "deeper/b": b"2"}


def test_a_folder_has_the_digest_of_its_names_and_contents_alone(tmp_path: Path) -> None:
    first, second = fill(tmp_path / "x", CONTENTS), fill(tmp_path / "y", dict(reversed(CONTENTS.items())))
    before = digest_folder(first)
    assert digest_folder(second) == before
    os.utime(first / "a", (0, 0))
    (first / "a").chmod(0o600)
    (first / ".gitignore").write_text("*")
    (first / "empty").mkdir()
    assert digest_folder(first) == before


@pytest.mark.parametrize(
    "contents",
    [{"a": b"2", "deeper/b": b"2"}, {"a": b"1"}, {"a": b"1", "b": b"2"}, {**CONTENTS, "c": b""}, {"a": b"2", "deeper/b": b"1"}],
    ids=["a changed byte", "a missing file", "a moved file", "an added file", "swapped contents"],
)
def test_a_folder_that_differs_has_another_digest(tmp_path: Path, contents: dict[str, bytes]) -> None:
    assert digest_folder(fill(tmp_path / "x", CONTENTS)) != digest_folder(fill(tmp_path / "y", contents))


def test_an_empty_folder_and_one_that_is_not_there_have_the_same_digest(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    assert digest_folder(tmp_path / "empty") == digest_folder(tmp_path / "missing")


def test_a_folder_that_is_what_its_pin_says_is_let_through_and_any_other_is_not(tmp_path: Path) -> None:
    folder = fill(tmp_path / "x", CONTENTS)
    expected = digest_folder(folder)
    check_folder(folder, expected)
    (folder / "deeper" / "b").write_bytes(b"3")
    with pytest.raises(
        WorkspaceError, match=rf"x is [0-9a-f]{{12}}, and the pin says {expected[:12]}: .*addendum pin DOMAIN --as-is"
    ):
        check_folder(folder, expected)
