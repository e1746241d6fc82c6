"""Every place where a copy may lie is searched, and only what can be made again is removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from flows.places import Place
from flows.remotes import open_remotes
from flows.shelves import FolderShelf, RemoteShelf, list_shelves
from flows.worktrees import run_git
from pipelines.domain.identities import Digest
from pipelines.erase.searching import Wanted
from pipelines.erase.traces import find_traces
from tests.builders.places import DOMAIN

TEXT = "The patient of ward seven, who was seen twice in March, had an unusual reaction to the tablets of lot 4711."
WANTED = Wanted(find_traces([TEXT], []), frozenset({Digest("a" * 64)}))

REMADE = (
    "checkpoints/x/state.json",
    "dossiers/clinical/1.html",
    "dvc/cache/files/md5/ab/cd",
    "encoded/x.arrow",
    "mlflow/artifacts/clinical/run/examples.json",
    "pages/index.html",
    "replays/clinical/2/data/snapshot.txt",
    "signatures/clinical/x.arrow",
    "runs/clinical/abc/data/clinical/curated/documents.parquet",
)
KEPT = ("drops/clinical/d/responses/00001.txt", "quarantine/clinical/d.parquet", "prefect/prefect.db", "ledger.note")


def plant(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"before {TEXT} after")


def find_all(place: Place) -> dict[str, bool]:
    """What is found below the home, and whether it goes when it is removed."""
    found = [(shelf, name) for shelf in list_shelves(place, [DOMAIN]) for name in shelf.find(WANTED)]
    return {str(Path(name).relative_to(place.home.root)): shelf.remove(name) for shelf, name in found}


def test_what_is_made_from_others_goes_and_what_is_not_is_told(place: Place) -> None:
    plant(place.home.root, *REMADE, *KEPT)
    assert find_all(place) == {**dict.fromkeys(REMADE, True), **dict.fromkeys(KEPT, False)}
    assert [name for name in REMADE if (place.home.root / name).exists()] == []
    assert [name for name in KEPT if not (place.home.root / name).exists()] == []


def test_each_file_is_found_on_one_shelf(place: Place) -> None:
    plant(place.home.root, *REMADE, *KEPT)
    found = [name for shelf in list_shelves(place, [DOMAIN]) for name in shelf.find(WANTED)]
    assert len(found) == len(set(found))


def test_evidence_goes_by_its_digest(place: Place) -> None:
    digest = place.evidence.put(TEXT.encode())
    other = place.evidence.put(b"something else")
    (shelf,) = [shelf for shelf in list_shelves(place, [DOMAIN]) if shelf.title == "evidence"]
    assert list(shelf.find(WANTED)) == [digest]
    for _ in range(2):
        assert shelf.remove(digest)
    assert (place.evidence.has(digest), place.evidence.has(other)) == (False, True)


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    plant(tmp_path / "elsewhere", "file.txt")
    (tmp_path / "shelf").mkdir()
    (tmp_path / "shelf" / "link").symlink_to(tmp_path / "elsewhere")
    assert list(FolderShelf("a shelf", tmp_path / "shelf", is_remade=True).find(WANTED)) == []


def test_a_folder_that_is_not_there_holds_nothing(tmp_path: Path) -> None:
    assert list(FolderShelf("a shelf", tmp_path / "none", is_remade=True).find(WANTED)) == []


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with a DVC remote in a folder."""
    root = tmp_path / "checkout"
    (root / ".dvc").mkdir(parents=True)
    (root / ".dvc" / "config").write_text(f"[core]\n    remote = store\n['remote \"store\"']\n    url = {tmp_path / 'remote'}\n")
    run_git(root, "init", "--quiet")
    return root


def test_a_remote_is_searched_and_cleared_object_by_object(checkout: Path, tmp_path: Path) -> None:
    (remote,) = open_remotes(checkout, tmp_path / "site")
    shelf = RemoteShelf(remote)
    assert (shelf.title, list(shelf.find(WANTED))) == ("DVC remote store", [])
    plant(tmp_path / "remote", "files/md5/ab/cdef", "files/md5/ab/0123")
    (tmp_path / "remote" / "files" / "md5" / "ab" / "0123").write_text("something else")
    (found,) = shelf.find(WANTED)
    for _ in range(2):
        assert shelf.remove(found)
    assert list(shelf.find(WANTED)) == []
    assert (tmp_path / "remote" / "files" / "md5" / "ab" / "0123").is_file()


def test_a_checkout_without_dvc_has_no_remote(tmp_path: Path) -> None:
    assert open_remotes(tmp_path, tmp_path / "site") == []
