"""What is kept by its digest comes back as it was, or not at all."""

from __future__ import annotations

import os
import stat
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipelines.domain.errors import LedgerError
from pipelines.domain.identities import Digest, digest_bytes, digest_value
from pipelines.files import digest_folder
from pipelines.ledger.evidence import Entry, EvidenceStore

NAMES = st.lists(st.sampled_from(["a", "b", "a.b", "a-b", "ü", "A", "0", "model.json"]), min_size=1, max_size=3).map(tuple)


@pytest.fixture
def store(tmp_path: Path) -> EvidenceStore:
    return EvidenceStore(tmp_path / "evidence")


def place_of(store: EvidenceStore, digest: Digest) -> Path:
    return store.root / digest[:2] / digest[2:4] / digest


def alter(store: EvidenceStore, digest: Digest) -> None:
    path = place_of(store, digest)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(bytes(content))


def build_folder(folder: Path) -> Path:
    (folder / "deep" / "er").mkdir(parents=True)
    (folder / "model.json").write_text("{}")
    (folder / "deep" / "weights").write_bytes(bytes(range(256)) * 9000)
    (folder / "deep" / "er" / "empty").touch()
    (folder / ".gitignore").write_text("/model")
    return folder


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300))
def test_whatever_is_put_comes_back_by_its_digest(store: EvidenceStore, content: bytes) -> None:
    digest = store.put(content)
    assert digest == digest_bytes(content)
    assert store.has(digest)
    assert store.get(digest) == content
    assert store.find_problem(digest) is None


def test_a_file_and_its_bytes_are_one_piece_of_evidence(store: EvidenceStore, tmp_path: Path) -> None:
    path = tmp_path / "scores.json"
    path.write_bytes(os.urandom(3 << 20))
    assert store.put_file(path) == store.put(path.read_bytes())
    assert len([found for found in store.root.rglob("*") if found.is_file()]) == 1


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(files=st.dictionaries(NAMES, st.binary(max_size=20), max_size=6))
def test_any_folder_is_kept_under_the_digest_that_folders_have(
    tmp_path_factory: pytest.TempPathFactory, files: dict[tuple[str, ...], bytes]
) -> None:
    root = tmp_path_factory.mktemp("folder")
    folder, store = root / "made", EvidenceStore(root / "evidence")
    folder.mkdir()
    for parts, content in files.items():
        path = folder.joinpath(*(f"{part}.d" for part in parts[:-1]), parts[-1])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    digest = store.put_folder(folder)
    assert digest == digest_folder(folder)
    store.lay_folder(digest, root / "laid")
    assert digest_folder(root / "laid") == digest
    assert {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()} == {
        path.relative_to(root / "laid") for path in (root / "laid").rglob("*") if path.is_file()
    }


def test_a_folder_names_what_it_holds(store: EvidenceStore, tmp_path: Path) -> None:
    digest = store.put_folder(build_folder(tmp_path / "model"))
    assert store.list_folder(digest) == (
        Entry("deep/er/empty", digest_bytes(b"")),
        Entry("deep/weights", digest_bytes(bytes(range(256)) * 9000)),
        Entry("model.json", digest_bytes(b"{}")),
    )


def test_laying_a_folder_replaces_what_is_there_and_leaves_nothing_beside_it(store: EvidenceStore, tmp_path: Path) -> None:
    digest = store.put_folder(build_folder(tmp_path / "model"))
    laid = tmp_path / "laid"
    laid.mkdir()
    (laid / "older").write_text("of another model")
    store.lay_folder(digest, laid)
    assert digest_folder(laid) == digest
    assert sorted(path.name for path in tmp_path.iterdir()) == ["evidence", "laid", "model"]


def test_a_folder_that_lies_there_already_is_not_touched(store: EvidenceStore, tmp_path: Path) -> None:
    folder = build_folder(tmp_path / "model")
    digest, before = store.put_folder(folder), (folder / "model.json").stat()
    store.lay_folder(digest, folder)
    after = (folder / "model.json").stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_a_folder_with_an_altered_file_is_not_laid_and_what_was_there_stays(store: EvidenceStore, tmp_path: Path) -> None:
    digest = store.put_folder(build_folder(tmp_path / "model"))
    alter(store, store.list_folder(digest)[1].digest)
    laid = tmp_path / "laid"
    laid.mkdir()
    (laid / "champion").write_text("serves")
    with pytest.raises(LedgerError, match="altered"):
        store.lay_folder(digest, laid)
    assert [path.name for path in laid.iterdir()] == ["champion"]


def test_refuses_what_was_altered_and_what_is_missing(store: EvidenceStore) -> None:
    digest = store.put(b"a verdict")
    alter(store, digest)
    assert store.find_problem(digest) == "altered"
    with pytest.raises(LedgerError, match=f"{digest[:12]} is altered"):
        store.get(digest)
    store.erase(digest)
    assert (store.find_problem(digest), store.has(digest)) == ("missing", False)
    with pytest.raises(LedgerError, match=f"{digest[:12]} is missing"):
        store.get(digest)


@pytest.mark.parametrize("size", [1, 2, 700, (1 << 20) + 1])
def test_any_flipped_byte_is_noticed(store: EvidenceStore, tmp_path: Path, size: int) -> None:
    digest = store.put(bytes(size))
    for position in {0, size // 2, size - 1}:
        path = place_of(store, digest)
        content = bytearray(size)
        content[position] ^= 1
        path.chmod(0o644)
        path.write_bytes(bytes(content))
        with pytest.raises(LedgerError, match="altered"):
            store.lay_file(digest, tmp_path / "laid")


def test_putting_it_again_mends_what_was_altered(store: EvidenceStore, tmp_path: Path) -> None:
    digest = store.put(b"a verdict")
    alter(store, digest)
    assert store.put(b"a verdict") == digest
    assert store.get(digest) == b"a verdict"
    alter(store, digest)
    (tmp_path / "verdict.json").write_bytes(b"a verdict")
    store.put_file(tmp_path / "verdict.json")
    assert store.get(digest) == b"a verdict"


def test_erasing_twice_is_erasing_once_and_erases_nothing_else(store: EvidenceStore) -> None:
    kept, gone = store.put(b"kept"), store.put(b"gone")
    store.erase(gone)
    store.erase(gone)
    assert (store.has(kept), store.has(gone)) == (True, False)


def test_nobody_writes_to_evidence_by_accident(store: EvidenceStore) -> None:
    assert stat.S_IMODE(place_of(store, store.put(b"a verdict")).stat().st_mode) == 0o444


def test_a_crash_in_mid_copy_leaves_no_evidence(store: EvidenceStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "weights"
    path.write_bytes(b"weights")

    def break_down(_: int) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", break_down)
        with pytest.raises(OSError, match="no space"):
            store.put_file(path)
    assert not store.has(digest_bytes(b"weights"))
    assert list(store.root.glob(".*")) == []
    assert store.get(store.put_file(path)) == b"weights"


@pytest.mark.parametrize("name", ["", "../../keys/ledger.pem", "A" * 64, "a" * 63, "a" * 65, "a" * 64 + "\n"])
def test_refuses_a_name_that_is_no_digest(store: EvidenceStore, name: str) -> None:
    for ask in (store.get, store.has, store.erase, store.find_problem):
        with pytest.raises(LedgerError, match="is no digest"):
            ask(Digest(name))


@pytest.mark.parametrize(
    "content", [b"a verdict", b"{}", b"3", b'["x"]', b'[["../out", "x"]]', b'[["/etc/out", "x"]]', b'[["", "x"]]']
)
def test_refuses_to_lay_a_file_or_a_forged_list_as_a_folder(store: EvidenceStore, tmp_path: Path, content: bytes) -> None:
    digest = store.put(content)
    with pytest.raises(LedgerError, match="no folder"):
        store.lay_folder(digest, tmp_path / "laid")
    assert not (tmp_path / "laid").exists()


def test_refuses_to_keep_a_folder_that_is_not_there(store: EvidenceStore, tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="is no folder"):
        store.put_folder(tmp_path / "nowhere")


def test_the_same_evidence_put_by_many_at_once_is_kept_once(store: EvidenceStore) -> None:
    content = bytes(range(256)) * 5000
    threads = [threading.Thread(target=store.put, args=(content,)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert store.get(digest_bytes(content)) == content
    assert len([path for path in store.root.rglob("*") if path.is_file()]) == 1


def test_an_empty_folder_is_evidence_too(store: EvidenceStore, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    digest = store.put_folder(tmp_path / "empty")
    assert digest == digest_value([])
    store.lay_folder(digest, tmp_path / "laid")
    assert list((tmp_path / "laid").iterdir()) == []
