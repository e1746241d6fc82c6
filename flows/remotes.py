"""The DVC remotes of a workspace, object by object: what DVC itself offers no command for is to remove one of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Remote:
    """One remote: its name in ``.dvc/config``, DVC's file system for it and where its objects begin."""

    name: str
    files: Any  # DVC ships no types
    root: str

    def list_objects(self) -> Iterator[str]:
        """Yield the path of each object, in order; none where nothing was ever pushed."""
        if self.files.exists(self.root):
            yield from sorted(self.files.find(self.root))

    def read(self, path: str) -> bytes:
        """Return an object's content."""
        with self.files.open(path, "rb") as stream:
            content: bytes = stream.read()
            return content

    def remove(self, path: str) -> None:
        """Remove an object, once or again."""
        if self.files.exists(path):
            self.files.remove(path)


def open_remotes(root: Path, site: Path) -> list[Remote]:
    """Return every remote that the checkout at ``root`` names, in order; none where it has no DVC.

    DVC may note things in ``site``: its default is one folder for all users of a machine, writable by any of them.
    """
    from dvc.exceptions import NotDvcRepoError
    from dvc.repo import Repo

    try:
        repo = Repo(str(root), config={"core": {"site_cache_dir": str(site)}})
    except NotDvcRepoError:
        return []
    with repo:
        names = sorted(repo.config["remote"])
        stores = [(name, repo.cloud.get_remote_odb(name)) for name in names]
        return [Remote(name, odb.fs, odb.path) for name, odb in stores]
